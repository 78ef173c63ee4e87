//! A message store on the bench.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use zaqar_model::{Clock, Destination, DestinationKind, PageRequest, Timestamp};
use zaqar_storage::MessageStore;

use super::TestQueue;
use crate::samples::fresh_destination;
use crate::{ManualClock, MessageFixture, ReferenceStore};

/// A message store that was empty when the case began.
pub struct MessageBench {
    fixture: Box<dyn MessageFixture>,
    store: Arc<RwLock<Arc<dyn MessageStore>>>,
    clock: Arc<ManualClock>,
}

impl MessageBench {
    pub async fn new(fixture: Box<dyn MessageFixture>) -> Self {
        let store = Arc::new(RwLock::new(fixture.open().await));
        Self { clock: fixture.clock(), fixture, store }
    }

    pub fn store(&self) -> Arc<dyn MessageStore> {
        Arc::clone(&self.store.read())
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance_secs(&self, seconds: u64) {
        self.clock.advance_secs(seconds);
    }

    pub fn advance_millis(&self, millis: u64) {
        self.clock.advance_millis(millis);
    }

    /// Ends the store and opens it again; the queues of this bench go on with the new one.
    pub async fn reopen(&self) {
        // The fixture gets the last handle, so that dropping it is the end of the store.
        let ended = std::mem::replace(&mut *self.store.write(), Arc::new(ReferenceStore::closed()));
        let reopened = self.fixture.reopen(ended).await;
        *self.store.write() = reopened;
    }

    /// The store as another server has it.
    pub async fn open_another(&self) -> Arc<dyn MessageStore> {
        self.fixture.open_another().await
    }

    pub async fn with_dead_letters(&self) -> Vec<Destination> {
        let page = PageRequest { marker: None, limit: 10_000 };
        self.store().with_dead_letters(&page).await.unwrap().items
    }

    /// A queue that the store has not heard of.
    pub fn queue(&self) -> TestQueue {
        self.destination(DestinationKind::Queue)
    }

    /// A topic that the store has not heard of.
    pub fn topic(&self) -> TestQueue {
        self.destination(DestinationKind::Topic)
    }

    /// Confirmations that the store has not heard of.
    pub fn confirmations(&self) -> TestQueue {
        self.destination(DestinationKind::Confirmations)
    }

    fn destination(&self, kind: DestinationKind) -> TestQueue {
        TestQueue::new(fresh_destination(kind), Arc::clone(&self.store), Arc::clone(&self.clock))
    }
}

impl fmt::Debug for MessageBench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageBench").field("store", &self.store()).field("now", &self.now()).finish()
    }
}
