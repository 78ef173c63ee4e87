//! The keys of one prefix on the servers of one URI. Stores with the same options share it, and its connections.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use redis::{Value, cmd};
use tokio::sync::{RwLock, watch};
use zaqar_storage::{StorageError, StorageResult};

use crate::calls::plain;
use crate::connection::{Effect, Request, Servers, damaged};
use crate::keys::ShardKeys;
use crate::{Options, persistence};

/// Its connections are closed when the last store on it is gone.
pub struct Keyspace {
    pub(crate) servers: Arc<Servers>,
    pub(crate) prefix: Arc<str>,
    /// Whether what is acknowledged survives a power cut.
    pub(crate) is_durable: bool,
}

impl Keyspace {
    /// The servers must answer.
    pub async fn open(options: &Options) -> StorageResult<Arc<Self>> {
        let servers = Arc::new(options.servers()?);
        let prefix: Arc<str> = options.prefix.as_str().into();
        let shard = ShardKeys::new(&prefix, 0);
        let mut look = cmd("EXISTS");
        look.arg(shard.name("alive"));
        servers.ask(&[plain(&shard, look)], Effect::Read).await?;
        let is_durable = persistence::look(&servers, options.wait_for_aof).await?;
        Ok(Arc::new(Self { servers, prefix, is_durable }))
    }
}

impl std::fmt::Debug for Keyspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyspace").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Whoever opens it holds the lock meanwhile.
type Slot = Arc<tokio::sync::Mutex<Weak<Keyspace>>>;

/// The keyspaces that are open in this process, each once.
#[derive(Debug, Default)]
pub struct Keyspaces {
    open: Mutex<Vec<(Options, Slot)>>,
}

impl Keyspaces {
    /// The keyspace with these options, which is opened if no store has it open. One that does not answer holds up no other.
    pub async fn open(&self, options: &Options) -> StorageResult<Arc<Keyspace>> {
        let slot = self.slot(options);
        let mut slot = slot.lock().await;
        if let Some(keyspace) = slot.upgrade() {
            return Ok(keyspace);
        }
        let keyspace = Keyspace::open(options).await?;
        *slot = Arc::downgrade(&keyspace);
        Ok(keyspace)
    }

    fn slot(&self, options: &Options) -> Slot {
        let mut open = self.open.lock();
        open.retain(|(_, slot)| {
            let is_used = Arc::strong_count(slot) > 1;
            is_used || slot.try_lock().is_ok_and(|keyspace| keyspace.strong_count() > 0)
        });
        if let Some((_, slot)) = open.iter().find(|(known, _)| known == options) {
            return Arc::clone(slot);
        }
        let slot = Slot::default();
        open.push((options.clone(), Arc::clone(&slot)));
        slot
    }
}

/// A store's use of its keyspace, until the store is closed.
#[derive(Debug)]
pub(crate) struct InUse {
    keyspace: Arc<Keyspace>,
    /// What is running is waited for when the store is closed.
    running: RwLock<()>,
    closing: watch::Sender<bool>,
}

impl InUse {
    pub(crate) fn of(keyspace: Arc<Keyspace>) -> Self {
        Self { keyspace, running: RwLock::default(), closing: watch::Sender::new(false) }
    }

    pub(crate) fn is_durable(&self) -> bool {
        self.keyspace.is_durable
    }

    pub(crate) fn is_open(&self) -> bool {
        !*self.closing.borrow()
    }

    pub(crate) fn check_open(&self) -> StorageResult<()> {
        if self.is_open() { Ok(()) } else { Err(StorageError::unavailable("the store is closed")) }
    }

    /// Changes when the store is closed.
    pub(crate) fn closes(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Has some requests done, each of which is a step of its own.
    pub(crate) async fn ask_all(&self, requests: &[Request], effect: Effect) -> StorageResult<Vec<Value>> {
        let _running = self.running.read().await;
        self.check_open()?;
        self.keyspace.servers.ask(requests, effect).await
    }

    /// Looks at something.
    pub(crate) async fn read(&self, request: impl Into<Request>) -> StorageResult<Value> {
        self.ask(request.into(), Effect::Read).await
    }

    /// Changes something.
    pub(crate) async fn write(&self, request: impl Into<Request>) -> StorageResult<Value> {
        self.ask(request.into(), Effect::Write).await
    }

    async fn ask(&self, request: Request, effect: Effect) -> StorageResult<Value> {
        let answers = self.ask_all(&[request], effect).await?;
        answers.into_iter().next().ok_or_else(damaged)
    }

    /// Refuses further calls, and waits for those in progress.
    pub(crate) async fn close(&self) {
        self.closing.send_replace(true);
        let _all_ended = self.running.write().await;
    }
}
