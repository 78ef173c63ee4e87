//! Flavors: kinds of pools that a queue can ask for by name. Made, shown, changed, listed, removed.
//!
//! Which pools a flavor has stands with the pools: a pool has one flavor or none. Flavors belong to the site, not to a
//! project: everybody may ask for those that an administrator has made.

mod create;
mod delete;
mod get;
mod list;
mod shown;
mod update;

pub use list::{FlavorListing, ListedFlavors};
pub use shown::ShownFlavor;

use zaqar_model::{FlavorName, Pool};
use zaqar_storage::StorageResult;

use crate::pools::Registry;
use crate::{Absent, Error};

fn absent(name: &str) -> Error {
    Error::NotFound(Absent::Flavor { name: name.to_owned() })
}

/// The pools of these names, or the first name that is none's.
async fn find_pools(registry: &Registry, names: &[String]) -> StorageResult<Result<Vec<Pool>, String>> {
    let mut pools = Vec::with_capacity(names.len());
    for name in names {
        match registry.find_pool(name).await? {
            Some(pool) => pools.push(pool),
            None => return Ok(Err(name.clone())),
        }
    }
    Ok(Ok(pools))
}

async fn give_flavor(
    registry: &Registry,
    pools: Vec<Pool>,
    flavor: Option<&FlavorName>,
) -> StorageResult<()> {
    for pool in pools {
        registry.set_flavor(&pool.name, flavor).await?;
    }
    Ok(())
}
