//! Pools, flavors and the catalogue.

pub mod catalogue;
pub mod durability;
pub mod flavors;
pub mod moving;
pub mod registering;

use zaqar_model::{Destination, DestinationKind, Flavor, FlavorName, Metadata, Pool, PoolName, PoolWeight};
use zaqar_storage::ManagementStore;

use crate::bench::ManagementBench;
use crate::samples::{fresh_destination, project};

/// A store that has pools is held to these.
pub async fn needs(store: &dyn ManagementStore) -> bool {
    store.pools().is_some()
}

pub(super) fn pool_name(name: &str) -> PoolName {
    PoolName::new(name).unwrap()
}

fn flavor_name(name: &str) -> FlavorName {
    FlavorName::new(name).unwrap()
}

/// A pool with a URI of its own.
pub(super) fn pool(name: &str) -> Pool {
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

pub(super) fn flavor(name: &str) -> Flavor {
    Flavor { name: flavor_name(name), project: project("p"), capabilities: Metadata::default() }
}

/// A queue that the store knows. One that it does not know counts as deleted.
async fn new_queue(bench: &ManagementBench) -> Destination {
    let Destination { kind, project, name, .. } = fresh_destination(DestinationKind::Topic);
    let created = bench.store().create(kind, &project, &name, Metadata::default()).await;
    created.unwrap().into_queue().destination.clone()
}
