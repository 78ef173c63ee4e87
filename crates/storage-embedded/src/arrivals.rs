//! Waiting for a queue to have more.

use std::pin::pin;

use zaqar_model::{Destination, Marker};
use zaqar_storage::{StorageError, StorageResult};

use crate::EmbeddedMessageStore;

impl EmbeddedMessageStore {
    pub(crate) async fn wait_behind(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        // Nobody may have posted to it yet.
        let queue = self.queues.find_or_create(at).ok_or(StorageError::NotFound("queue"))?;
        loop {
            let mut arrival = pin!(queue.arrivals.notified());
            // An arrival after the check below is not missed.
            arrival.as_mut().enable();
            self.writer.check_open()?;
            {
                let locked = self.queues.lock(&queue);
                if let Some(refusal) = locked.refusal() {
                    return Err(refusal);
                }
                if locked.index.next_sequence > behind.get().saturating_add(1) {
                    return Ok(());
                }
            }
            arrival.await;
        }
    }
}
