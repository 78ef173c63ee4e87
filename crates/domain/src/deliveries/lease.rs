//! Takes what is due.

use zaqar_model::{Delivery, Destination, DestinationName, Metadata};
use zaqar_storage::{Due, LeaseRequest, Leased, StorageError, StorageResult, SubscriptionShare};

use crate::{CannotOpen, Zaqar};

/// A delivery as the engine makes it.
#[derive(Debug)]
pub struct LeasedDelivery {
    /// Its message is plain, unless it is unreadable.
    pub delivery: Delivery,
    /// Why its message cannot be decrypted.
    pub unreadable: Option<CannotOpen>,
    /// Whether its message is encrypted in the store.
    pub(super) is_sealed: bool,
}

/// What a lease has taken.
#[derive(Debug)]
pub struct LeasedDeliveries {
    pub owed: Vec<LeasedDelivery>,
    /// How to find out what else it has taken, where that is not known.
    pub again: Option<LeaseRequest>,
}

impl Zaqar {
    /// What is due; see [`due`](zaqar_storage::Deliveries::due).
    pub async fn due_deliveries(&self, share: SubscriptionShare, limit: usize) -> StorageResult<Due> {
        self.stores.messages.deliveries_or_unsupported()?.due(share, limit, self.now()).await
    }

    /// Leases what is due; see [`lease`](zaqar_storage::Deliveries::lease).
    pub async fn lease_deliveries(&self, request: &LeaseRequest) -> StorageResult<LeasedDeliveries> {
        let deliveries = self.stores.messages.deliveries_or_unsupported()?;
        let Leased { deliveries, unknown } = match deliveries.lease(request, self.now()).await {
            Err(StorageError::OutcomeUnknown(cause)) => {
                tracing::debug!(%cause, "it is not known what a lease has taken");
                Leased { deliveries: Vec::new(), unknown: request.subscriptions.clone() }
            }
            leased => leased?,
        };
        Ok(LeasedDeliveries {
            owed: deliveries.into_iter().map(|delivery| self.owed(delivery)).collect(),
            again: (!unknown.is_empty()).then_some(LeaseRequest {
                subscriptions: unknown,
                is_repeated: true,
                ..*request
            }),
        })
    }

    fn owed(&self, mut delivery: Delivery) -> LeasedDelivery {
        let message = &mut delivery.message.message;
        let is_sealed = message.body.is_sealed();
        let project = &delivery.subscription.source.project;
        let unreadable = self.keyring.open(project, std::slice::from_mut(message)).err();
        LeasedDelivery { delivery, unreadable, is_sealed }
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
