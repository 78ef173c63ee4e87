//! Renews a claim.

use zaqar_model::{Caller, QueueName};

use super::{ClaimParams, absent};
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// Lets a live claim begin anew.
    pub async fn update_claim(
        &self,
        caller: &Caller,
        name: &QueueName,
        id: &str,
        mut wish: ClaimParams,
    ) -> Result<()> {
        self.permit(caller, Rule::ClaimsUpdate)?;
        let answer = pass!(self.pipelines.claims, stage => stage.update_claim(caller, name, id, &mut wish));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let terms = wish.for_renewal(&self.limits)?;
        let failure = Failure::UpdateClaim;
        let found = self.find_queue(&caller.project, name).await.or_unavailable(failure)?;
        let renewed = match (found, id.parse()) {
            (Some(queue), Ok(id)) => {
                let (store, now) = (&self.stores.messages, self.now());
                let renewed = repeat(|_| store.renew(&queue.destination, id, terms, now)).await;
                renewed.or_unavailable(failure)?
            }
            _ => false,
        };
        if renewed { Ok(()) } else { Err(absent(caller, name, id)) }
    }
}
