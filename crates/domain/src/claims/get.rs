//! Shows a claim.

use zaqar_model::{Caller, Claim, QueueName, Timestamp};

use super::absent;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Failure, Result, Zaqar};

/// A claim, and the moment at which its age and its messages' ages are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownClaim {
    pub claim: Claim,
    pub now: Timestamp,
}

impl Zaqar {
    /// A text that is no id names no claim.
    pub async fn get_claim(&self, caller: &Caller, name: &QueueName, id: &str) -> Result<ShownClaim> {
        self.permit(caller, Rule::ClaimsGet)?;
        let answer = pass!(self.pipelines.claims, stage => stage.get_claim(caller, name, id));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::GetClaim;
        let now = self.now();
        let found = self.find_queue(&caller.project, name).await.or_unavailable(failure)?;
        let claim = match (found, id.parse()) {
            (Some(queue), Ok(id)) => {
                let store = &self.stores.messages;
                let mut claim = store.get_claim(&queue.destination, id, now).await.or_unavailable(failure)?;
                if let Some(claim) = &mut claim {
                    self.open(&queue.destination, &mut claim.messages, failure)?;
                }
                claim
            }
            _ => None,
        };
        let claim = claim.ok_or_else(|| absent(caller, name, id))?;
        Ok(ShownClaim { claim, now })
    }
}
