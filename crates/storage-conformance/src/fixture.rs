//! What a driver's tests hand to the suite: a place that a store can be opened in.

use std::sync::Arc;

use zaqar_storage::{ManagementStore, MessageStore};

use crate::ManualClock;

/// A place for one message store: a directory, a schema, a prefix of keys. Empty when made, given back when dropped.
#[async_trait::async_trait]
pub trait MessageFixture: Send + Sync {
    /// Opens the store with what is kept in this place.
    async fn open(&self) -> Arc<dyn MessageStore>;

    /// Opens the same place a second time, as another server does. Asked only of a store that is
    /// [shared](zaqar_storage::Capabilities::shared).
    async fn open_another(&self) -> Arc<dyn MessageStore> {
        self.open().await
    }

    /// What the bench tells the time by. A store that has a clock of its own shares it.
    fn clock(&self) -> Arc<ManualClock> {
        Arc::default()
    }

    /// Ends the store, of which this is the last handle, and opens it again. A driver may override this to let it crash
    /// instead of closing it.
    async fn reopen(&self, store: Arc<dyn MessageStore>) -> Arc<dyn MessageStore> {
        store.close().await.expect("the store closes");
        drop(store);
        self.open().await
    }
}

/// A place for one management store, empty when made.
#[async_trait::async_trait]
pub trait ManagementFixture: Send + Sync {
    /// Opens the store with what is kept in this place.
    async fn open(&self) -> Arc<dyn ManagementStore>;

    /// Opens the same place a second time, as another server does. Asked only of a store that is
    /// [shared](ManagementStore::is_shared).
    async fn open_another(&self) -> Arc<dyn ManagementStore> {
        self.open().await
    }

    /// Ends the store, of which this is the last handle, and opens it again. A driver may override this to let it crash
    /// instead of closing it.
    async fn reopen(&self, store: Arc<dyn ManagementStore>) -> Arc<dyn ManagementStore> {
        store.close().await.expect("the store closes");
        drop(store);
        self.open().await
    }
}
