//! Waiting for a queue to have more.

use std::pin::pin;

use zaqar_model::{Destination, Marker};
use zaqar_storage::{StorageError, StorageResult};

use super::ReferenceStore;

impl ReferenceStore {
    pub(super) async fn wait_behind(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let state = self.state()?;
                if state.is_elsewhere(at) {
                    return Err(StorageError::Moved);
                }
                if state.dropped.contains(at) {
                    return Err(StorageError::NotFound("destination"));
                }
                let last = state.contents.get(at).map_or(0, |contents| contents.last_sequence);
                if last > behind.get() {
                    return Ok(());
                }
            }
            changed.await;
        }
    }
}
