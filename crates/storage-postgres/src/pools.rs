//! Pools.

use tokio_postgres::Row;
use zaqar_model::{FlavorName, Page, PageRequest, Pool, PoolName, PoolWeight};
use zaqar_storage::{Pools, StorageError, StorageResult};

use crate::PostgresManagementStore;
use crate::columns::{count_u32, limit, text};
use crate::connection::{Failed, Session, values};
use crate::management::{damaged, document_of, json};

const GET: &str = "SELECT name, uri, weight, flavor, options FROM zaqar.pools WHERE name = $1::text";

const LIST: &str = "SELECT name, uri, weight, flavor, options FROM zaqar.pools WHERE name > $1::text
ORDER BY name LIMIT $2::int8";

const OF_FLAVOR: &str = "SELECT name, uri, weight, flavor, options FROM zaqar.pools
WHERE flavor IS NOT DISTINCT FROM $1::text AND name > $2::text ORDER BY name LIMIT $3::int8";

const INSERT: &str = "INSERT INTO zaqar.pools (name, uri, weight, flavor, options)
VALUES ($1::text, $2::bytea, $3::int8, $4::text, $5::bytea) ON CONFLICT DO NOTHING";

const UPDATE: &str =
    "UPDATE zaqar.pools SET uri = $2::bytea, weight = $3::int8, flavor = $4::text, options = $5::bytea
WHERE name = $1::text AND uri = $6::bytea AND weight = $7::int8 AND flavor IS NOT DISTINCT FROM $8::text
  AND options = $9::bytea";

/// Whoever assigns a queue to the pool, or moves one to it, waits for what becomes of it.
const LOCK: &str = "SELECT 1 FROM zaqar.pools WHERE name = $1::text FOR UPDATE";

/// In a statement of its own: it sees what those have done who had the lock before.
const IN_USE: &str = "SELECT
  EXISTS (SELECT 1 FROM zaqar.moves m JOIN zaqar.destinations d ON d.number = m.number
    WHERE m.pool = $1::text OR $1::text = ANY(m.pools)) AS moves,
  EXISTS (SELECT 1 FROM zaqar.assignments a JOIN zaqar.destinations d ON d.number = a.queue
    WHERE a.pool = $1::text) AS holds";

/// What is left is of queues that were deleted.
const DELETE: [&str; 3] = [
    "DELETE FROM zaqar.moves WHERE pool = $1::text OR $1::text = ANY(pools)",
    "DELETE FROM zaqar.assignments WHERE pool = $1::text",
    "DELETE FROM zaqar.pools WHERE name = $1::text",
];

fn pool(row: &Row) -> Result<Pool, Failed> {
    let flavor: Option<&str> = row.try_get("flavor")?;
    Ok(Pool {
        name: PoolName::new(row.try_get("name")?).map_err(damaged)?,
        uri: text(row.try_get("uri")?),
        weight: PoolWeight(count_u32(row.try_get("weight")?)),
        flavor: flavor.map(FlavorName::new).transpose().map_err(damaged)?,
        options: document_of(row.try_get("options")?)?,
    })
}

async fn get(session: &Session, name: &PoolName) -> Result<Option<Pool>, Failed> {
    let row = session.first(GET, values![name.as_str() => TEXT]).await?;
    row.as_ref().map(pool).transpose()
}

