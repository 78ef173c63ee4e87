//! Moves that several servers could carry out: one alone does.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use support::{Site, moves};
use zaqar_model::{
    Clock, Destination, DestinationKind, Metadata, Pool, PoolName, ProjectId, QueueMove, QueueName, ServerId,
};
use zaqar_storage::{ManagementStore, MessageStore, Messages, TakenMove};
use zaqar_storage_conformance::samples::{messages, poster};
use zaqar_storage_conformance::{PostMessages, RegisterPools};
use zaqar_storage_pooled::PooledMessageStore;

const OTHER: ServerId = ServerId::from_u128(77);

/// A queue with messages in the pool `one`, and a move to the pool `two` that is noted.
struct Noted {
    site: Site,
    management: Arc<dyn ManagementStore>,
    store: PooledMessageStore,
    noted: QueueMove,
}

impl Noted {
    async fn new(two: impl Fn(Pool) -> Pool) -> Self {
        let site = Site::new();
        let management = site.management();
        management.register_pool(site.pool("one", None)).await;
        let store = site.open(&management);
        let (project, name) = (ProjectId::new("p").unwrap(), QueueName::new("q").unwrap());
        let created = management.create(DestinationKind::Queue, &project, &name, Metadata::default()).await;
        let queue = created.unwrap().into_queue().destination.clone();
        store.post_messages(&queue, &poster(), messages(5), site.clock.now()).await.unwrap();
        management.register_pool(two(site.pool("two", None))).await;
        let pools = ["one", "two"].map(|name| PoolName::new(name).unwrap()).to_vec();
        let noted = QueueMove { queue, to: Some(pools[1].clone()), pools, attempt: None };
        management.registry().put_move(&noted, None).await.unwrap();
        Self { site, management, store, noted }
    }

    fn queue(&self) -> &Destination {
        &self.noted.queue
    }

    async fn take(&self, seconds: u64) -> TakenMove {
        let now = self.site.clock.now();
        let until = now.plus_secs(seconds);
        self.management.registry().take_move(self.queue().number, OTHER, until, now).await.unwrap()
    }

    /// As every server does it once a second.
    async fn look_for_moves(&self) {
        self.store.expire(self.site.clock.now()).await.unwrap();
        self.store.moves_are_over().await;
    }

    async fn pool(&self) -> String {
        self.management.registry().pool_of(self.queue().number).await.unwrap().unwrap().to_string()
    }
}

#[tokio::test]
async fn a_move_is_left_to_the_server_that_has_it_until_its_time_is_over() {
    let site = Noted::new(|pool| pool).await;
    assert_eq!(site.take(10).await, TakenMove::Taken(site.noted.clone()));
    site.look_for_moves().await;
    assert_eq!((site.pool().await.as_str(), moves(&site.management).await.len()), ("one", 1));
    site.site.clock.advance_secs(10);
    site.look_for_moves().await;
    assert_eq!((site.pool().await.as_str(), moves(&site.management).await.len()), ("two", 0));
    let stats = site.store.stats(site.queue(), site.site.clock.now()).await.unwrap();
    assert_eq!(stats.total(), 5);
}

#[tokio::test]
async fn a_move_that_has_failed_here_is_free_for_another_server_at_once() {
    let site = Noted::new(|pool| Pool { uri: "nothing:".to_owned(), ..pool }).await;
    // The pool that cannot be opened fails the call as a whole.
    let _ = site.store.expire(site.site.clock.now()).await;
    site.store.moves_are_over().await;
    assert_eq!(site.pool().await, "one");
    let taken = site.take(10).await;
    assert!(matches!(&taken, TakenMove::Taken(noted) if noted.to == site.noted.to), "{taken:?}");
}
