//! The management store: opened, asked how it is, closed; and what its files share.
//!
//! All of it lies in one slot: what is written seldom is small, reads of it are cached, and so whether a pool may go, or a
//! queue may be assigned to it, is one atomic step.

use std::sync::Arc;

use redis::{Value, cmd};
use zaqar_model::{DestinationNumber, IdSource, Metadata, Page, PageRequest};
use zaqar_storage::{ManagementStore, PoolRegistry, StorageError, StorageResult};

use crate::Options;
use crate::calls::{Call, plain};
use crate::connection::{Reply, damaged};
use crate::keys::ShardKeys;
use crate::keyspace::{InUse, Keyspace};
use crate::scripts::{self, Script};

/// The keys of everything but queues and topics, in the order in which `management.lua` has them.
const FIXED: [&str; 14] = [
    POOLS,
    POOL_NAMES,
    "pool-uris",
    POOLS_OF_FLAVORS,
    FLAVORS,
    FLAVOR_NAMES,
    NUMBERS,
    ASSIGNED,
    QUEUES_OF_POOLS,
    LEFT,
    MOVES,
    MOVING,
    "pools-of-moves",
    "owners-of-moves",
];
pub(crate) const POOLS: &str = "pools";
pub(crate) const POOL_NAMES: &str = "pool-names";
pub(crate) const POOLS_OF_FLAVORS: &str = "pools-of-flavors";
pub(crate) const FLAVORS: &str = "flavors";
pub(crate) const FLAVOR_NAMES: &str = "flavor-names";
pub(crate) const NUMBERS: &str = "numbers";
pub(crate) const ASSIGNED: &str = "assigned";
pub(crate) const QUEUES_OF_POOLS: &str = "queues-of-pools";
pub(crate) const LEFT: &str = "left";
pub(crate) const MOVES: &str = "moves";
pub(crate) const MOVING: &str = "moving";

/// So many records are asked for at a time.
const SOME: usize = 500;

/// Queues and topics, pools, flavors and the catalogue in a Redis or Valkey. Each look-up is a round trip: put
/// [`CachedDestinations`](zaqar_storage::CachedDestinations) over it.
pub struct RedisManagementStore {
    pub(crate) in_use: InUse,
    pub(crate) keys: ShardKeys,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// An index, and the hash with the records of what it lists.
pub(crate) struct Listed {
    pub(crate) index: String,
    pub(crate) records: String,
}

impl RedisManagementStore {
    /// Opens the store alone on its keyspace: the servers must answer.
    pub async fn open(options: &Options, ids: Arc<dyn IdSource>) -> StorageResult<Self> {
        Ok(Self::on(Keyspace::open(options).await?, ids))
    }

    /// Opens the store on a keyspace.
    pub fn on(keyspace: Arc<Keyspace>, ids: Arc<dyn IdSource>) -> Self {
        let keys = ShardKeys { tag: format!("{}:management", keyspace.prefix) };
        Self { in_use: InUse::of(keyspace), keys, ids }
    }

    /// A script on the keys of everything but queues and topics, and on some more.
    pub(crate) fn call(&self, script: &'static Script, more: &[String]) -> Call {
        let mut keys: Vec<String> = FIXED.iter().map(|key| self.keys.name(key)).collect();
        keys.extend_from_slice(more);
        Call::on(script, &self.keys, &keys)
    }

    /// What stands in a hash.
    pub(crate) async fn field(&self, key: &str, field: &[u8]) -> StorageResult<Option<Vec<u8>>> {
        let mut get = cmd("HGET");
        get.arg(self.keys.name(key)).arg(field);
        match self.in_use.read(plain(&self.keys, get)).await? {
            Value::Nil => Ok(None),
            value => Ok(Some(value.bytes()?.to_vec())),
        }
    }

    pub(crate) fn listed(&self, index: &str, records: &str) -> Listed {
        Listed { index: self.keys.name(index), records: self.keys.name(records) }
    }

