//! Deliveries: not kept by this version of the driver, and declared so in its capabilities.

use zaqar_model::{
    AttemptNumber, Delivery, DeliveryReport, Destination, FailedDelivery, KeptAttempt, LeaseId, Marker,
    MessageId, Page, PageRequest, SubscriptionId, Timestamp,
};
use zaqar_storage::{Deliveries, LeaseLimits, StorageError, StorageResult};

use crate::EmbeddedMessageStore;

macro_rules! unsupported {
    ($($method:ident($($argument:ty),*) -> $answer:ty;)*) => {
        #[async_trait::async_trait]
        impl Deliveries for EmbeddedMessageStore {
            $(async fn $method(&self, $(_: $argument),*) -> StorageResult<$answer> {
                Err(StorageError::Unsupported("deliveries"))
            })*
        }
    };
}

unsupported! {
    lease(LeaseId, Timestamp, LeaseLimits, Timestamp) -> Vec<Delivery>;
    record(LeaseId, Vec<DeliveryReport>, Timestamp) -> ();
    pause(&Destination, SubscriptionId, Timestamp) -> ();
    next_due(usize, Timestamp) -> Option<Timestamp>;
    wait_for_owed() -> ();
    redeliver(&Destination, SubscriptionId, MessageId, Timestamp) -> bool;
    redeliver_failed(&Destination, SubscriptionId, Timestamp, Timestamp) -> u64;
    failed(&Destination, SubscriptionId, &PageRequest<Marker>, Timestamp) -> Page<FailedDelivery, Marker>;
    attempts(&Destination, SubscriptionId, &PageRequest<AttemptNumber>, Timestamp)
        -> Page<KeptAttempt, AttemptNumber>;
    attempts_of_message(&Destination, SubscriptionId, MessageId, Timestamp) -> Vec<KeptAttempt>;
}
