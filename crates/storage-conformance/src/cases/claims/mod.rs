//! Claims: messages taken for a while by one consumer.

pub mod claiming;
pub mod concurrency;
pub mod deleting;
pub mod durability;
pub mod ending;
pub mod exhausting;
pub mod grace;
pub mod holding;
pub mod late;
pub mod releasing;
pub mod renewing;
pub mod repeating;
pub mod setting_aside;

use zaqar_storage::MessageStore;

/// A store that keeps claims is held to these.
pub async fn needs(store: &dyn MessageStore) -> bool {
    store.capabilities().claims
}
