//! Makes a queue.

use std::sync::Arc;

use zaqar_model::{Caller, DestinationName, FlavorName, Metadata, Queue};
use zaqar_storage::Created;

use super::{absent, attributes};
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Error, Failure, Result, Zaqar};

/// Whether there is a new queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueCreation {
    Created,
    /// There was one of this name; it is left as it was.
    Existed,
}

/// What a new queue begins with: metadata that it may have, and the flavor in it.
#[derive(Debug, Default)]
pub(crate) struct NewQueue {
    pub(crate) metadata: Metadata,
    pub(crate) flavor: Option<FlavorName>,
}

impl Zaqar {
    pub async fn create_queue(
        &self,
        caller: &Caller,
        name: &DestinationName,
        mut metadata: Metadata,
    ) -> Result<QueueCreation> {
        self.permit(caller, Rule::QueuesCreate.on(name.kind))?;
        let answer =
            pass!(self.pipelines.of(name.kind), stage => stage.create_queue(caller, name, &mut metadata));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::CreateQueue(name.kind);
        let NewQueue { metadata, flavor } = self.new_queue(metadata, failure).await?;
        let created = self.stores.create(&caller.project, name, metadata).await.or_unavailable(failure)?;
        let (creation, placed) = match &created {
            Created::New(queue) => {
                (QueueCreation::Created, self.stores.place_new(queue, flavor.as_ref(), self.now()).await)
            }
            Created::Existing(queue) => (QueueCreation::Existed, self.place_again(queue).await),
        };
        placed.or_unavailable(failure)?;
        Ok(creation)
    }

    /// What a queue begins with that is made because somebody uses it. It passes the same stages as any other queue.
    pub(crate) async fn lazy_queue(&self, caller: &Caller, name: &DestinationName) -> Result<NewQueue> {
        let pipeline = self.pipelines.of(name.kind);
        if pipeline.stages().is_empty() {
            return Ok(NewQueue::default());
        }
        let mut metadata = Metadata::default();
        match pass!(pipeline, stage => stage.create_queue(caller, name, &mut metadata))? {
            Some(_) => Err(absent(caller, name)),
            None => self.new_queue(metadata, Failure::CreateQueue(name.kind)).await,
        }
    }

    /// The queue or topic of this name, made now if there is none.
    pub(crate) async fn find_or_make(
        &self,
        caller: &Caller,
        name: &DestinationName,
        failure: Failure,
    ) -> Result<Arc<Queue>> {
        match self.find(&caller.project, name).await.or_unavailable(failure)? {
            Some(queue) => Ok(queue),
            None => {
                let new = self.lazy_queue(caller, name).await?;
                self.stores
                    .find_or_create(&caller.project, name, new, self.now())
                    .await
                    .or_unavailable(failure)
            }
        }
    }

    async fn new_queue(&self, metadata: Metadata, failure: Failure) -> Result<NewQueue> {
        attributes::check(&metadata, &self.limits)?;
        self.check_encryption(attributes::asks_for_encryption(&metadata))?;
        let flavor = self.flavor_of(&metadata).await.or_unavailable(failure)?;
        let flavor = flavor.map_err(|absent| Error::invalid(absent.to_string()))?;
        Ok(NewQueue { metadata, flavor })
    }
}
