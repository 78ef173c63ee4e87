//! Where queues go, and what becomes of them when a pool fails.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use support::{Kind, Opener, Site, flavor, move_to, moves};
use zaqar_model::{
    Clock, Destination, DestinationKind, Metadata, PageRequest, Pool, PoolName, PoolWeight, ProjectId,
    QueueName, StoredMessage, Subscription, SubscriptionTtl, Timestamp,
};
use zaqar_storage::{
    Claims, DeadLetters, Deletion, Guard, ListStart, ManagementStore, MessagePage, MessageQuery,
    MessageStore, Messages, OpenFault, Placement, StorageError, Subscriptions,
};
use zaqar_storage_conformance::samples::{claim_with_max_count, fresh_subscription_id, messages, poster};
use zaqar_storage_conformance::{PopMessages, PostMessages, ReferenceStore, RegisterPools};
use zaqar_storage_faulty::{Fault, FlakyStore};
use zaqar_storage_pooled::PooledMessageStore;

async fn queue(management: &Arc<dyn ManagementStore>, name: &str) -> Destination {
    let (project, name) = (ProjectId::new("p").unwrap(), QueueName::new(name).unwrap());
    let created = management.create(DestinationKind::Queue, &project, &name, Metadata::default()).await;
    created.unwrap().into_queue().destination.clone()
}

/// A site with a pool of each of these flavors, named as they are, and one without.
async fn site_with(flavors: &[&str]) -> (Site, Arc<dyn ManagementStore>, PooledMessageStore) {
    let site = Site::new();
    let management = site.management();
    management.register_pool(site.pool("plain", None)).await;
    for name in flavors {
        management.register_pool(site.pool(name, Some(name))).await;
    }
    let store = site.open(&management);
    (site, management, store)
}

fn all() -> MessageQuery {
    MessageQuery { limit: 100_000, max_bytes: usize::MAX, ..MessageQuery::place_of(ListStart::Start) }
}

async fn pool_of(management: &Arc<dyn ManagementStore>, queue: &Destination) -> Option<String> {
    management.registry().pool_of(queue.number).await.unwrap().map(|name| name.to_string())
}

#[tokio::test]
async fn a_queue_is_mapped_by_its_first_message_to_a_pool_without_a_flavor() {
    let (site, management, store) = site_with(&["fast"]).await;
    let queue = queue(&management, "q").await;
    assert_eq!(store.list(&queue, &all(), site.clock.now()).await.unwrap().items, vec![]);
    assert_eq!(pool_of(&management, &queue).await, None, "reading maps nothing");
    store.post_messages(&queue, &poster(), messages(1), site.clock.now()).await.unwrap();
    assert_eq!(pool_of(&management, &queue).await.as_deref(), Some("plain"));
}

#[tokio::test]
async fn a_queue_is_placed_in_a_pool_of_its_flavor_and_stays_there() {
    let (_site, management, store) = site_with(&["fast", "slow"]).await;
    let queue = queue(&management, "q").await;
    store.place(&queue, Some(&flavor("fast"))).await.unwrap();
    store.place(&queue, Some(&flavor("fast"))).await.unwrap();
    assert_eq!(pool_of(&management, &queue).await.as_deref(), Some("fast"));
    assert_eq!(moves(&management).await, vec![], "a new queue need not move");
    let refused = store.place(&queue, Some(&flavor("unheard"))).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
}

#[tokio::test]
async fn a_queue_that_was_deleted_is_not_mapped_again() {
    let (site, management, store) = site_with(&[]).await;
    let queue = queue(&management, "q").await;
    management.delete(queue.kind, &queue.project, &queue.name).await.unwrap();
    store.drop_destination(&queue, site.clock.now()).await.unwrap();
    store.place(&queue, None).await.unwrap();
    let late = store.post_messages(&queue, &poster(), messages(1), site.clock.now()).await;
    assert!(matches!(late, Err(StorageError::NotFound(_))), "{late:?}");
    assert_eq!(pool_of(&management, &queue).await, None);
}

