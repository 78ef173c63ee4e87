//! Two servers over one management store: what one does, the other sees as soon as it is acknowledged.

pub mod assigning;
pub mod changing;
pub mod moving;
pub mod registering;

use zaqar_storage::ManagementStore;

/// A store that several servers can use.
pub async fn needs(store: &dyn ManagementStore) -> bool {
    store.is_shared()
}
