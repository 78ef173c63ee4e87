//! Flavors.

use tokio_postgres::Row;
use zaqar_model::{Flavor, FlavorName, Page, PageRequest, ProjectId};
use zaqar_storage::{Flavors, StorageError, StorageResult};

use crate::PostgresManagementStore;
use crate::columns::limit;
use crate::connection::{Failed, Session, values};
use crate::management::{damaged, document_of, json};

const GET: &str = "SELECT name, project, capabilities FROM zaqar.flavors WHERE name = $1::text";

const LIST: &str = "SELECT name, project, capabilities FROM zaqar.flavors WHERE name > $1::text
ORDER BY name LIMIT $2::int8";

const INSERT: &str = "INSERT INTO zaqar.flavors (name, project, capabilities)
VALUES ($1::text, $2::text, $3::bytea) ON CONFLICT DO NOTHING";

const UPDATE: &str = "UPDATE zaqar.flavors SET project = $2::text, capabilities = $3::bytea
WHERE name = $1::text AND project = $4::text AND capabilities = $5::bytea";

/// A pool may name a flavor that is not there, so nothing need keep one from joining it meanwhile.
const DELETE: &str = "DELETE FROM zaqar.flavors WHERE name = $1::text
AND NOT EXISTS (SELECT 1 FROM zaqar.pools WHERE flavor = $1::text)";

const IN_USE: &str = "SELECT 1 FROM zaqar.pools WHERE flavor = $1::text LIMIT 1";

fn flavor(row: &Row) -> Result<Flavor, Failed> {
    Ok(Flavor {
        name: FlavorName::new(row.try_get("name")?).map_err(damaged)?,
        project: ProjectId::new(row.try_get("project")?).map_err(damaged)?,
        capabilities: document_of(row.try_get("capabilities")?)?,
    })
}

async fn get(session: &Session, name: &FlavorName) -> Result<Option<Flavor>, Failed> {
    let row = session.first(GET, values![name.as_str() => TEXT]).await?;
    row.as_ref().map(flavor).transpose()
}

async fn put(session: &Session, next: &Flavor, seen: Option<&Flavor>) -> Result<(), Failed> {
    let (name, project) = (next.name.as_str(), next.project.as_str());
    let capabilities = json(&next.capabilities)?;
    let touched = match seen {
        None => {
            let values = values![name => TEXT, project => TEXT, capabilities => BYTEA];
            session.execute(INSERT, values).await?
        }
        Some(seen) => {
            let values = values![
                name => TEXT, project => TEXT, capabilities => BYTEA,
                seen.project.as_str() => TEXT, json(&seen.capabilities)? => BYTEA,
            ];
            session.execute(UPDATE, values).await?
        }
    };
    if touched > 0 || get(session, &next.name).await?.as_ref() == Some(next) {
        return Ok(());
    }
    Err(StorageError::Conflict("the flavor was changed meanwhile").into())
}

#[async_trait::async_trait]
impl Flavors for PostgresManagementStore {
    async fn put_flavor(&self, flavor: &Flavor, seen: Option<&Flavor>) -> StorageResult<()> {
        let (flavor, seen) = (flavor.clone(), seen.cloned());
        let put = self.write(move |session| {
            let (flavor, seen) = (flavor.clone(), seen.clone());
            Box::pin(async move { put(session, &flavor, seen.as_ref()).await })
        });
        put.await
    }

    async fn get_flavor(&self, name: &FlavorName) -> StorageResult<Option<Flavor>> {
        let name = name.clone();
        let get = self.read(move |session| {
            let name = name.clone();
            Box::pin(async move { get(session, &name).await })
        });
        get.await
    }

    async fn list_flavors(&self, page: &PageRequest<FlavorName>) -> StorageResult<Page<Flavor, FlavorName>> {
        let marker = page.marker.as_ref().map_or_else(String::new, ToString::to_string);
        let most = limit(page.limit);
        let list = self.read(move |session| {
            let marker = marker.clone();
            Box::pin(async move {
                let rows = session.query(LIST, values![marker => TEXT, most => INT8]).await?;
                rows.iter().map(flavor).collect::<Result<Vec<_>, _>>()
            })
        });
        let items = list.await?;
        Ok(Page { next: items.last().map(|flavor| flavor.name.clone()), items })
    }

    async fn delete_flavor(&self, name: &FlavorName) -> StorageResult<()> {
        let name = name.clone();
        let delete = self.write(move |session| {
            let name = name.clone();
            Box::pin(async move {
                let name = name.as_str();
                let deleted = session.execute(DELETE, values![name => TEXT]).await?;
                if deleted == 0 && session.first(IN_USE, values![name => TEXT]).await?.is_some() {
                    return Err(StorageError::Conflict("a pool belongs to the flavor").into());
                }
                Ok(())
            })
        });
        delete.await
    }
}
