//! Pools that are about to be removed.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use support::Site;
use zaqar_model::{
    Clock, Destination, DestinationKind, Marker, Metadata, NewMessage, Pool, PoolName, ProjectId, QueueName,
    Subscription, SubscriptionTtl,
};
use zaqar_storage::{
    Claims, Guard, ListStart, ManagementStore, MessageQuery, MessageStore, Messages, Placement, StorageError,
    Subscriptions,
};
use zaqar_storage_conformance::samples::{
    claim_of, claim_with_max_count, delayed, fresh_subscription_id, lasting, messages, poster,
};
use zaqar_storage_conformance::{PopMessages, PostMessages, ReferenceStore, RegisterPools};
use zaqar_storage_pooled::PooledMessageStore;

/// A site with these pools, and a queue in the first of them.
struct Vacated {
    site: Site,
    management: Arc<dyn ManagementStore>,
    store: PooledMessageStore,
    queue: Destination,
    pool: Pool,
}

impl Vacated {
    async fn new(pools: &[(&str, Option<&str>)], virtual_pool: Option<Arc<dyn MessageStore>>) -> Self {
        let site = Site::new();
        let management = site.management();
        for (name, flavor) in pools {
            management.register_pool(site.pool(name, *flavor)).await;
        }
        let pool = site.pool(pools[0].0, pools[0].1);
        let store = site.open_with(&management, virtual_pool);
        let (project, name) = (ProjectId::new("p").unwrap(), QueueName::new("q").unwrap());
        let created = management.create(DestinationKind::Queue, &project, &name, Metadata::default()).await;
        let queue = created.unwrap().into_queue().destination.clone();
        management.registry().assign(queue.number, None, Some(&pool.name)).await.unwrap();
        Self { site, management, store, queue, pool }
    }

    async fn post(&self, messages: Vec<NewMessage>) -> Vec<zaqar_model::MessageId> {
        self.store.post_messages(&self.queue, &poster(), messages, self.site.clock.now()).await.unwrap()
    }

    async fn count(&self) -> u64 {
        self.store.stats(&self.queue, self.site.clock.now()).await.unwrap().total()
    }

    /// As the domain does.
    async fn delete_pool(&self) -> Result<(), StorageError> {
        self.store.vacate(&self.pool).await?;
        self.management.registry().delete_pool(&self.pool.name).await?;
        self.store.forget_pool(&self.pool.name).await;
        Ok(())
    }

    async fn is_kept(&self) -> bool {
        match self.delete_pool().await {
            Err(StorageError::Conflict(_)) => true,
            outcome => {
                outcome.unwrap();
                false
            }
        }
    }

    async fn home(&self) -> Option<PoolName> {
        self.management.registry().pool_of(self.queue.number).await.unwrap()
    }

    /// The last position that was given out.
    async fn end(&self) -> Marker {
        let end = MessageQuery::place_of(ListStart::End);
        self.store.list(&self.queue, &end, self.site.clock.now()).await.unwrap().reached
    }

    /// Posts and lists behind a marker from before.
    async fn goes_on_behind(&self, marker: Marker) {
        let posted = self.post(messages(2)).await;
        let start = ListStart::Behind(marker);
        let query = MessageQuery { limit: 10, max_bytes: usize::MAX, ..MessageQuery::place_of(start) };
        let listed = self.store.list(&self.queue, &query, self.site.clock.now()).await.unwrap().items;
        assert_eq!(listed.iter().map(|listed| listed.message.id).collect::<Vec<_>>(), posted);
    }
}

#[tokio::test]
async fn a_pool_whose_queues_hold_nothing_is_removed_and_they_go_on_in_another() {
    let site = Vacated::new(&[("one", None), ("two", None)], None).await;
    let posted = site.post(messages(6)).await;
    let last = site.end().await;
    site.store.delete(&site.queue, &posted, Guard::Any, site.site.clock.now()).await.unwrap();
    assert!(!site.is_kept().await);
    assert_eq!(site.home().await, Some(PoolName::new("two").unwrap()));
    site.goes_on_behind(last).await;
}

