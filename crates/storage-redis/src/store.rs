//! The store itself: opened, asked how it is, closed.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;
use redis::{Value, cmd};
use tokio::task::JoinHandle;
use zaqar_model::{Destination, IdSource, RandomIds, StoreId, Timestamp};
use zaqar_storage::{
    Capabilities, Deliveries, Health, MessageStore, Migration, StorageError, StorageResult, Subscriptions,
};

use crate::calls::{Call, plain};
use crate::connection::{Effect, Reply, Request, Servers, damaged};
use crate::hints::{self, Hints};
use crate::keys::{QueueKeys, SHARDS, ShardKeys};
use crate::keyspace::{InUse, Keyspace};
use crate::{Options, arrivals, scripts};

/// Messages and claims in a Redis or Valkey.
pub struct RedisMessageStore {
    pub(crate) servers: Arc<Servers>,
    pub(crate) prefix: Arc<str>,
    pub(crate) hints: Arc<Hints>,
    identity: StoreId,
    in_use: InUse,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// The last turn in which a subscription was leased from.
    pub(crate) last_turn: AtomicU64,
}

impl RedisMessageStore {
    pub(crate) const fn capabilities_with(durability: bool) -> Capabilities {
        Capabilities {
            fifo: true,
            claims: true,
            durability,
            at_least_once: true,
            high_throughput: true,
            shared: true,
        }
    }

    /// Opens the store alone on its keyspace: the servers must answer.
    pub async fn open(options: &Options) -> StorageResult<Self> {
        Self::on(Keyspace::open(options).await?).await
    }

    /// Opens the store on a keyspace.
    pub async fn on(keyspace: Arc<Keyspace>) -> StorageResult<Self> {
        let (servers, prefix) = (Arc::clone(&keyspace.servers), Arc::clone(&keyspace.prefix));
        check_shards(&servers, &prefix).await?;
        let identity = find_identity(&servers, &prefix).await?;
        let in_use = InUse::of(keyspace);
        let (hints, outgoing) = Hints::new();
        let channels = hints::Channels::new(&prefix, servers.dialer.database);
        let announcing = hints::announce(Arc::clone(&servers), channels.clone(), outgoing, in_use.closes());
        let listening = hints::listen(Arc::clone(&servers), channels, Arc::clone(&hints), in_use.closes());
        let looking = arrivals::look_after(Arc::clone(&servers), Arc::clone(&hints), in_use.closes());
        let tasks = vec![tokio::spawn(announcing), tokio::spawn(listening), tokio::spawn(looking)];
        let (tasks, last_turn) = (Mutex::new(tasks), AtomicU64::new(0));
        Ok(Self { servers, prefix, hints, identity, in_use, tasks, last_turn })
    }

    pub(crate) fn keys(&self, of: &Destination) -> QueueKeys {
        QueueKeys::new(&self.prefix, of)
    }

    pub(crate) fn check_open(&self) -> StorageResult<()> {
        self.in_use.check_open()
    }

    /// Has some requests done, each of which is a step of its own.
    pub(crate) async fn ask_all(&self, requests: &[Request], effect: Effect) -> StorageResult<Vec<Value>> {
        self.in_use.ask_all(requests, effect).await
    }

    /// Looks at something.
    pub(crate) async fn read(&self, request: impl Into<Request>) -> StorageResult<Value> {
        self.in_use.read(request).await
    }

    /// Asks the same of some keys of a queue, unless it lives elsewhere. Returns where the queue ends, and the answers.
    pub(crate) async fn read_fenced(
        &self,
        queue: &QueueKeys,
        keys: impl IntoIterator<Item = String>,
        question: &[&[u8]],
    ) -> StorageResult<(Value, std::vec::IntoIter<Value>)> {
        let names: Vec<String> = std::iter::once(queue.name("i")).chain(keys).collect();
        let call = Call::on(&scripts::FENCED, &queue.shard, &names).arg(question);
        let mut answers = self.read(call).await?.list()?;
        Ok((answers.next().unwrap_or(Value::Nil), answers))
    }

