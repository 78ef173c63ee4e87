//! A database that is open. A message store and a management store with the same URI share its connections.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use zaqar_model::StoreId;
use zaqar_storage::StorageResult;

use crate::Options;
use crate::connection::{Connector, Failed, Lane, Read, Session, Write};
use crate::schema::{self, Tables};

/// The connections to one schema of one database. They are closed when the last store on them is.
pub struct Database {
    pub(crate) options: Options,
    pub(crate) connector: Arc<Connector>,
    pub(crate) tables: Tables,
    pub(crate) identity: StoreId,
    lanes: Lanes,
    tasks: Vec<JoinHandle<()>>,
}

/// Connections for work that is done alone.
struct Lanes {
    reads: Lane<Read>,
    writes: Lane<Write>,
}

impl Database {
    /// Opens a database. The schema must have the version that this program needs: see [`schema::upgrade`].
    pub async fn open(options: &Options) -> StorageResult<Arc<Self>> {
        let (connector, tables) = options.connector()?;
        let identity = schema::check(&connector, &tables).await?;
        let mut tasks = Vec::new();
        let (connections, patience) = (options.connections, options.request_timeout);
        let lanes = Lanes {
            reads: Lane::open(&connector, connections, patience, &mut tasks),
            writes: Lane::open(&connector, connections, patience, &mut tasks),
        };
        Ok(Arc::new(Self { options: options.clone(), connector, tables, identity, lanes, tasks }))
    }

    /// Looks at something, on a connection that is kept for that.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        call: impl for<'a> Fn(&'a Session) -> BoxFuture<'a, Result<T, Failed>> + Send + Sync + 'static,
    ) -> StorageResult<T> {
        self.lanes.reads.run(call).await
    }

    /// Changes something. It may be called again if nothing was done the first time.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        call: impl for<'a> Fn(&'a Session) -> BoxFuture<'a, Result<T, Failed>> + Send + Sync + 'static,
    ) -> StorageResult<T> {
        self.lanes.writes.run(call).await
    }

    /// Whether the server answers and takes changes.
    pub(crate) async fn is_alive(&self) -> bool {
        let look = self.read(|session| {
            Box::pin(async move {
                let row = session.first("SELECT NOT pg_is_in_recovery()", &[]).await?;
                Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(false))
            })
        });
        matches!(look.await, Ok(true))
    }

    /// Lets go of it. The last one closes the connections, and waits until they are closed.
    pub(crate) async fn release(database: Arc<Self>) {
        let Some(Self { lanes, tasks, .. }) = Arc::into_inner(database) else { return };
        drop(lanes);
        for task in tasks {
            // One that has failed is at its end, too.
            let _ = task.await;
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The databases that are open in this process, each once.
#[derive(Debug, Default)]
pub struct Databases {
    open: tokio::sync::Mutex<HashMap<(String, String), Weak<Database>>>,
}

impl Databases {
    /// The database of this URI and schema, which is opened if no store has it open. Where it is open already, the other options
    /// are those of the first.
    pub async fn open(&self, options: &Options) -> StorageResult<Arc<Database>> {
        let mut open = self.open.lock().await;
        let key = (options.uri.clone(), options.schema.clone());
        if let Some(database) = open.get(&key).and_then(Weak::upgrade) {
            return Ok(database);
        }
        let database = Database::open(options).await?;
        open.retain(|_, database| database.strong_count() > 0);
        open.insert(key, Arc::downgrade(&database));
        Ok(database)
    }
}

/// A store's hold on its database, until the store is closed and its calls have ended.
pub(crate) struct InUse {
    current: Mutex<Option<Arc<Use>>>,
    ended: tokio::sync::Mutex<Option<(Arc<Database>, tokio::sync::mpsc::Receiver<()>)>>,
}

/// What a call holds while it uses the database.
pub(crate) struct Use {
    pub(crate) database: Arc<Database>,
    /// Dropped behind the database.
    _in_use: tokio::sync::mpsc::Sender<()>,
}

impl InUse {
    pub(crate) fn of(database: Arc<Database>) -> Self {
        let (in_use, ended) = tokio::sync::mpsc::channel(1);
        let ended = tokio::sync::Mutex::new(Some((Arc::clone(&database), ended)));
        Self { current: Mutex::new(Some(Arc::new(Use { database, _in_use: in_use }))), ended }
    }

    /// `None`: the store is closed.
    pub(crate) fn enter(&self) -> Option<Arc<Use>> {
        self.current.lock().clone()
    }

    /// Waits for those who use it, and lets go of it.
    pub(crate) async fn close(&self) {
        drop(self.current.lock().take());
        let Some((database, mut ended)) = self.ended.lock().await.take() else { return };
        // Nothing is ever sent: it ends with the last sender.
        let _ = ended.recv().await;
        Database::release(database).await;
    }
}
