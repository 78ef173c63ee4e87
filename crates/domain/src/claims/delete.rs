//! Releases a claim.

use zaqar_model::{Caller, QueueName};

use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// Ends a claim: its messages are free at once. No such claim: nothing to do.
    pub async fn delete_claim(&self, caller: &Caller, name: &QueueName, id: &str) -> Result<()> {
        self.permit(caller, Rule::ClaimsDelete)?;
        let answer = pass!(self.pipelines.claims, stage => stage.delete_claim(caller, name, id));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::DeleteClaim;
        let found = self.find_queue(&caller.project, name).await.or_unavailable(failure)?;
        let (Some(queue), Ok(id)) = (found, id.parse()) else { return Ok(()) };
        let (store, now) = (&self.stores.messages, self.now());
        repeat(|_| store.release(&queue.destination, id, now)).await.or_unavailable(failure)
    }
}