    /// Changes something.
    pub(crate) async fn write(&self, request: impl Into<Request>) -> StorageResult<Value> {
        self.in_use.write(request).await
    }

    pub(crate) fn shards(&self) -> impl Iterator<Item = ShardKeys> {
        (0..SHARDS).map(|shard| ShardKeys::new(&self.prefix, shard))
    }

    /// Resolves when the store is closed.
    pub(crate) async fn closed(&self) {
        let mut closes = self.in_use.closes();
        // An error would say that the store is gone.
        let _ = closes.wait_for(|closed| *closed).await;
    }
}

/// In how many shards the queues of the store lie stands in the store.
async fn check_shards(servers: &Servers, prefix: &str) -> StorageResult<()> {
    let found = set_once(servers, prefix, "shards", SHARDS.to_string()).await?.int()?;
    if found == i64::from(SHARDS) {
        return Ok(());
    }
    Err(StorageError::driver(format!("the store has {found} shards, and this version knows only {SHARDS}")))
}

/// The id that the store was given when it was opened for the first time.
async fn find_identity(servers: &Servers, prefix: &str) -> StorageResult<StoreId> {
    let fresh = format!("{:032x}", RandomIds.next_u128());
    let found = set_once(servers, prefix, "identity", fresh).await?.bytes()?;
    let found = std::str::from_utf8(&found).ok().and_then(|text| u128::from_str_radix(text, 16).ok());
    found.map(StoreId::from_u128).ok_or_else(damaged)
}

/// Sets a value of the store if it has none. Returns what holds.
async fn set_once(servers: &Servers, prefix: &str, name: &str, value: String) -> StorageResult<Value> {
    let shard = ShardKeys::new(prefix, 0);
    let key = shard.name(name);
    let (mut set, mut get) = (cmd("SET"), cmd("GET"));
    set.arg(&key).arg(value).arg("NX");
    get.arg(&key);
    match servers.ask(&[plain(&shard, set)], Effect::Write).await {
        // It is set, or not needed: what is there counts.
        Ok(_) | Err(StorageError::OutcomeUnknown(_)) => {}
        Err(error) => return Err(error),
    }
    let answers = servers.ask(&[plain(&shard, get)], Effect::Read).await?;
    Ok(answers.into_iter().next().unwrap_or(Value::Nil))
}

impl std::fmt::Debug for RedisMessageStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisMessageStore")
            .field("servers", &self.servers)
            .field("is_open", &self.in_use.is_open())
            .finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl MessageStore for RedisMessageStore {
    fn capabilities(&self) -> Capabilities {
        Self::capabilities_with(self.in_use.is_durable())
    }

    fn identity(&self) -> Option<StoreId> {
        Some(self.identity)
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        Some(self)
    }

    fn deliveries(&self) -> Option<&dyn Deliveries> {
        Some(self)
    }

    fn migration(&self) -> Option<&dyn Migration> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        // A replica does not do this, nor a server that is full or cut off.
        let Ok(topology) = self.servers.topology().await else { return false };
        let mut asked = Vec::new();
        let mut requests = Vec::new();
        for shard in self.shards() {
            let serving = topology.serving(&shard.tag);
            if !asked.contains(&serving) {
                asked.push(serving);
                let mut touch = cmd("SET");
                touch.arg(shard.name("alive")).arg(1).arg("EX").arg(60);
                requests.push(plain(&shard, touch));
            }
        }
        self.ask_all(&requests, Effect::Write).await.is_ok()
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        let reachable = self.is_alive().await;
        let volume = if reachable { self.volume(now).await? } else { None };
        Ok(Health { reachable, volume })
    }

    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        self.reclaim_space(now).await
    }

    async fn close(&self) -> StorageResult<()> {
        self.in_use.close().await;
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            // One that has failed is at its end, too.
            let _ = task.await;
        }
        Ok(())
    }
}
