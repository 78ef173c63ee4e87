//! Makes a queue.

use zaqar_model::{Caller, DestinationName, Metadata};
use zaqar_storage::Created;

use super::attributes;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::{Error, Failure, Result, Zaqar};

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
        let failure = Failure::CreateQueue(name.kind);
        let flavor = self.flavor_of(&metadata).await.or_unavailable(failure)?;
        let flavor = flavor.map_err(|absent| Error::invalid(absent.to_string()))?;
        let created = self
            .stores
            .management
            .create(name.kind, &caller.project, &name.name, metadata)
            .await
            .or_unavailable(failure)?;
        let (creation, placed) = match &created {
            Created::New(queue) => {
                (QueueCreation::Created, self.stores.place_new(queue, flavor.as_ref()).await)
            }
            Created::Existing(queue) => (QueueCreation::Existed, self.place_again(queue).await),
        };
        placed.or_unavailable(failure)?;
        Ok(creation)
    }
}
