//! The catalogue: which pool holds which queue.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use zaqar_model::{Destination, DestinationNumber, Marker, PoolName, QueueMove};
use zaqar_storage::{Catalogue, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::draft::Draft;
use super::rows::{BadRow, Row, Rows, Tables};
use super::{moves, pools};

/// One entry.
#[derive(Clone, PartialEq)]
pub(super) struct Mapping {
    queue: DestinationNumber,
    at: At,
}

/// Where a queue is.
#[derive(Clone, PartialEq)]
enum At {
    Pool(PoolName),
    /// In none: it has left one, after this position.
    Left(Marker),
}

#[derive(Serialize, Deserialize)]
struct Value {
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_at: Option<u64>,
}

impl Row for Mapping {
    const TABLE: &'static str = "catalogue";

    fn key(&self) -> Vec<u8> {
        key(self.queue).into()
    }

    fn group(&self) -> Option<Vec<u8>> {
        None
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let (pool, left_at) = match &self.at {
            At::Pool(pool) => (Some(pool.to_string()), None),
            At::Left(last) => (None, Some(last.get())),
        };
        serde_json::to_vec(&Value { pool, left_at })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let value: Value = serde_json::from_slice(value)?;
        let at = match value.pool {
            Some(pool) => At::Pool(PoolName::new(&pool)?),
            None => At::Left(Marker::new(value.left_at.unwrap_or_default())),
        };
        Ok(Self { queue: DestinationNumber::new(u64::from_be_bytes(key.try_into()?)), at })
    }

    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.catalogue
    }
}

pub(super) const fn key(queue: DestinationNumber) -> [u8; 8] {
    queue.get().to_be_bytes()
}

impl Mapping {
    const fn pool(&self) -> Option<&PoolName> {
        match &self.at {
            At::Pool(pool) => Some(pool),
            At::Left(_) => None,
        }
    }
}

fn pool_of(tables: &Tables, queue: DestinationNumber) -> Option<PoolName> {
    tables.catalogue.get(&key(queue)).and_then(|mapping| mapping.pool().cloned())
}

/// The queues that a pool holds.
pub(super) fn of_pool(tables: &Tables, pool: &PoolName) -> Vec<DestinationNumber> {
    let held = tables.catalogue.all().filter(|mapping| mapping.pool() == Some(pool));
    held.map(|mapping| mapping.queue).collect()
}

/// Maps a queue to a pool, if there is such a pool.
fn put(draft: &mut Draft, queue: DestinationNumber, pool: PoolName) -> StorageResult<()> {
    if draft.tables().pools.get(&pools::key(&pool)).is_none() {
        return Err(StorageError::NotFound("pool"));
    }
    draft.put(Mapping { queue, at: At::Pool(pool) }).map(drop)
}

#[async_trait::async_trait]
impl Catalogue for EmbeddedManagementStore {
    async fn map(&self, queue: DestinationNumber, pool: &PoolName) -> StorageResult<PoolName> {
        let pool = pool.clone();
        self.write(move |draft| {
            if let Some(mapped) = pool_of(draft.tables(), queue) {
                return Ok(mapped);
            }
            put(draft, queue, pool.clone())?;
            Ok(pool)
        })
        .await
    }

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        self.read(|tables| pool_of(tables, queue))
    }

    async fn remap(&self, queue: DestinationNumber, from: &PoolName, to: &PoolName) -> StorageResult<()> {
        let (from, to) = (from.clone(), to.clone());
        self.write(move |draft| {
            if pool_of(draft.tables(), queue) != Some(from) {
                return Err(StorageError::Conflict("the queue is not in this pool"));
            }
            put(draft, queue, to)
        })
        .await
    }

    async fn unmap(&self, queue: DestinationNumber) -> StorageResult<()> {
        self.write(move |draft| {
            draft.remove::<Mapping>(&key(queue));
            Ok(())
        })
        .await
    }

    async fn queues_of(&self, pool: &PoolName) -> StorageResult<Vec<Destination>> {
        self.read(|tables| {
            let held: HashSet<DestinationNumber> = of_pool(tables, pool).into_iter().collect();
            let queues = tables.queues.all().map(|queue| &queue.destination);
            queues.filter(|queue| held.contains(&queue.number)).cloned().collect()
        })
    }

    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()> {
        let from = from.clone();
        self.write(move |draft| {
            if pool_of(draft.tables(), queue) != Some(from) {
                return Err(StorageError::Conflict("the queue is not in this pool"));
            }
            draft.put(Mapping { queue, at: At::Left(last) }).map(drop)
        })
        .await
    }

    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>> {
        self.read(|tables| match tables.catalogue.get(&key(queue))?.at {
            At::Left(last) => Some(last),
            At::Pool(_) => None,
        })
    }

    async fn put_move(&self, noted: QueueMove) -> StorageResult<()> {
        self.write(move |draft| {
            let exists = |pool: &PoolName| draft.tables().pools.get(&pools::key(pool)).is_some();
            if !noted.pools.iter().chain(&noted.to).all(exists) {
                return Err(StorageError::NotFound("pool"));
            }
            draft.put(noted).map(drop)
        })
        .await
    }

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        self.read(|tables| tables.moves.get(&moves::key(queue)).map(|noted| (*noted).clone()))
    }

    async fn list_moves(&self) -> StorageResult<Vec<QueueMove>> {
        self.read(|tables| tables.moves.all().map(|noted| (**noted).clone()).collect())
    }

    async fn delete_move(&self, queue: DestinationNumber) -> StorageResult<()> {
        self.write(move |draft| {
            draft.remove::<QueueMove>(&moves::key(queue));
            Ok(())
        })
        .await
    }
}
