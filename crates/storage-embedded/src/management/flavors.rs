//! Flavors.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zaqar_model::{Flavor, FlavorName, Page, PageRequest, ProjectId};
use zaqar_storage::{Flavors, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::rows::{BadRow, Row, Rows, Tables, from_json, to_json};

#[derive(Serialize, Deserialize)]
struct Value {
    project: String,
    capabilities: Box<RawValue>,
}

impl Row for Flavor {
    const TABLE: &'static str = "flavors";

    fn key(&self) -> Vec<u8> {
        key(&self.name)
    }

    fn group(&self) -> Option<Vec<u8>> {
        None
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Value {
            project: self.project.to_string(),
            capabilities: to_json(&self.capabilities)?,
        })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let value: Value = serde_json::from_slice(value)?;
        Ok(Self {
            name: FlavorName::new(std::str::from_utf8(key)?)?,
            project: ProjectId::new(&value.project)?,
            capabilities: from_json(&value.capabilities)?,
        })
    }

    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.flavors
    }
}

fn key(name: &FlavorName) -> Vec<u8> {
    name.as_str().into()
}

#[async_trait::async_trait]
impl Flavors for EmbeddedManagementStore {
    async fn put_flavor(&self, flavor: Flavor) -> StorageResult<()> {
        self.write(move |draft| draft.put(flavor).map(drop)).await
    }

    async fn get_flavor(&self, name: &FlavorName) -> StorageResult<Option<Flavor>> {
        let key = key(name);
        self.read(|tables| tables.flavors.get(&key).map(|flavor| (*flavor).clone()))
    }

    async fn list_flavors(&self, page: &PageRequest<FlavorName>) -> StorageResult<Page<Flavor, FlavorName>> {
        let marker = page.marker.as_ref().map(key);
        let flavors = self.read(|tables| tables.flavors.page(b"", marker.as_deref(), page.limit))?;
        let next = flavors.last().map(|flavor| flavor.name.clone());
        Ok(Page { items: flavors.iter().map(|flavor| (**flavor).clone()).collect(), next })
    }

    async fn delete_flavor(&self, name: &FlavorName) -> StorageResult<()> {
        let key = key(name);
        self.write(move |draft| {
            if draft.tables().pools.count(&key) > 0 {
                return Err(StorageError::Conflict("pools belong to the flavor"));
            }
            draft.remove::<Flavor>(&key);
            Ok(())
        })
        .await
    }
}
