//! Flavors: kinds of pools that a queue can ask for by name.

use zaqar_model::{Flavor, FlavorName, Page, PageRequest};

use crate::StorageResult;

/// The registered flavors.
#[async_trait::async_trait]
pub trait Flavors: Send + Sync {
    /// Registers a flavor, or replaces the one of this name.
    async fn put_flavor(&self, flavor: Flavor) -> StorageResult<()>;

    async fn get_flavor(&self, name: &FlavorName) -> StorageResult<Option<Flavor>>;

    /// In the order of their names.
    async fn list_flavors(&self, page: &PageRequest<FlavorName>) -> StorageResult<Page<Flavor, FlavorName>>;

    /// Removes a flavor. `Conflict` while a pool belongs to it.
    async fn delete_flavor(&self, name: &FlavorName) -> StorageResult<()>;
}
