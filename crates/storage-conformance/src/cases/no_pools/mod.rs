//! What a management store does not support, it refuses whole.

pub mod refusing;

use zaqar_storage::ManagementStore;

/// A store that does not keep pools is held to these.
pub async fn needs(store: &dyn ManagementStore) -> bool {
    !super::pools::needs(store).await
}
