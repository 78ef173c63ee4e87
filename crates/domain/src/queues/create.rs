//! Makes a queue.

use zaqar_model::{Caller, DestinationKind, Metadata, QueueName};
use zaqar_storage::Created;

use super::attributes;
use crate::error::OrUnavailable;
use crate::permissions::{Rule, permit};
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
        name: &QueueName,
        metadata: Metadata,
    ) -> Result<QueueCreation> {
        permit(caller, Rule::QueuesCreate)?;
        attributes::check(&metadata, &self.limits)?;
        if attributes::asks_for_encryption(&metadata) {
            tracing::warn!(queue = %name, "a queue asks for encryption, which this version does not do yet");
        }
        let created = self
            .stores
            .management
            .create(DestinationKind::Queue, &caller.project, name, metadata)
            .await
            .or_unavailable(Failure::CreateQueue)?;
        Ok(match created {
            Created::New(_) => QueueCreation::Created,
            Created::Existing(_) => QueueCreation::Existed,
        })
    }
}
