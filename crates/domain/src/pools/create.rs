//! Registers a pool.

use zaqar_model::Caller;

use super::PoolDefinition;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::zaqar::run_detached;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// A pool of this name is replaced. The store must answer, and be able to do what the others of its flavor can.
    pub async fn create_pool(&self, caller: &Caller, name: &str, definition: PoolDefinition) -> Result<()> {
        self.permit(caller, Rule::PoolsCreate)?;
        let registry = self.registry()?;
        let pool = definition.named(name)?;
        let capabilities = registry.try_pool(&pool).await?;
        let registering =
            async move { registry.change_pool(&pool.name, Some(capabilities), |_| Some(pool.clone())).await };
        run_detached(registering).await.or_unavailable(Failure::CreatePool)?.map(drop)
    }
}
