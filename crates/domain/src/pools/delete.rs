//! Removes a pool. Its store stays as it is, but nothing is looked for in it any more.

use zaqar_model::Caller;
use zaqar_storage::{StorageError, StorageResult};

use super::Registry;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::repeat::repeat;
use crate::zaqar::run_detached;
use crate::{Error, Failure, PoolUse, Result, Zaqar};

impl Zaqar {
    /// No such pool: nothing to do. The last pool of a flavor is not removed, nor one of which a queue holds a message or has
    /// a subscription. Queues that hold nothing live elsewhere from then on.
    pub async fn delete_pool(&self, caller: &Caller, name: &str) -> Result<()> {
        self.permit(caller, Rule::PoolsDelete)?;
        let deleting = delete(self.registry()?, name.to_owned());
        run_detached(deleting).await.or_unavailable(Failure::DeletePool)?
    }
}

async fn delete(registry: Registry, name: String) -> StorageResult<Result<()>> {
    let Some(pool) = registry.find_pool(&name).await? else { return Ok(Ok(())) };
    if let Some(flavor) = &pool.flavor
        && registry.store()?.all_pools_of_flavor(Some(flavor)).await?.len() == 1
    {
        return Ok(Err(Error::PoolInUse(PoolUse::Flavor(flavor.clone()))));
    }
    if let Err(error) = registry.placement.vacate(&pool).await {
        tracing::warn!(%error, pool = %pool.name, "it is not known whether the queues of a pool hold anything");
    }
    let store = registry.store()?;
    match repeat(|_| store.delete_pool(&pool.name)).await {
        Err(StorageError::Conflict(_)) => return Ok(Err(Error::PoolInUse(PoolUse::Queues))),
        outcome => outcome?,
    }
    registry.placement.forget_pool(&pool.name).await;
    Ok(Ok(()))
}
