//! Changes which pools a flavor has.

use zaqar_model::{Caller, Flavor, FlavorName};
use zaqar_storage::StorageResult;

use super::shown::{ShownFlavor, capabilities_of, names, recorded};
use super::{absent, find_pools, give_flavor};
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pools::Registry;
use crate::zaqar::run_detached;
use crate::{Error, Failure, PoolListFault, Result, Zaqar};

impl Zaqar {
    /// Afterwards the flavor has these pools and no others. Queues stay where they are.
    pub async fn update_flavor(
        &self,
        caller: &Caller,
        name: &str,
        pools: Vec<String>,
    ) -> Result<ShownFlavor> {
        self.permit(caller, Rule::FlavorsUpdate)?;
        if pools.is_empty() {
            return Err(Error::BadPoolList(PoolListFault::Empty));
        }
        let Ok(name) = FlavorName::new(name) else { return Err(absent(name)) };
        run_detached(update(self.registry()?, name, pools)).await.or_unavailable(Failure::UpdateFlavor)?
    }
}

async fn update(
    registry: Registry,
    name: FlavorName,
    pools: Vec<String>,
) -> StorageResult<Result<ShownFlavor>> {
    if registry.store()?.get_flavor(&name).await?.is_none() {
        return Ok(Err(absent(name.as_str())));
    }
    let pools = match find_pools(&registry, &pools).await? {
        Ok(pools) => pools,
        Err(pool) => {
            return Ok(Err(Error::BadPoolList(PoolListFault::AbsentAtUpdate { flavor: name, pool })));
        }
    };
    let capabilities = capabilities_of(&registry, &pools);
    let changed = |seen: Option<&Flavor>| {
        seen.map(|flavor| Flavor { capabilities: recorded(capabilities), ..flavor.clone() })
    };
    if !registry.change_flavor(&name, changed).await? {
        return Ok(Err(absent(name.as_str())));
    }
    let mut former = registry.store()?.all_pools_of_flavor(Some(&name)).await?;
    former.retain(|pool| pools.iter().all(|kept| kept.name != pool.name));
    let kept = pools.iter().map(|pool| pool.name.clone()).collect();
    give_flavor(&registry, pools, Some(&name)).await?;
    give_flavor(&registry, former, None).await?;
    Ok(Ok(ShownFlavor { name, pools: kept, capabilities: names(capabilities) }))
}
