//! In which pools a queue lives: those of the flavor that its metadata names, or those without one. Where there are no
//! pools, the attribute means nothing.

use zaqar_model::{FlavorName, Metadata, Queue, Timestamp};
use zaqar_storage::{StorageError, StorageResult};

use super::attributes;
use crate::repeat::repeat;
use crate::{Absent, Stores, Zaqar};

/// The flavor that metadata names, or that it names none that exists.
type NamedFlavor = Result<Option<FlavorName>, Absent>;

impl Zaqar {
    pub(super) async fn flavor_of(&self, metadata: &Metadata) -> StorageResult<NamedFlavor> {
        if self.stores.placement.is_none() {
            return Ok(Ok(None));
        }
        let flavor = match attributes::flavor(metadata) {
            Ok(None) => return Ok(Ok(None)),
            Ok(Some(flavor)) => flavor,
            Err(name) => return Ok(Err(Absent::Flavor { name })),
        };
        Ok(match self.stores.management.pools_or_unsupported()?.get_flavor(&flavor).await? {
            Some(_) => Ok(Some(flavor)),
            None => Err(Absent::Flavor { name: flavor.to_string() }),
        })
    }

    /// Sees to it that a queue that was there before lives where its metadata says: a request that was broken off may have
    /// left that undone. A flavor that does not exist any more is passed over.
    pub(super) async fn place_again(&self, queue: &Queue) -> StorageResult<()> {
        match self.flavor_of(&queue.metadata).await? {
            Ok(flavor) => self.stores.place(queue, flavor.as_ref()).await,
            Err(_) => Ok(()),
        }
    }
}

impl Stores {
    pub(crate) async fn place(&self, queue: &Queue, flavor: Option<&FlavorName>) -> StorageResult<()> {
        let Some(placement) = &self.placement else { return Ok(()) };
        match repeat(|_| placement.place(&queue.destination, flavor)).await {
            // Not for the caller to mend: an operator has registered none, or all have the weight 0.
            Err(StorageError::NotFound(_)) => {
                let flavor =
                    flavor.map_or_else(|| "without a flavor".into(), |name| format!("of the flavor {name}"));
                Err(StorageError::unavailable(format!("no pool {flavor} takes queues")))
            }
            outcome => outcome,
        }
    }

    /// Places a queue that was just made; if that cannot be, it was not made.
    pub(crate) async fn place_new(
        &self,
        queue: &Queue,
        flavor: Option<&FlavorName>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let placed = self.place(queue, flavor).await;
        if placed.is_err() {
            let name = zaqar_model::DestinationName {
                kind: queue.destination.kind,
                name: queue.destination.name.clone(),
            };
            self.delete(&queue.destination.project, &name, now).await?;
        }
        placed
    }
}
