//! Pools, flavors and the catalogue.

pub mod catalogue;
pub mod durability;
pub mod flavors;
pub mod moving;
pub mod registering;

use zaqar_model::{Flavor, FlavorName, Metadata, PageRequest, Pool, PoolName, PoolWeight};
use zaqar_storage::{ManagementStore, StorageError};

use crate::minting::project;

/// A store that keeps pools is held to these: one that answers `Unsupported` to the listing of pools keeps none.
pub async fn needs(store: &dyn ManagementStore) -> bool {
    let answer = store.list_pools(&PageRequest { marker: None, limit: 1 }).await;
    !matches!(answer, Err(StorageError::Unsupported(_)))
}

fn pool_name(name: &str) -> PoolName {
    PoolName::new(name).unwrap()
}

fn flavor_name(name: &str) -> FlavorName {
    FlavorName::new(name).unwrap()
}

/// A pool with a URI of its own.
fn pool(name: &str) -> Pool {
    Pool {
        name: pool_name(name),
        uri: format!("embedded:///var/lib/{name}"),
        weight: PoolWeight(100),
        flavor: None,
        options: Metadata::default(),
    }
}

fn pool_of_flavor(name: &str, flavor: &str) -> Pool {
    Pool { flavor: Some(flavor_name(flavor)), ..pool(name) }
}

fn flavor(name: &str) -> Flavor {
    Flavor { name: flavor_name(name), project: project("p"), capabilities: Metadata::default() }
}
