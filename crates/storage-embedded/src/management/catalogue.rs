//! The catalogue: which pool holds which queue.

use serde::{Deserialize, Serialize};
use zaqar_model::{DestinationNumber, PoolName, QueueMove};
use zaqar_storage::{Catalogue, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::draft::Draft;
use super::rows::{BadRow, Row, Rows, Tables};
use super::{moves, pools};

/// One entry.
#[derive(Clone, PartialEq)]
pub(super) struct Mapping {
    queue: DestinationNumber,
    pool: PoolName,
}

#[derive(Serialize, Deserialize)]
struct Value {
    pool: String,
}

impl Row for Mapping {
    const TABLE: &'static str = "catalogue";

    fn key(&self) -> Vec<u8> {
        key(self.queue).into()
    }

    /// The pool: one that holds queues is not deleted.
    fn group(&self) -> Option<Vec<u8>> {
        Some(pools::key(&self.pool))
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Value { pool: self.pool.to_string() })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let value: Value = serde_json::from_slice(value)?;
        Ok(Self {
            queue: DestinationNumber::new(u64::from_be_bytes(key.try_into()?)),
            pool: PoolName::new(&value.pool)?,
        })
    }

    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.catalogue
    }
}

const fn key(queue: DestinationNumber) -> [u8; 8] {
    queue.get().to_be_bytes()
}

fn pool_of(tables: &Tables, queue: DestinationNumber) -> Option<PoolName> {
    tables.catalogue.get(&key(queue)).map(|mapping| mapping.pool.clone())
}

/// Maps a queue to a pool, if there is such a pool.
fn put(draft: &mut Draft, queue: DestinationNumber, pool: PoolName) -> StorageResult<()> {
    if draft.tables().pools.get(&pools::key(&pool)).is_none() {
        return Err(StorageError::NotFound("pool"));
    }
    draft.put(Mapping { queue, pool }).map(drop)
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
