//! Queues and topics: their names, metadata and numbers.

pub mod changing;
pub mod creating;
pub mod deleting;
pub mod durability;
pub mod lifecycle;
pub mod listing;

use zaqar_storage::ManagementStore;

/// Every management store is held to these.
pub async fn needs(_: &dyn ManagementStore) -> bool {
    true
}