#[tokio::test]
async fn without_another_pool_they_go_on_in_the_next_that_there_is() {
    let site = Vacated::new(&[("one", None)], None).await;
    site.post(vec![lasting(60); 6]).await;
    let last = site.end().await;
    site.site.clock.advance_secs(60);
    assert!(!site.is_kept().await);
    assert_eq!((site.home().await, site.count().await), (None, 0));
    // The same place again: what was dropped there comes back into use.
    site.management.register_pool(site.pool.clone()).await;
    site.goes_on_behind(last).await;
    assert_eq!(site.home().await, Some(site.pool.name.clone()));
}

#[tokio::test]
async fn where_there_is_a_virtual_pool_they_go_there() {
    let own: Arc<dyn MessageStore> = Arc::new(ReferenceStore::new());
    let site = Vacated::new(&[("one", None)], Some(Arc::clone(&own))).await;
    let posted = site.post(messages(3)).await;
    let last = site.end().await;
    site.store.delete(&site.queue, &posted, Guard::Any, site.site.clock.now()).await.unwrap();
    assert!(!site.is_kept().await);
    site.goes_on_behind(last).await;
    assert_eq!(own.stats(&site.queue, site.site.clock.now()).await.unwrap().total(), 2);
}

#[tokio::test]
async fn queues_of_a_flavor_stay_in_it() {
    let pools = [("one", Some("fast")), ("plain", None), ("two", Some("fast"))];
    let site = Vacated::new(&pools, None).await;
    assert!(!site.is_kept().await);
    assert_eq!(site.home().await, Some(PoolName::new("two").unwrap()));
}

#[tokio::test]
async fn whatever_a_queue_holds_keeps_its_pool() {
    for case in 0..6 {
        let site = Vacated::new(&[("one", None), ("two", None)], None).await;
        let (store, queue, now) = (&site.store, &site.queue, site.site.clock.now());
        let subscription = Subscription {
            id: fresh_subscription_id(),
            source: queue.clone(),
            subscriber: "http://trigger.me".to_owned(),
            ttl: SubscriptionTtl::new(60),
            renewed: now,
            options: Metadata::default(),
            confirmed: true,
            declined: false,
            notified: true,
            suspended: None,
        };
        match case {
            0 => drop(site.post(messages(1)).await),
            1 => drop(site.post(vec![delayed(30)]).await),
            2 => {
                site.post(messages(1)).await;
                store.claim(queue, &claim_of(1), now).await.unwrap();
            }
            3 => {
                site.post(messages(1)).await;
                let claim = claim_of(1);
                store.claim(queue, &claim, now).await.unwrap();
                store.release(queue, claim.id, now).await.unwrap();
                store.claim(queue, &claim_with_max_count(1, 1), now).await.unwrap();
                assert_eq!(site.count().await, 0, "it is set aside");
            }
            4 => store.subscribe(subscription, now).await.unwrap(),
            _ => {
                store.subscribe(subscription, now).await.unwrap();
                site.post(messages(1)).await;
                store.pop_messages(queue, 1, now).await.unwrap();
                assert_eq!(site.count().await, 0, "it stays for the subscriber");
            }
        }
        assert!(site.is_kept().await, "case {case}");
        assert_eq!(site.home().await, Some(site.pool.name.clone()), "case {case}");
        site.site.clock.advance_secs(3600);
        assert!(!site.is_kept().await, "case {case}: all is over");
    }
}

#[tokio::test]
async fn what_is_posted_meanwhile_is_in_the_pool_or_in_the_next() {
    let site = Arc::new(Vacated::new(&[("one", None), ("two", None)], None).await);
    let posting = tokio::spawn({
        let site = Arc::clone(&site);
        async move {
            for _ in 0..50 {
                site.post(messages(1)).await;
            }
        }
    });
    while !posting.is_finished() {
        site.store.vacate(&site.pool).await.unwrap();
        tokio::task::yield_now().await;
    }
    posting.await.unwrap();
    assert_eq!(site.count().await, 50);
}

#[tokio::test]
async fn whoever_follows_the_queue_is_woken_in_its_new_pool() {
    let site = Arc::new(Vacated::new(&[("one", None), ("two", None)], None).await);
    let waiting = tokio::spawn({
        let site = Arc::clone(&site);
        async move { site.store.wait_for_messages(&site.queue, Marker::default()).await }
    });
    assert!(!site.is_kept().await);
    site.post(messages(1)).await;
    waiting.await.unwrap().unwrap();
}
