//! Pools.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zaqar_model::{FlavorName, Page, PageRequest, Pool, PoolName, PoolWeight};
use zaqar_storage::{Pools, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::moves;
use super::rows::{BadRow, Row, Rows, Tables, from_json, to_json};

#[derive(Serialize, Deserialize)]
struct Value {
    uri: String,
    weight: u32,
    flavor: Option<String>,
    options: Box<RawValue>,
}

impl Row for Pool {
    const TABLE: &'static str = "pools";

    fn key(&self) -> Vec<u8> {
        key(&self.name)
    }

    /// The flavor: one that has pools is not deleted.
    fn group(&self) -> Option<Vec<u8>> {
        self.flavor.as_ref().map(|flavor| flavor.as_str().into())
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Value {
            uri: self.uri.clone(),
            weight: self.weight.0,
            flavor: self.flavor.as_ref().map(ToString::to_string),
            options: to_json(&self.options)?,
        })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let value: Value = serde_json::from_slice(value)?;
        Ok(Self {
            name: PoolName::new(std::str::from_utf8(key)?)?,
            uri: value.uri,
            weight: PoolWeight(value.weight),
            flavor: value.flavor.as_deref().map(FlavorName::new).transpose()?,
            options: from_json(&value.options)?,
        })
    }

    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.pools
    }
}

pub(super) fn key(name: &PoolName) -> Vec<u8> {
    name.as_str().into()
}

#[async_trait::async_trait]
impl Pools for EmbeddedManagementStore {
    async fn put_pool(&self, pool: Pool) -> StorageResult<()> {
        self.write(move |draft| {
            let same_uri = |other: &Pool| other.uri == pool.uri && other.name != pool.name;
            if draft.tables().pools.all().any(|other| same_uri(other)) {
                return Err(StorageError::Conflict("another pool has this URI"));
            }
            draft.put(pool).map(drop)
        })
        .await
    }

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>> {
        let key = key(name);
        self.read(|tables| tables.pools.get(&key).map(|pool| (*pool).clone()))
    }

    async fn list_pools(&self, page: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>> {
        let marker = page.marker.as_ref().map(key);
        let pools = self.read(|tables| tables.pools.page(b"", marker.as_deref(), page.limit))?;
        let next = pools.last().map(|pool| pool.name.clone());
        Ok(Page { items: pools.iter().map(|pool| (**pool).clone()).collect(), next })
    }

    async fn pools_of_flavor(&self, flavor: Option<&FlavorName>) -> StorageResult<Vec<Pool>> {
        self.read(|tables| {
            let of_flavor = tables.pools.all().filter(|pool| pool.flavor.as_ref() == flavor);
            of_flavor.map(|pool| (**pool).clone()).collect()
        })
    }

    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()> {
        let (key, name) = (key(name), name.clone());
        self.write(move |draft| {
            if moves::need(draft.tables(), &name) {
                return Err(StorageError::Conflict("a queue moves to or from the pool"));
            }
            if draft.tables().catalogue.count(&key) > 0 {
                return Err(StorageError::Conflict("the pool holds queues"));
            }
            draft.remove::<Pool>(&key);
            Ok(())
        })
        .await
    }
}
