//! Takes what is due.

use zaqar_model::{Delivery, Destination, DestinationName, LeaseId, Metadata, Timestamp};
use zaqar_storage::{LeaseLimits, StorageResult, SubscriptionShare};

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
    /// Leases what is due; see [`lease`](zaqar_storage::Deliveries::lease).
    pub async fn lease_deliveries(
        &self,
        lease: LeaseId,
        until: Timestamp,
        limits: LeaseLimits,
    ) -> StorageResult<Vec<Owed>> {
        let leased = self.stores.messages.lease(lease, until, limits, self.now()).await?;
        Ok(leased.into_iter().map(|delivery| self.owed(delivery)).collect())
    }

    fn owed(&self, mut delivery: Delivery) -> Owed {
        let message = &mut delivery.message.message;
        let is_sealed = message.body.is_sealed();
        let project = &delivery.subscription.source.project;
        let unreadable = self.keyring.open(project, std::slice::from_mut(message)).err();
        Owed { delivery, unreadable, is_sealed }
    }

    /// When the next delivery is due; see [`next_due`](zaqar_storage::Deliveries::next_due).
    pub async fn next_delivery_due(&self, share: SubscriptionShare) -> StorageResult<Option<Timestamp>> {
        self.stores.messages.next_due(share, self.now()).await
    }

    /// Waits until more may be due; see [`wait_for_owed`](zaqar_storage::Deliveries::wait_for_owed).
    pub async fn wait_for_owed(&self) -> StorageResult<()> {
        self.stores.messages.wait_for_owed().await
    }

    /// The metadata of a queue or topic that is subscribed to. None of it is left when it is gone.
    pub async fn metadata_of_source(&self, source: &Destination) -> StorageResult<Metadata> {
        let name = DestinationName { kind: source.kind, name: source.name.clone() };
        let found = self.find(&source.project, &name).await?;
        let found = found.filter(|queue| queue.destination == *source);
        Ok(found.map(|queue| queue.metadata.clone()).unwrap_or_default())
    }
}
