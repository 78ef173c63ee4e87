//! Pools. A record is the URI, the flavor (empty for none), the weight and the options.

use zaqar_model::{FlavorName, Page, PageRequest, Pool, PoolName, PoolWeight};
use zaqar_storage::{Pools, StorageError, StorageResult};

use crate::RedisManagementStore;
use crate::accounts::write_text;
use crate::connection::Reply;
use crate::fields::Fields;
use crate::management::{POOL_NAMES, POOLS, POOLS_OF_FLAVORS, document_of, json, name_of, of, paged};
use crate::scripts;

fn flavor(pool: &Pool) -> &str {
    pool.flavor.as_ref().map(FlavorName::as_str).unwrap_or_default()
}

fn record(pool: &Pool) -> StorageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    write_text(&mut bytes, &pool.uri);
    write_text(&mut bytes, flavor(pool));
    bytes.extend(pool.weight.0.to_le_bytes());
    bytes.extend(json(&pool.options)?);
    Ok(bytes)
}

fn pool(name: &[u8], record: &[u8]) -> StorageResult<Pool> {
    let mut fields = Fields(record);
    let (uri, flavor, weight) = (fields.text()?, fields.text()?, PoolWeight(fields.u32()?));
    let is_named = !flavor.is_empty();
    Ok(Pool {
        name: name_of(name, PoolName::new)?,
        uri,
        weight,
        flavor: is_named.then(|| name_of(flavor.as_bytes(), FlavorName::new)).transpose()?,
        options: document_of(fields.0)?,
    })
}

fn bytes(name: &PoolName) -> Vec<u8> {
    name.as_str().as_bytes().to_vec()
}

#[async_trait::async_trait]
impl Pools for RedisManagementStore {
    async fn put_pool(&self, pool: &Pool, seen: Option<&Pool>) -> StorageResult<()> {
        let call = self
            .call(&scripts::PUT_POOL, &[])
            .arg(pool.name.as_str())
            .arg(record(pool)?)
            .arg(seen.map(record).transpose()?.unwrap_or_default())
            .arg(&pool.uri)
            .arg(seen.map(|seen| seen.uri.as_str()).unwrap_or_default())
            .arg(flavor(pool))
            .arg(seen.map(flavor).unwrap_or_default());
        match self.in_use.write(call).await?.int()? {
            0 => Ok(()),
            1 => Err(StorageError::Conflict("the pool was changed meanwhile")),
            _ => Err(StorageError::Conflict("another pool has this URI")),
        }
    }

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>> {
        let found = self.field(POOLS, name.as_str().as_bytes()).await?;
        found.map(|record| pool(name.as_str().as_bytes(), &record)).transpose()
    }

    async fn list_pools(&self, request: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>> {
        let listed = self.listed(POOL_NAMES, POOLS);
        Ok(paged(self.page(&listed, b"", request, bytes, pool).await?, |pool| pool.name.clone()))
    }

    async fn pools_of_flavor(
        &self,
        flavor: Option<&FlavorName>,
        request: &PageRequest<PoolName>,
    ) -> StorageResult<Page<Pool, PoolName>> {
        let listed = self.listed(POOLS_OF_FLAVORS, POOLS);
        let beginning = of(flavor.map(FlavorName::as_str).unwrap_or_default());
        Ok(paged(self.page(&listed, &beginning, request, bytes, pool).await?, |pool| pool.name.clone()))
    }

    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()> {
        loop {
            let call = self.call(&scripts::DELETE_POOL, &[]).arg(name.as_str());
            match self.in_use.write(call).await?.int()? {
                0 => return Ok(()),
                1 => return Err(StorageError::Conflict("a queue moves to or from the pool")),
                2 => return Err(StorageError::Conflict("the pool holds queues")),
                _ => {}
            }
        }
    }
}
