//! A queue of a store, with the calls that these tests make.

use std::sync::Arc;

use zaqar_model::{Clock, Destination, DestinationKind, MessageId};
use zaqar_storage::{
    Deletion, Guard, ListStart, MessageQuery, MessageStore, Post, StorageError, StorageResult,
};
use zaqar_storage_conformance::ManualClock;
use zaqar_storage_conformance::samples::{fresh_batch_id, fresh_destination, messages, poster};

pub(crate) struct Queue {
    store: Arc<dyn MessageStore>,
    pub(crate) own: Destination,
    clock: ManualClock,
}

impl Queue {
    pub(crate) fn of(store: &Arc<dyn MessageStore>) -> Self {
        let own = fresh_destination(DestinationKind::Queue);
        Self { store: Arc::clone(store), own, clock: ManualClock::new() }
    }

    /// The same queue through another store.
    pub(crate) fn through(&self, store: &Arc<dyn MessageStore>) -> Self {
        Self { store: Arc::clone(store), own: self.own.clone(), clock: ManualClock::new() }
    }

    /// The same batch so often, until one of the posts says what became of it.
    pub(crate) async fn post_up_to(&self, times: usize, count: usize) -> StorageResult<Vec<MessageId>> {
        let (client, messages) = (poster(), messages(count));
        let post = Post { batch: fresh_batch_id(), client: &client, messages: &messages };
        let mut posted = self.store.post(&self.own, &post, self.clock.now()).await;
        for _ in 1..times {
            if let Err(StorageError::OutcomeUnknown(_)) = posted {
                posted = self.store.post(&self.own, &post, self.clock.now()).await;
            }
        }
        posted
    }

    /// Posts as the domain does: once more, if it is not known whether it was done.
    pub(crate) async fn post(&self, count: usize) -> Vec<MessageId> {
        self.post_up_to(2, count).await.unwrap()
    }

    pub(crate) async fn purge(&self) -> StorageResult<()> {
        self.store.purge(&self.own, self.clock.now()).await
    }

    pub(crate) async fn delete(&self, ids: &[MessageId]) {
        let deleted = self.store.delete(&self.own, ids, Guard::Any, self.clock.now()).await.unwrap();
        assert_eq!(deleted, Deletion::Done);
    }

    pub(crate) async fn all(&self) -> Vec<MessageId> {
        let query = MessageQuery {
            start: ListStart::Start,
            limit: 1000,
            max_bytes: usize::MAX,
            without_client: None,
            include_claimed: true,
            include_delayed: true,
        };
        let listed = self.store.list_full_page(&self.own, &query, self.clock.now()).await.unwrap();
        listed.into_iter().map(|listed| listed.message.id).collect()
    }
}
