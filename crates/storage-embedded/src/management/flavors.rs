//! Flavors.

use zaqar_model::{Flavor, FlavorName, Page, PageRequest};
use zaqar_storage::{Flavors, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::rows::flavor::key;

#[async_trait::async_trait]
impl Flavors for EmbeddedManagementStore {
    async fn put_flavor(&self, flavor: &Flavor, seen: Option<&Flavor>) -> StorageResult<()> {
        let (flavor, seen) = (flavor.clone(), seen.cloned());
        self.write(move |staged| {
            let current = staged.tables().flavors.get(&key(&flavor.name));
            if current.as_deref() == Some(&flavor) {
                return Ok(());
            }
            if current.as_deref() != seen.as_ref() {
                return Err(StorageError::Conflict("the flavor was changed meanwhile"));
            }
            staged.put(flavor).map(drop)
        })
        .await
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
        self.write(move |staged| {
            if staged.tables().pools.count(&key) > 0 {
                return Err(StorageError::Conflict("pools belong to the flavor"));
            }
            staged.remove::<Flavor>(&key);
            Ok(())
        })
        .await
    }
}