#[tokio::test]
async fn without_a_pool_nothing_is_taken() {
    let site = Site::new();
    let management = site.management();
    management.register_pool(Pool { weight: PoolWeight(0), ..site.pool("idle", None) }).await;
    let store = site.open(&management);
    let queue = queue(&management, "q").await;
    let refused = store.post_messages(&queue, &poster(), messages(1), site.clock.now()).await;
    assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn the_virtual_pool_takes_queues_until_there_is_another_and_they_move_out_of_it() {
    let site = Site::new();
    let (management, own) = (site.management(), Arc::new(ReferenceStore::new()));
    let store = site.open_with(&management, Some(own.clone()));
    let (queue, now) = (queue(&management, "q").await, site.clock.now());
    store.place(&queue, None).await.unwrap();
    let posted = store.post_messages(&queue, &poster(), messages(2), now).await.unwrap();
    assert_eq!(pool_of(&management, &queue).await, None);
    assert_eq!(own.stats(&queue, now).await.unwrap().total(), 2);

    management.register_pool(site.pool("fast", Some("fast"))).await;
    move_to(&store, &queue, "fast").await;
    assert!(matches!(own.stats(&queue, now).await, Err(StorageError::Moved)));
    assert_eq!(store.get(&queue, &posted, now).await.unwrap().len(), 2);
    store.place(&queue, None).await.unwrap();
    store.moves_are_over().await;
    assert_eq!(pool_of(&management, &queue).await, None);
    assert_eq!(own.stats(&queue, now).await.unwrap().total(), 2);
}

#[tokio::test]
async fn a_deep_queue_moves_with_its_subscriptions_and_leaves_nothing_behind() {
    let (site, management, store) = site_with(&["fast", "slow"]).await;
    let (queue, now) = (queue(&management, "q").await, site.clock.now());
    store.place(&queue, Some(&flavor("fast"))).await.unwrap();
    let mut posted = Vec::new();
    for _ in 0..30 {
        posted.extend(store.post_messages(&queue, &poster(), messages(100), now).await.unwrap());
    }
    let subscription = Subscription {
        id: fresh_subscription_id(),
        source: queue.clone(),
        subscriber: "mailto:a@example.org".to_owned(),
        ttl: SubscriptionTtl::new(3600),
        renewed: now,
        options: Metadata::default(),
        confirmed: true,
        declined: false,
        notified: true,
        suspended: None,
    };
    store.subscribe(subscription.clone(), now).await.unwrap();
    let first = MessageQuery { limit: 10, ..all() };
    let marker = store.list(&queue, &first, now).await.unwrap().reached;

    move_to(&store, &queue, "slow").await;
    assert_eq!(pool_of(&management, &queue).await.as_deref(), Some("slow"));
    let listed = store.list(&queue, &all(), now).await.unwrap().items;
    assert_eq!(listed.iter().map(|listed| listed.message.id).collect::<Vec<_>>(), posted);
    let rest = MessageQuery { start: ListStart::Behind(marker), limit: 1, ..all() };
    assert_eq!(store.list(&queue, &rest, now).await.unwrap().items[0].message.id, posted[10]);
    let kept = store.get_subscription(&queue, subscription.id, now).await.unwrap();
    assert_eq!(kept, Some(subscription));
    assert_eq!(moves(&management).await, vec![]);
    // The former pool is free: nothing of the queue holds it.
    management.registry().delete_pool(&PoolName::new("fast").unwrap()).await.unwrap();
    assert_eq!(store.health(now).await.unwrap().volume.unwrap().free, 3000);
}

#[tokio::test]
async fn a_plan_that_changes_on_the_way_is_followed() {
    let (site, management, store) = site_with(&["fast", "slow"]).await;
    let (queue, now) = (queue(&management, "q").await, site.clock.now());
    let mut posted = Vec::new();
    for _ in 0..10 {
        posted.extend(store.post_messages(&queue, &poster(), messages(100), now).await.unwrap());
    }
    for name in ["fast", "slow", "fast", "slow"] {
        store.place(&queue, Some(&flavor(name))).await.unwrap();
    }
    store.moves_are_over().await;
    assert_eq!(pool_of(&management, &queue).await.as_deref(), Some("slow"));
    let listed = store.list(&queue, &all(), now).await.unwrap().items;
    assert_eq!(listed.iter().map(|listed| listed.message.id).collect::<Vec<_>>(), posted);
}

/// Broken off after any number of steps, and taken up again by the next run: the queue is whole at each moment.
#[tokio::test]
async fn a_move_that_is_broken_off_is_taken_up_again() {
    for steps in 0..12 {
        let (site, management, store) = site_with(&["fast"]).await;
        let (queue, now) = (queue(&management, "q").await, site.clock.now());
        let mut posted = Vec::new();
        for _ in 0..10 {
            posted.extend(store.post_messages(&queue, &poster(), messages(100), now).await.unwrap());
        }
        store.place(&queue, Some(&flavor("fast"))).await.unwrap();
        for _ in 0..steps {
            // Each is a chance for the mover to go on.
            store.delete(&queue, &[posted.pop().unwrap()], Guard::Unclaimed, now).await.unwrap();
        }
        store.close().await.unwrap();
        drop(store);

        let store = site.open(&management);
        let ids =
            |listed: MessagePage| listed.items.into_iter().map(|own| own.message.id).collect::<Vec<_>>();
        assert_eq!(ids(store.list(&queue, &all(), now).await.unwrap()), posted, "{steps} steps");
        store.expire(now).await.unwrap();
        store.moves_are_over().await;
        assert_eq!(pool_of(&management, &queue).await.as_deref(), Some("fast"));
        assert_eq!(ids(store.list(&queue, &all(), now).await.unwrap()), posted, "{steps} steps");
        assert_eq!(store.health(now).await.unwrap().volume.unwrap().free, posted.len() as u64);
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_pool_that_fails_fails_its_own_queues_only() {
    let (site, management, store) = site_with(&[]).await;
    let broken = Pool { uri: "faulty:".to_owned(), ..site.pool("broken", Some("broken")) };
    let unopened = Pool { uri: "embedded:///proc/zaqar".to_owned(), ..site.pool("gone", Some("gone")) };
    for pool in [broken, unopened] {
        management.register_pool(pool).await;
    }
    let now = site.clock.now();
    let good = queue(&management, "good").await;
    let posted = store.post_messages(&good, &poster(), messages(1), now).await.unwrap();
    for name in ["broken", "gone"] {
        let bad = queue(&management, name).await;
        store.place(&bad, Some(&flavor(name))).await.unwrap();
        store.post_messages(&bad, &poster(), messages(1), now).await.unwrap_err();
    }
    store.expire(now).await.unwrap_err();
    assert_eq!(store.delete(&good, &posted[..1], Guard::Unclaimed, now).await.unwrap(), Deletion::Done);
    assert!(!store.is_alive().await);
    let health = store.health_of_pools(now).await.unwrap();
    let reachable = health.iter().map(|(name, health)| (name.to_string(), health.reachable));
    assert_eq!(
        reachable.collect::<BTreeSet<_>>(),
        [("plain".to_owned(), true), ("broken".to_owned(), false), ("gone".to_owned(), false)].into()
    );
}

#[tokio::test]
async fn a_move_to_a_pool_that_fails_leaves_the_queue_in_use_where_it_is() {
    let (site, management, store) = site_with(&[]).await;
    let broken = Pool { uri: "faulty:".to_owned(), ..site.pool("broken", Some("broken")) };
    management.register_pool(broken.clone()).await;
    let (queue, now) = (queue(&management, "q").await, site.clock.now());
    store.post_messages(&queue, &poster(), messages(1), now).await.unwrap();
    move_to(&store, &queue, "broken").await;
    store.post_messages(&queue, &poster(), messages(1), now).await.unwrap();
    assert_eq!(pool_of(&management, &queue).await.as_deref(), Some("plain"));
    // The pool is mended, and the move goes on.
    let mended = site.pool("broken", Some("broken"));
    management.register_pool(mended).await;
    store.forget_pool(&broken.name).await;
    store.expire(now).await.unwrap();
    store.moves_are_over().await;
    assert_eq!(pool_of(&management, &queue).await.as_deref(), Some("broken"));
    assert_eq!(store.stats(&queue, now).await.unwrap().total(), 2);
}

#[tokio::test]
async fn a_store_is_opened_once_however_many_ask_for_it() {
    let (site, management, store) = site_with(&[]).await;
    let store = Arc::new(store);
    let now = site.clock.now();
    let mut posting = Vec::new();
    for at in 0..16 {
        let (queue, store) = (queue(&management, &format!("q{at}")).await, Arc::clone(&store));
        posting.push(tokio::spawn(
            async move { store.post_messages(&queue, &poster(), messages(1), now).await },
        ));
    }
    for post in posting {
        // A second opening would find the directory in use.
        post.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_pool_is_tried_before_it_is_registered_and_is_not_kept_open() {
    let (site, management, store) = site_with(&[]).await;
    let new = site.pool("new", None);
    assert!(store.try_pool(&new).await.unwrap().durability);
    store.try_pool(&new).await.unwrap();
    for (uri, is_bad) in [("unheard://x", true), ("faulty:", false)] {
        let fault = store.try_pool(&Pool { uri: uri.to_owned(), ..new.clone() }).await.unwrap_err();
        assert_eq!(matches!(fault, OpenFault::BadUri(_)), is_bad, "{fault:?}");
    }
    assert_eq!(store.capabilities_of("unheard://x"), None);
    // What is registered and open already answers for itself.
    let (queue, plain) = (queue(&management, "q").await, site.pool("plain", None));
    store.post_messages(&queue, &poster(), messages(1), site.clock.now()).await.unwrap();
    store.try_pool(&plain).await.unwrap();
    let twin = Pool { name: PoolName::new("twin").unwrap(), ..plain.clone() };
    let fault = store.try_pool(&twin).await.unwrap_err();
    assert!(matches!(fault, OpenFault::InUse(_)), "{fault:?}");
    store.forget_pool(&plain.name).await;
    store.post_messages(&queue, &poster(), messages(1), site.clock.now()).await.unwrap();
}

/// Posts messages and has them claimed too often.
async fn exhausted(
    store: &PooledMessageStore,
    queue: &Destination,
    count: usize,
    now: Timestamp,
) -> Vec<StoredMessage> {
    let posted = store.post_messages(queue, &poster(), messages(count), now).await.unwrap();
    let claim = claim_with_max_count(count, 1);
    store.claim(queue, &claim, now).await.unwrap();
    store.release(queue, claim.id, now).await.unwrap();
    let claimed = store.claim(queue, &claim_with_max_count(count, 1), now).await.unwrap();
    assert_eq!(claimed.dead_letters, posted);
    store.dead_letters(queue, count, now).await.unwrap()
}

#[tokio::test]
async fn dead_letters_go_to_another_pool() {
    let (site, management, store) = site_with(&["fast"]).await;
    let (from, to, now) = (queue(&management, "q").await, queue(&management, "dlq").await, site.clock.now());
    store.place(&to, Some(&flavor("fast"))).await.unwrap();
    let stored = exhausted(&store, &from, 2, now).await;
    let posted: Vec<_> = stored.iter().map(|stored| stored.message.id).collect();
    assert_eq!(
        store.with_dead_letters(&PageRequest { marker: None, limit: 10 }).await.unwrap().items,
        std::slice::from_ref(&from)
    );
    for _ in 0..2 {
        store.move_dead_letters(&from, &to, &stored, now).await.unwrap();
        assert_eq!(store.dead_letters(&from, 10, now).await.unwrap(), vec![]);
        assert_eq!(store.get(&to, &posted, now).await.unwrap().len(), 2);
    }
    // A second attempt does not bring back what was consumed.
    store.pop_messages(&to, 2, now).await.unwrap();
    store.move_dead_letters(&from, &to, &stored, now).await.unwrap();
    assert_eq!(store.stats(&to, now).await.unwrap().total(), 0);
}

#[tokio::test]
async fn a_dead_letter_that_was_consumed_does_not_come_back_when_its_move_failed_halfway() {
    let site = Site::new();
    let management = site.management();
    let source = Arc::new(FlakyStore::over(Arc::new(ReferenceStore::new())));
    management.register_pool(Pool { uri: "faltering:".to_owned(), ..site.pool("plain", None) }).await;
    management.register_pool(site.pool("fast", Some("fast"))).await;
    let store = site.open_also(&management, None, Some(Opener { store: Kind::Faltering(source.clone()) }));
    let (from, to, now) = (queue(&management, "q").await, queue(&management, "dlq").await, site.clock.now());
    store.place(&to, Some(&flavor("fast"))).await.unwrap();
    let stored = exhausted(&store, &from, 2, now).await;

    source.fail_at("discard_dead_letters", Fault::NotDone);
    store.move_dead_letters(&from, &to, &stored[..1], now).await.unwrap_err();
    store.pop_messages(&to, 1, now).await.unwrap();
    // Those that have come since arrive all the same.
    store.move_dead_letters(&from, &to, &stored, now).await.unwrap_err();
    source.recover();
    store.move_dead_letters(&from, &to, &stored, now).await.unwrap();
    let left = store.list(&to, &all(), now).await.unwrap().items;
    assert_eq!(left.iter().map(|listed| listed.message.id).collect::<Vec<_>>(), [stored[1].message.id]);
    assert_eq!(store.dead_letters(&from, 10, now).await.unwrap(), vec![]);
}
