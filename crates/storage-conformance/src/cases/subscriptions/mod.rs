//! Subscriptions to queues and topics.

pub mod changing;
pub mod durability;
pub mod keeping;

use zaqar_storage::MessageStore;

/// A store that keeps subscriptions is held to these.
pub async fn needs(store: &dyn MessageStore) -> bool {
    store.subscriptions().is_some()
}