async fn put(session: &Session, next: &Pool, seen: Option<&Pool>) -> Result<(), Failed> {
    let (name, flavor) = (next.name.as_str(), next.flavor.as_ref().map(FlavorName::as_str));
    let (weight, options) = (i64::from(next.weight.0), json(&next.options)?);
    let touched = match seen {
        None => {
            let values = values![
                name => TEXT, next.uri.as_bytes() => BYTEA, weight => INT8, flavor => TEXT, options => BYTEA,
            ];
            session.execute(INSERT, values).await?
        }
        Some(seen) => {
            let seen_flavor = seen.flavor.as_ref().map(FlavorName::as_str);
            let (seen_weight, seen_options) = (i64::from(seen.weight.0), json(&seen.options)?);
            let values = values![
                name => TEXT, next.uri.as_bytes() => BYTEA, weight => INT8, flavor => TEXT, options => BYTEA,
                seen.uri.as_bytes() => BYTEA, seen_weight => INT8, seen_flavor => TEXT, seen_options => BYTEA,
            ];
            match session.execute(UPDATE, values).await {
                Err(failed) if failed.violates("pools_uri") => {
                    return Err(StorageError::Conflict("another pool has this URI").into());
                }
                touched => touched?,
            }
        }
    };
    if touched > 0 || get(session, &next.name).await?.as_ref() == Some(next) {
        return Ok(());
    }
    Err(StorageError::Conflict("the pool was changed meanwhile, or another has this URI").into())
}

async fn delete(session: &Session, name: &str) -> Result<(), Failed> {
    session.begin().await?;
    session.query(LOCK, values![name => TEXT]).await?;
    if let Some(row) = session.first(IN_USE, values![name => TEXT]).await? {
        if row.try_get("moves")? {
            return Err(StorageError::Conflict("a queue moves to or from the pool").into());
        }
        if row.try_get("holds")? {
            return Err(StorageError::Conflict("the pool holds queues").into());
        }
    }
    for statement in DELETE {
        session.execute(statement, values![name => TEXT]).await?;
    }
    session.commit().await
}

fn page(pools: Vec<Pool>) -> Page<Pool, PoolName> {
    Page { next: pools.last().map(|pool| pool.name.clone()), items: pools }
}

/// Where a page begins: no name is empty.
fn behind(page: &PageRequest<PoolName>) -> String {
    page.marker.as_ref().map_or_else(String::new, ToString::to_string)
}

#[async_trait::async_trait]
impl Pools for PostgresManagementStore {
    async fn put_pool(&self, pool: &Pool, seen: Option<&Pool>) -> StorageResult<()> {
        let (pool, seen) = (pool.clone(), seen.cloned());
        let put = self.write(move |session| {
            let (pool, seen) = (pool.clone(), seen.clone());
            Box::pin(async move { put(session, &pool, seen.as_ref()).await })
        });
        put.await
    }

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>> {
        let name = name.clone();
        let get = self.read(move |session| {
            let name = name.clone();
            Box::pin(async move { get(session, &name).await })
        });
        get.await
    }

    async fn list_pools(&self, request: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>> {
        let (marker, most) = (behind(request), limit(request.limit));
        let list = self.read(move |session| {
            let marker = marker.clone();
            Box::pin(async move {
                let rows = session.query(LIST, values![marker => TEXT, most => INT8]).await?;
                rows.iter().map(pool).collect::<Result<Vec<_>, _>>()
            })
        });
        Ok(page(list.await?))
    }

    async fn pools_of_flavor(
        &self,
        flavor: Option<&FlavorName>,
        request: &PageRequest<PoolName>,
    ) -> StorageResult<Page<Pool, PoolName>> {
        let (flavor, marker, most) = (flavor.cloned(), behind(request), limit(request.limit));
        let list = self.read(move |session| {
            let (flavor, marker) = (flavor.clone(), marker.clone());
            Box::pin(async move {
                let flavor = flavor.as_ref().map(FlavorName::as_str);
                let values = values![flavor => TEXT, marker => TEXT, most => INT8];
                let rows = session.query(OF_FLAVOR, values).await?;
                rows.iter().map(pool).collect::<Result<Vec<_>, _>>()
            })
        });
        Ok(page(list.await?))
    }

    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()> {
        let name = name.clone();
        let delete = self.write(move |session| {
            let name = name.clone();
            Box::pin(async move { delete(session, name.as_str()).await })
        });
        delete.await
    }
}
