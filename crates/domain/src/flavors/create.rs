//! Makes a flavor.

use zaqar_model::{Caller, Flavor, FlavorName, ProjectId};
use zaqar_storage::StorageResult;

use super::shown::{capabilities_of, recorded};
use super::{find_pools, give_flavor};
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pools::Registry;
use crate::zaqar::run_detached;
use crate::{Error, Failure, PoolListFault, Result, Zaqar};

impl Zaqar {
    /// The pools leave the flavors that they had. A flavor of this name keeps the pools that it has already.
    pub async fn create_flavor(&self, caller: &Caller, name: &str, pools: Vec<String>) -> Result<()> {
        self.permit(caller, Rule::FlavorsCreate)?;
        let name = FlavorName::new(name).map_err(|error| Error::invalid(error.to_string()))?;
        if pools.is_empty() {
            return Err(Error::BadPoolList(PoolListFault::Empty));
        }
        let creating = create(self.registry()?, name, caller.project.clone(), pools);
        run_detached(creating).await.or_unavailable(Failure::CreateFlavor)?
    }
}

async fn create(
    registry: Registry,
    name: FlavorName,
    project: ProjectId,
    pools: Vec<String>,
) -> StorageResult<Result<()>> {
    let pools = match find_pools(&registry, &pools).await? {
        Ok(pools) => pools,
        Err(pool) => {
            return Ok(Err(Error::BadPoolList(PoolListFault::AbsentAtCreation { flavor: name, pool })));
        }
    };
    let capabilities = recorded(capabilities_of(&registry, &pools));
    let flavor = Flavor { name: name.clone(), project, capabilities };
    registry.change_flavor(&name, |_| Some(flavor.clone())).await?;
    give_flavor(&registry, pools, Some(&name)).await?;
    Ok(Ok(()))
}
