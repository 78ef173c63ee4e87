//! A management store on the bench.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use zaqar_model::{DestinationKind, Metadata, PageRequest, PoolName, Queue, QueueName};
use zaqar_storage::{Created, ManagementStore, QueueFilter};

use crate::minting::{project, queue_name};
use crate::{ManagementFixture, ModelStore};

/// A management store that was empty when the case began.
pub struct ManagementBench {
    fixture: Box<dyn ManagementFixture>,
    store: RwLock<Arc<dyn ManagementStore>>,
}

impl ManagementBench {
    pub async fn new(fixture: Box<dyn ManagementFixture>) -> Self {
        let store = RwLock::new(fixture.open().await);
        Self { fixture, store }
    }

    pub fn store(&self) -> Arc<dyn ManagementStore> {
        Arc::clone(&self.store.read())
    }

    pub async fn reopen(&self) {
        // The fixture gets the last handle, so that dropping it is the end of the store.
        let ended = std::mem::replace(&mut *self.store.write(), Arc::new(ModelStore::closed()));
        let reopened = self.fixture.reopen(ended).await;
        *self.store.write() = reopened;
    }

    /// Makes a queue of project `p` without metadata.
    pub async fn create(&self, name: &str) -> Arc<Queue> {
        self.create_with(name, Metadata::default()).await
    }

    /// Makes a queue of project `p`; it fails the case if there is one already.
    pub async fn create_with(&self, name: &str, metadata: Metadata) -> Arc<Queue> {
        match self.create_kind(DestinationKind::Queue, "p", name, metadata).await {
            Created::New(queue) => queue,
            Created::Existing(queue) => panic!("{queue:?} was there already"),
        }
    }

    pub async fn create_kind(
        &self,
        kind: DestinationKind,
        of: &str,
        name: &str,
        metadata: Metadata,
    ) -> Created {
        self.store().create(kind, &project(of), &queue_name(name), metadata).await.unwrap()
    }

    /// Looks up a queue of project `p`.
    pub async fn find(&self, name: &str) -> Option<Arc<Queue>> {
        self.store().find(DestinationKind::Queue, &project("p"), &queue_name(name)).await.unwrap()
    }

    /// Deletes a queue of project `p`.
    pub async fn delete(&self, name: &str) -> Option<Arc<Queue>> {
        self.store().delete(DestinationKind::Queue, &project("p"), &queue_name(name)).await.unwrap()
    }

    /// The names of project `p`'s queues behind the marker that pass the filter.
    pub async fn list(&self, filter: &QueueFilter, marker: Option<&str>, limit: usize) -> Vec<String> {
        let page = PageRequest { marker: marker.map(queue_name), limit };
        let page = self.store().list(DestinationKind::Queue, &project("p"), filter, &page).await.unwrap();
        let last: Option<QueueName> = page.items.last().map(|queue| queue.destination.name.clone());
        assert_eq!(page.next, last, "the marker is that of the last item");
        page.items.iter().map(|queue| queue.destination.name.to_string()).collect()
    }

    /// The names of all of project `p`'s queues.
    pub async fn names(&self) -> Vec<String> {
        self.list(&QueueFilter::default(), None, 10_000).await
    }

    /// How many queues project `p` has.
    pub async fn count(&self) -> u64 {
        self.store().count(DestinationKind::Queue, &project("p")).await.unwrap()
    }

    /// The names of all pools.
    pub async fn pools(&self) -> Vec<PoolName> {
        let page = PageRequest { marker: None, limit: 10_000 };
        let page = self.store().list_pools(&page).await.unwrap();
        page.items.into_iter().map(|pool| pool.name).collect()
    }
}

impl fmt::Debug for ManagementBench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagementBench").field("store", &self.store()).finish()
    }
}
