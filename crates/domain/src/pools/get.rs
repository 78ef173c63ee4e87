//! Shows a pool.

use zaqar_model::{Caller, Pool};

use super::absent;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// With its URI, which may hold a password: by default only administrators may do this.
    pub async fn get_pool(&self, caller: &Caller, name: &str) -> Result<Pool> {
        self.permit(caller, Rule::PoolsGet)?;
        let pool = self.registry()?.find_pool(name).await.or_unavailable(Failure::GetPool)?;
        pool.ok_or_else(|| absent(name))
    }
}
