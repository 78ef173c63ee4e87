//! Flavors: kinds of pools that a queue can ask for by name.

use zaqar_model::{Flavor, FlavorName, Page, PageRequest};
use zaqar_storage::{Flavors, StorageError, StorageResult};

use super::{ReferenceStore, page_of};

#[async_trait::async_trait]
impl Flavors for ReferenceStore {
    async fn put_flavor(&self, flavor: &Flavor, seen: Option<&Flavor>) -> StorageResult<()> {
        let mut state = self.state()?;
        let current = state.flavors.get(&flavor.name);
        if current != Some(flavor) && current != seen {
            return Err(StorageError::Conflict("the flavor was changed meanwhile"));
        }
        state.flavors.insert(flavor.name.clone(), flavor.clone());
        Ok(())
    }

    async fn get_flavor(&self, name: &FlavorName) -> StorageResult<Option<Flavor>> {
        Ok(self.state()?.flavors.get(name).cloned())
    }

    async fn list_flavors(&self, page: &PageRequest<FlavorName>) -> StorageResult<Page<Flavor, FlavorName>> {
        Ok(page_of(self.state()?.flavors.values().cloned(), |flavor| flavor.name.clone(), page))
    }

    async fn delete_flavor(&self, name: &FlavorName) -> StorageResult<()> {
        let mut state = self.state()?;
        if state.pools.values().any(|pool| pool.flavor.as_ref() == Some(name)) {
            return Err(StorageError::Conflict("a pool belongs to this flavor"));
        }
        state.flavors.remove(name);
        Ok(())
    }
}
