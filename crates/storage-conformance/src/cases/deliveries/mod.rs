//! Deliveries: notifications that are owed.

pub mod breaking_off;
pub mod confirming;
pub mod delays;
pub mod durability;
pub mod expiring;
pub mod leasing;
pub mod limiting;
pub mod notifying;
pub mod owing;
pub mod pausing;
pub mod recording;
pub mod redelivering;
pub mod repeating;
pub mod suspending;
pub mod waking;

use zaqar_storage::MessageStore;

/// A store that keeps what is owed is held to these.
pub async fn needs(store: &dyn MessageStore) -> bool {
    store.deliveries().is_some()
}
