//! Deletes a queue with everything in it.

use zaqar_model::{Caller, DestinationName};

use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::zaqar::run_detached;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// No such queue: nothing to do.
    pub async fn delete_queue(&self, caller: &Caller, name: &DestinationName) -> Result<()> {
        self.permit(caller, Rule::QueuesDelete.on(name.kind))?;
        let answer = pass!(self.pipelines.of(name.kind), stage => stage.delete_queue(caller, name));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::DeleteQueue(name.kind);
        let (stores, project, name) = (self.stores.clone(), caller.project.clone(), name.clone());
        let now = self.now();
        let deleting = async move { stores.delete(&project, &name, now).await };
        run_detached(deleting).await.or_unavailable(failure)
    }
}
