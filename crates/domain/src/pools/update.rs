//! Changes a pool.

use zaqar_model::{Caller, Pool, PoolName};
use zaqar_storage::{Capabilities, StorageResult};

use super::definition::Change;
use super::{PoolChange, Registry, absent};
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::zaqar::run_detached;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// What the change leaves out stays as it is. Queues stay in their pool: with another URI, what they hold is looked
    /// for there. Returns the pool as it is then.
    pub async fn update_pool(&self, caller: &Caller, name: &str, change: PoolChange) -> Result<Pool> {
        self.permit(caller, Rule::PoolsUpdate)?;
        let failure = Failure::UpdatePool;
        let registry = self.registry()?;
        let moves_store = change.moves_store();
        let change = change.checked()?;
        let pool = registry.find_pool(name).await.or_unavailable(failure)?.ok_or_else(|| absent(name))?;
        let tried =
            if moves_store { Some(registry.try_pool(&change.clone().apply(pool)).await?) } else { None };
        let name = name.to_owned();
        run_detached(update(registry, name, change, tried)).await.or_unavailable(failure)?
    }
}

/// `tried`: what the changed store can do, if it is another one.
async fn update(
    registry: Registry,
    name: String,
    change: Change,
    tried: Option<Capabilities>,
) -> StorageResult<Result<Pool>> {
    // It may have been changed or removed since it was tried.
    let Ok(pool) = PoolName::new(&name) else { return Ok(Err(absent(&name))) };
    let changed =
        registry.change_pool(&pool, tried, |seen| seen.map(|pool| change.clone().apply(pool.clone())));
    Ok(changed.await?.and_then(|pool| pool.ok_or_else(|| absent(&name))))
}
