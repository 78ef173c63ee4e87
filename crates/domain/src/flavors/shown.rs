//! A flavor as it is shown.

use serde_json::Map;
use zaqar_model::{FlavorName, Metadata, Pool, PoolName};
use zaqar_storage::{Capabilities, StorageResult};

use crate::pools::Registry;

/// A flavor and its pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownFlavor {
    pub name: FlavorName,
    pub pools: Vec<PoolName>,
    /// What its pools can do, by upstream's names.
    pub capabilities: Vec<&'static str>,
}

impl ShownFlavor {
    pub(super) async fn of(registry: &Registry, name: FlavorName) -> StorageResult<Self> {
        let pools = registry.store()?.all_pools_of_flavor(Some(&name)).await?;
        let capabilities = names(capabilities_of(registry, &pools));
        Ok(Self { name, pools: pools.into_iter().map(|pool| pool.name).collect(), capabilities })
    }
}

/// What the first of these pools can do. The pools of a flavor are all alike.
pub(super) fn capabilities_of(registry: &Registry, pools: &[Pool]) -> Capabilities {
    pools.first().and_then(|pool| registry.placement.capabilities_of(&pool.uri)).unwrap_or_default()
}

pub(super) fn names(capabilities: Capabilities) -> Vec<&'static str> {
    [
        ("FIFO", capabilities.fifo),
        ("CLAIMS", capabilities.claims),
        ("DURABILITY", capabilities.durability),
        ("AOD", capabilities.at_least_once),
        ("HIGH_THROUGHPUT", capabilities.high_throughput),
    ]
    .into_iter()
    .filter_map(|(name, has)| has.then_some(name))
    .collect()
}

/// As they are kept with the flavor.
pub(super) fn recorded(capabilities: Capabilities) -> Metadata {
    let members = names(capabilities).into_iter().map(|name| (name.to_owned(), true.into()));
    Metadata::new(Map::from_iter(members))
}
