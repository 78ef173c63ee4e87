//! The management store: opened, asked how it is, closed.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use zaqar_model::{IdSource, Metadata};
use zaqar_storage::{ManagementStore, PoolRegistry, StorageError, StorageResult};

use crate::Options;
use crate::connection::{Failed, Session};
use crate::database::{Database, InUse, Use};

/// Queues and topics, pools, flavors and the catalogue in a PostgreSQL database. Each look-up is a round trip: put
/// [`CachedDestinations`](zaqar_storage::CachedDestinations) over it.
pub struct PostgresManagementStore {
    database: InUse,
    pub(crate) ids: Arc<dyn IdSource>,
}

impl PostgresManagementStore {
    /// Opens the store alone on its database. The schema must have the version that this program needs: see
    /// [`schema::upgrade`](crate::schema::upgrade).
    pub async fn open(options: &Options, ids: Arc<dyn IdSource>) -> StorageResult<Self> {
        Ok(Self::on(Database::open(options).await?, ids))
    }

    /// Opens the store on a database.
    pub fn on(database: Arc<Database>, ids: Arc<dyn IdSource>) -> Self {
        Self { database: InUse::of(database), ids }
    }

    fn enter(&self) -> StorageResult<Arc<Use>> {
        self.database.enter().ok_or_else(|| StorageError::unavailable("the store is closed"))
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        call: impl for<'a> Fn(&'a Session) -> BoxFuture<'a, Result<T, Failed>> + Send + Sync + 'static,
    ) -> StorageResult<T> {
        self.enter()?.database.read(call).await
    }

    /// It may be called again if nothing was done the first time.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        call: impl for<'a> Fn(&'a Session) -> BoxFuture<'a, Result<T, Failed>> + Send + Sync + 'static,
    ) -> StorageResult<T> {
        self.enter()?.database.write(call).await
    }
}

#[async_trait::async_trait]
impl ManagementStore for PostgresManagementStore {
    fn is_shared(&self) -> bool {
        true
    }

    fn pools(&self) -> Option<&dyn PoolRegistry> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        match self.enter() {
            Ok(in_use) => in_use.database.is_alive().await,
            Err(_) => false,
        }
    }

    async fn close(&self) -> StorageResult<()> {
        self.database.close().await;
        Ok(())
    }
}

impl std::fmt::Debug for PostgresManagementStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresManagementStore").finish_non_exhaustive()
    }
}

/// A document as it lies in a column.
pub(crate) fn json(document: &Metadata) -> StorageResult<Vec<u8>> {
    let text = serde_json::to_vec(document.members()).map_err(StorageError::driver)?;
    // One that nests too deep would not be read back.
    document_of(&text).map(|_| text)
}

pub(crate) fn document_of(text: &[u8]) -> StorageResult<Metadata> {
    serde_json::from_slice(text).map(Metadata::new).map_err(StorageError::driver)
}

/// A name in a row that is none is a row that somebody else wrote.
pub(crate) fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failed {
    Failed::Contract(StorageError::driver(error))
}