    /// A page of the members of an index that begin so, without those that have no record. `read` takes what is behind that
    /// beginning, and the record.
    pub(crate) async fn page<T, M>(
        &self,
        listed: &Listed,
        beginning: &[u8],
        request: &PageRequest<M>,
        bytes: impl Fn(&M) -> Vec<u8>,
        read: impl Fn(&[u8], &[u8]) -> StorageResult<T>,
    ) -> StorageResult<Vec<T>> {
        let from = |sign: u8, name: &[u8]| [&[sign], beginning, name].concat();
        let last = behind_all(beginning);
        let mut first = request.marker.as_ref().map_or_else(|| from(b'[', b""), |it| from(b'(', &bytes(it)));
        let mut items = Vec::new();
        while items.len() < request.limit {
            let most = SOME.min(request.limit - items.len());
            let keys = [listed.index.clone(), listed.records.clone()];
            let call = Call::on(&scripts::PAGE, &self.keys, &keys)
                .arg(&first)
                .arg(&last)
                .arg(most)
                .arg(beginning.len());
            let mut parts = self.in_use.read(call).await?.list()?;
            let mut found = 0;
            while let (Some(name), Some(record)) = (parts.next(), parts.next()) {
                let name = name.bytes()?;
                found += 1;
                first = from(b'(', &name);
                if !record.is_nothing() {
                    items.push(read(&name, &record.bytes()?)?);
                }
            }
            if found < most {
                break;
            }
        }
        Ok(items)
    }
}

/// Where what begins so ends in an index.
fn behind_all(beginning: &[u8]) -> Vec<u8> {
    // The last byte is the zero behind a name.
    match beginning.split_last() {
        Some((_, name)) => [b"(", name, b"\x01"].concat(),
        None => b"+".to_vec(),
    }
}

/// What the members of an index begin with that belong to a name.
pub(crate) fn of(name: &str) -> Vec<u8> {
    [name.as_bytes(), b"\0"].concat()
}

/// A page with the marker of its last item.
pub(crate) fn paged<T, M>(items: Vec<T>, marker: impl Fn(&T) -> M) -> Page<T, M> {
    Page { next: items.last().map(marker), items }
}

/// The number of a queue, as the scripts have it.
pub(crate) const fn number(queue: DestinationNumber) -> [u8; 8] {
    queue.get().to_be_bytes()
}

#[async_trait::async_trait]
impl ManagementStore for RedisManagementStore {
    fn is_shared(&self) -> bool {
        true
    }

    fn pools(&self) -> Option<&dyn PoolRegistry> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        // A replica does not do this, nor a server that is full or cut off.
        let mut touch = cmd("SET");
        touch.arg(self.keys.name("alive")).arg(1).arg("EX").arg(60);
        self.in_use.write(plain(&self.keys, touch)).await.is_ok()
    }

    async fn close(&self) -> StorageResult<()> {
        self.in_use.close().await;
        Ok(())
    }
}

impl std::fmt::Debug for RedisManagementStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisManagementStore").field("in_use", &self.in_use).finish_non_exhaustive()
    }
}

/// A document as it lies in a record.
pub(crate) fn json(document: &Metadata) -> StorageResult<Vec<u8>> {
    let text = serde_json::to_vec(document.members()).map_err(StorageError::driver)?;
    // One that nests too deep would not be read back.
    document_of(&text).map(|_| text)
}

pub(crate) fn document_of(text: &[u8]) -> StorageResult<Metadata> {
    serde_json::from_slice(text).map(Metadata::new).map_err(StorageError::driver)
}

/// A name that is none is one that somebody else wrote.
pub(crate) fn name_of<T, E>(bytes: &[u8], read: impl Fn(&str) -> Result<T, E>) -> StorageResult<T> {
    let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
    read(text).map_err(|_| damaged())
}
