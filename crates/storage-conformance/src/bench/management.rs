//! A management store on the bench.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use zaqar_model::{
    DestinationKind, Flavor, FlavorName, Metadata, PageRequest, Pool, PoolName, Queue, QueueMove, QueueName,
};
use zaqar_storage::{Created, ManagementStore};

use crate::samples::{project, queue_name};
use crate::{ManagementFixture, ReferenceStore, RegisterPools};

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

    /// The same place as another server has it open.
    pub async fn open_another(&self) -> Arc<dyn ManagementStore> {
        self.fixture.open_another().await
    }

    pub async fn reopen(&self) {
        // The fixture gets the last handle, so that dropping it is the end of the store.
        let ended = std::mem::replace(&mut *self.store.write(), Arc::new(ReferenceStore::closed()));
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

    /// The names of project `p`'s queues behind the marker.
    pub async fn list(&self, marker: Option<&str>, limit: usize) -> Vec<String> {
        let page = PageRequest { marker: marker.map(queue_name), limit };
        let page = self.store().list(DestinationKind::Queue, &project("p"), &page).await.unwrap();
        let last: Option<QueueName> = page.items.last().map(|queue| queue.destination.name.clone());
        assert_eq!(page.next, last, "the marker is that of the last item");
        page.items.iter().map(|queue| queue.destination.name.to_string()).collect()
    }

    /// The names of all of project `p`'s queues.
    pub async fn names(&self) -> Vec<String> {
        self.list(None, 10_000).await
    }

    /// How many queues project `p` has.
    pub async fn count(&self) -> u64 {
        self.store().count(DestinationKind::Queue, &project("p")).await.unwrap()
    }

    /// Registers a pool, in place of the one of its name.
    pub async fn put_pool(&self, pool: Pool) {
        self.store().register_pool(pool).await;
    }

    /// Registers a flavor, in place of the one of its name.
    pub async fn put_flavor(&self, flavor: Flavor) {
        self.store().register_flavor(flavor).await;
    }

    /// The names of all pools.
    pub async fn pools(&self) -> Vec<PoolName> {
        let all = self.store().registry().all_pools().await.unwrap();
        all.into_iter().map(|pool| pool.name).collect()
    }

    /// The pools of a flavor, or of none.
    pub async fn pools_of_flavor(&self, flavor: Option<&FlavorName>) -> Vec<Pool> {
        self.store().registry().all_pools_of_flavor(flavor).await.unwrap()
    }

    /// The moves that are noted.
    pub async fn moves(&self) -> Vec<QueueMove> {
        let page = PageRequest { marker: None, limit: 10_000 };
        self.store().registry().list_moves(&page).await.unwrap().items
    }
}

impl fmt::Debug for ManagementBench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagementBench").field("store", &self.store()).finish()
    }
}
