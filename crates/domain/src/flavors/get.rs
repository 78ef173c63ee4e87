//! Shows a flavor.

use zaqar_model::{Caller, FlavorName};
use zaqar_storage::StorageResult;

use super::{ShownFlavor, absent};
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pools::Registry;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    pub async fn get_flavor(&self, caller: &Caller, name: &str) -> Result<ShownFlavor> {
        self.permit(caller, Rule::FlavorsGet)?;
        let found = find(&self.registry()?, name).await.or_unavailable(Failure::GetFlavor)?;
        found.ok_or_else(|| absent(name))
    }
}

/// `None` also for a text that is no name.
async fn find(registry: &Registry, name: &str) -> StorageResult<Option<ShownFlavor>> {
    let Ok(name) = FlavorName::new(name) else { return Ok(None) };
    match registry.store()?.get_flavor(&name).await? {
        Some(flavor) => ShownFlavor::of(registry, flavor.name).await.map(Some),
        None => Ok(None),
    }
}
