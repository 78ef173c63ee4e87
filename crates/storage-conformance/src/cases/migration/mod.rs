//! Migration: a queue goes to another store, while it stays in use.

pub mod changing;
pub mod leaving;
pub mod overtaking;
pub mod sealing;

use zaqar_storage::MessageStore;

/// A store that can give queues away is held to these.
pub async fn needs(store: &dyn MessageStore) -> bool {
    store.migration().is_some()
}
