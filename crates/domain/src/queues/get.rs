//! Shows a queue's metadata.

use zaqar_model::{Caller, DestinationName, Metadata};

use super::attributes;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// The metadata with the reserved attributes' defaults. A queue that does not exist is shown as it would be if it
    /// were created without metadata.
    pub async fn get_queue(&self, caller: &Caller, name: &DestinationName) -> Result<Metadata> {
        let metadata = self.get_own_metadata(caller, name).await?;
        Ok(attributes::with_defaults(name.kind, &metadata, &self.limits))
    }

    /// The metadata as it was set, without the defaults. A queue that does not exist has none.
    pub async fn get_own_metadata(&self, caller: &Caller, name: &DestinationName) -> Result<Metadata> {
        self.permit(caller, Rule::QueuesGet.on(name.kind))?;
        let answer = pass!(self.pipelines.of(name.kind), stage => stage.get_queue(caller, name));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let queue = self.find(&caller.project, name).await.or_unavailable(Failure::GetQueue(name.kind))?;
        Ok(queue.map(|queue| queue.metadata.clone()).unwrap_or_default())
    }
}
