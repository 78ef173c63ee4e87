//! Arrivals: waiting for a queue to have more.

use zaqar_model::{Destination, Marker};

use crate::StorageResult;

/// Wakes who follows a queue as messages come to it, whichever server they were posted to.
#[async_trait::async_trait]
pub trait Arrivals: Send + Sync {
    /// Waits until something stands behind the marker: posted, adopted or imported. Answers at once where it does
    /// already, though it may have been deleted since (see [`Migration::last_position`](crate::Migration::last_position)).
    /// May answer for nothing, so look again. `NotFound` once the destination was dropped, `Unavailable` once the store
    /// is closed.
    async fn wait_for_arrival(&self, at: &Destination, behind: Marker) -> StorageResult<()>;
}
