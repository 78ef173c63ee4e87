//! Shows a queue's metadata.

use zaqar_model::{Caller, Metadata, QueueName};

use super::attributes;
use crate::error::OrUnavailable;
use crate::permissions::{Rule, permit};
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// The metadata with the reserved attributes' defaults. A queue that does not exist is shown as it would be if it
    /// were created without metadata.
    pub async fn get_queue(&self, caller: &Caller, name: &QueueName) -> Result<Metadata> {
        permit(caller, Rule::QueuesGet)?;
        let queue = self.find_queue(&caller.project, name).await.or_unavailable(Failure::GetQueue)?;
        Ok(match queue {
            Some(queue) => attributes::with_defaults(&queue.metadata, &self.limits),
            None => attributes::with_defaults(&Metadata::default(), &self.limits),
        })
    }
}
