//! Changes a queue's metadata.

use std::borrow::Cow;

use zaqar_model::{Caller, DestinationName, Metadata};
use zaqar_storage::StorageError;

use super::{absent, attributes, patch::Patch};
use crate::error::{OrUnavailable, noun};
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Error, Failure, Result, Zaqar};

/// Between two tries somebody else's change has gone through, so this many in a row mean a queue under siege.
const TRIES: usize = 100;

impl Zaqar {
    /// Applies a patch and returns the metadata as it is shown afterwards. Of concurrent patches none is lost.
    pub async fn update_queue(
        &self,
        caller: &Caller,
        name: &DestinationName,
        patch: &Patch,
    ) -> Result<Metadata> {
        self.permit(caller, Rule::QueuesUpdate.on(name.kind))?;
        let mut patch = Cow::Borrowed(patch);
        let answer =
            pass!(self.pipelines.of(name.kind), stage => stage.update_queue(caller, name, patch.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::UpdateQueue(name.kind);
        for _ in 0..TRIES {
            let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
            let Some(queue) = found else { return Err(absent(caller, name)) };
            let mut metadata = queue.metadata.clone();
            patch.apply(name.kind, &mut metadata)?;
            attributes::check_change(&queue.metadata, &metadata, &self.limits)?;
            self.check_encryption(attributes::asks_for_encryption(&metadata))?;
            self.check_size(&metadata)?;
            let flavor = self.flavor_of(&metadata).await.or_unavailable(failure)?;
            let flavor = flavor.map_err(Error::NotFound)?;
            match self.stores.set_metadata(&queue, metadata).await {
                Ok(queue) => {
                    self.stores.place(&queue, flavor.as_ref()).await.or_unavailable(failure)?;
                    return Ok(attributes::with_defaults(name.kind, &queue.metadata, &self.limits));
                }
                // Changed, or deleted and perhaps made anew, since it was read.
                Err(StorageError::Conflict(_) | StorageError::NotFound(_)) => {}
                Err(source) => return Err(Error::Unavailable { failure, source }),
            }
        }
        let noun = noun(name.kind);
        let text = format!("The {noun} is being changed by others all the time. Please try again.");
        Err(Error::Conflict(text))
    }

    /// Many small patches must not make metadata larger than one request could.
    fn check_size(&self, metadata: &Metadata) -> Result<()> {
        let max = self.limits.max_queue_metadata;
        let size = serde_json::to_vec(metadata.members()).map_or(0, |text| text.len());
        if u64::try_from(size).is_ok_and(|size| size <= max) {
            return Ok(());
        }
        Err(Error::invalid(format!("Queue metadata is too large. Max size: {max}")))
    }
}
