//! Makes a queue.

use zaqar_model::{Caller, DestinationName, Metadata};
use zaqar_storage::Created;

use super::attributes;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::{Failure, Result, Zaqar};

/// Whether there is a new queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueCreation {
    Created,
    /// There was one of this name; it is left as it was.
    Existed,
}

impl Zaqar {
    pub async fn create_queue(
        &self,
        caller: &Caller,
        name: &DestinationName,
        metadata: Metadata,
    ) -> Result<QueueCreation> {
        self.permit(caller, Rule::QueuesCreate.on(name.kind))?;
        attributes::check(&metadata, &self.limits)?;
        self.check_encryption(attributes::asks_for_encryption(&metadata))?;
        let created = self
            .stores
            .management
            .create(name.kind, &caller.project, &name.name, metadata)
            .await
            .or_unavailable(Failure::CreateQueue(name.kind))?;
        Ok(match created {
            Created::New(_) => QueueCreation::Created,
            Created::Existing(_) => QueueCreation::Existed,
        })
    }
}
