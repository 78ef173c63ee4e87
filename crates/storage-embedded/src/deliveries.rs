//! Deliveries: not kept by this version of the driver, and declared so in its capabilities.

use zaqar_model::{Delivery, DeliveryOutcome, LeaseId, Marker, SubscriptionId, Timestamp};
use zaqar_storage::{Deliveries, StorageError, StorageResult};

use crate::EmbeddedMessageStore;

const UNSUPPORTED: StorageError = StorageError::Unsupported("deliveries");

#[async_trait::async_trait]
impl Deliveries for EmbeddedMessageStore {
    async fn lease(&self, _: LeaseId, _: Timestamp, _: usize, _: Timestamp) -> StorageResult<Vec<Delivery>> {
        Err(UNSUPPORTED)
    }

    async fn record(
        &self,
        _: LeaseId,
        _: Vec<(SubscriptionId, Marker, DeliveryOutcome)>,
        _: Timestamp,
    ) -> StorageResult<()> {
        Err(UNSUPPORTED)
    }

    async fn next_due(&self, _: Timestamp) -> StorageResult<Option<Timestamp>> {
        Err(UNSUPPORTED)
    }
}
