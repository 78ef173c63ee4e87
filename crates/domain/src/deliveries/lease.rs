//! Takes what is due.

use zaqar_model::{Delivery, Destination, DestinationName, Metadata};
use zaqar_storage::{Due, LeaseRequest, StorageResult, SubscriptionShare};

use crate::repeat::repeat;
use crate::{CannotOpen, Zaqar};

/// A delivery as the engine makes it.
#[derive(Debug)]
pub struct Owed {
    /// Its message is plain, unless it is unreadable.
    pub delivery: Delivery,
    /// Why its message cannot be decrypted.
    pub unreadable: Option<CannotOpen>,
    /// Whether its message is encrypted in the store.
    pub(super) is_sealed: bool,
}

impl Zaqar {
    /// What is due; see [`due`](zaqar_storage::Deliveries::due).
    pub async fn due_deliveries(&self, share: SubscriptionShare, limit: usize) -> StorageResult<Due> {
        self.stores.messages.deliveries_or_unsupported()?.due(share, limit, self.now()).await
    }

    /// Leases what is due; see [`lease`](zaqar_storage::Deliveries::lease).
    pub async fn lease_deliveries(&self, request: &LeaseRequest) -> StorageResult<Vec<Owed>> {
        let (deliveries, now) = (self.stores.messages.deliveries_or_unsupported()?, self.now());
        let leased = repeat(async |is_repeated| {
            if !is_repeated {
                return deliveries.lease(request, now).await;
            }
            deliveries.lease(&LeaseRequest { is_repeated, ..request.clone() }, now).await
        });
        let leased = leased.await?;
        Ok(leased.into_iter().map(|delivery| self.owed(delivery)).collect())
    }

    fn owed(&self, mut delivery: Delivery) -> Owed {
        let message = &mut delivery.message.message;
        let is_sealed = message.body.is_sealed();
        let project = &delivery.subscription.source.project;
        let unreadable = self.keyring.open(project, std::slice::from_mut(message)).err();
        Owed { delivery, unreadable, is_sealed }
    }

    /// Waits until more may be due; see [`wait_for_due`](zaqar_storage::Deliveries::wait_for_due).
    pub async fn wait_for_due(&self) -> StorageResult<()> {
        self.stores.messages.deliveries_or_unsupported()?.wait_for_due().await
    }

    /// The metadata of a queue or topic that is subscribed to. None of it is left when it is gone.
    pub async fn metadata_of_source(&self, source: &Destination) -> StorageResult<Metadata> {
        let name = DestinationName { kind: source.kind, name: source.name.clone() };
        let found = self.find(&source.project, &name).await?;
        let found = found.filter(|queue| queue.destination == *source);
        Ok(found.map(|queue| queue.metadata.clone()).unwrap_or_default())
    }
}
