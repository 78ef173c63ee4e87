//! Deliveries: notifications that are owed.

pub mod durability;
pub mod leasing;
pub mod owing;

use zaqar_storage::MessageStore;

/// A store that keeps what is owed is held to these.
pub async fn needs(store: &dyn MessageStore) -> bool {
    store.capabilities().deliveries
}
