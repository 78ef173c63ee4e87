//! Migration of what is owed.

pub mod changing;
pub mod in_use;
pub mod leaving;
pub mod sealing;

use zaqar_storage::MessageStore;

/// A store that can give queues away with the deliveries that it owes is held to these.
pub async fn needs(store: &dyn MessageStore) -> bool {
    store.migration().is_some() && store.deliveries().is_some()
}
