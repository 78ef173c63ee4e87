//! Flavors. A record is the project and the capabilities.

use zaqar_model::{Flavor, FlavorName, Page, PageRequest, ProjectId};
use zaqar_storage::{Flavors, StorageError, StorageResult};

use crate::RedisManagementStore;
use crate::accounts::write_text;
use crate::connection::Reply;
use crate::fields::Fields;
use crate::management::{FLAVOR_NAMES, FLAVORS, document_of, json, name_of, paged};
use crate::scripts;

fn record(flavor: &Flavor) -> StorageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    write_text(&mut bytes, flavor.project.as_str());
    bytes.extend(json(&flavor.capabilities)?);
    Ok(bytes)
}

fn flavor(name: &[u8], record: &[u8]) -> StorageResult<Flavor> {
    let mut fields = Fields(record);
    let project = fields.text()?;
    Ok(Flavor {
        name: name_of(name, FlavorName::new)?,
        project: name_of(project.as_bytes(), ProjectId::new)?,
        capabilities: document_of(fields.0)?,
    })
}

#[async_trait::async_trait]
impl Flavors for RedisManagementStore {
    async fn put_flavor(&self, flavor: &Flavor, seen: Option<&Flavor>) -> StorageResult<()> {
        let call = self
            .call(&scripts::PUT_FLAVOR, &[])
            .arg(flavor.name.as_str())
            .arg(record(flavor)?)
            .arg(seen.map(record).transpose()?.unwrap_or_default());
        match self.in_use.write(call).await?.int()? {
            0 => Ok(()),
            _ => Err(StorageError::Conflict("the flavor was changed meanwhile")),
        }
    }

    async fn get_flavor(&self, name: &FlavorName) -> StorageResult<Option<Flavor>> {
        let found = self.field(FLAVORS, name.as_str().as_bytes()).await?;
        found.map(|record| flavor(name.as_str().as_bytes(), &record)).transpose()
    }

    async fn list_flavors(
        &self,
        request: &PageRequest<FlavorName>,
    ) -> StorageResult<Page<Flavor, FlavorName>> {
        let listed = self.listed(FLAVOR_NAMES, FLAVORS);
        let bytes = |name: &FlavorName| name.as_str().as_bytes().to_vec();
        Ok(paged(self.page(&listed, b"", request, bytes, flavor).await?, |flavor| flavor.name.clone()))
    }

    async fn delete_flavor(&self, name: &FlavorName) -> StorageResult<()> {
        let call = self.call(&scripts::DELETE_FLAVOR, &[]).arg(name.as_str());
        match self.in_use.write(call).await?.int()? {
            0 => Ok(()),
            _ => Err(StorageError::Conflict("a pool belongs to the flavor")),
        }
    }
}
