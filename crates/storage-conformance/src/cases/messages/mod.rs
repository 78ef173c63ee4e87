//! Messages: posted, listed, fetched, deleted.

pub mod adopting;
pub mod arriving;
pub mod deleting;
pub mod dropping;
pub mod durability;
pub mod expiring;
pub mod fetching;
pub mod lifecycle;
pub mod listing;
pub mod popping;
pub mod posting;
pub mod purging;
pub mod reaching;
pub mod repeating;
pub mod stats;

use zaqar_storage::MessageStore;

/// Every message store is held to these.
pub async fn needs(_: &dyn MessageStore) -> bool {
    true
}
