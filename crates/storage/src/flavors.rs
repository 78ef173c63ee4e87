//! Flavors: kinds of pools that a queue can ask for by name.

use zaqar_model::{Flavor, FlavorName, Page, PageRequest};

use crate::StorageResult;

/// The registered flavors.
#[async_trait::async_trait]
pub trait Flavors: Send + Sync {
    /// Registers a flavor if there is none of its name (`seen` is `None`), or puts it in place of the one that was seen.
    /// `Conflict` if the flavor of this name is not what was seen.
    ///
    /// May be repeated: nothing is done if the flavor is registered like this already.
    async fn put_flavor(&self, flavor: &Flavor, seen: Option<&Flavor>) -> StorageResult<()>;

    async fn get_flavor(&self, name: &FlavorName) -> StorageResult<Option<Flavor>>;

    /// In the order of their names, bytewise. A page is short only at the end.
    async fn list_flavors(&self, page: &PageRequest<FlavorName>) -> StorageResult<Page<Flavor, FlavorName>>;

    /// Removes a flavor. `Conflict` while a pool belongs to it. May be repeated.
    async fn delete_flavor(&self, name: &FlavorName) -> StorageResult<()>;
}
