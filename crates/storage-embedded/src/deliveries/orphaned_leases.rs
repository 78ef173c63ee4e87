//! Orphaned leases: deliveries whose lease has ended without a report, and whose message has expired meanwhile. No
//! other lease takes them over, so their attempts are recorded here: when the attempts are read, and otherwise by
//! maintenance.

use std::sync::Arc;

use zaqar_model::{Destination, SubscriptionId, Timestamp};
use zaqar_storage::{StorageError, StorageResult};

use crate::EmbeddedMessageStore;
use crate::deliveries::recording::{RECORDED_AT_ONCE, Recording};
use crate::log::DeliveryState;
use crate::writer::answer;

impl EmbeddedMessageStore {
    /// Records the orphaned leases of one subscription.
    pub(crate) async fn record_orphaned_leases(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<()> {
        let Some(queue) = self.find(source)? else { return Ok(()) };
        let change = {
            let mut locked = self.queues.lock_at(&queue, now).here()?;
            let mut recording = Recording::default();
            recording.end_orphaned_leases(&queue, &mut locked.index, subscription, now);
            recording.make(&self.writer, &queue, &mut locked)?
        };
        match change {
            Some(change) => answer(change).await,
            // The answer includes what others have just recorded. When the log is no longer written, the rest can be
            // read.
            None => self.settled(&queue).await.or(Ok(())),
        }
    }

    /// Records the orphaned leases of all subscriptions.
    pub(crate) async fn record_all_orphaned_leases(&self, now: Timestamp) -> StorageResult<()> {
        let (queues, writer) = (Arc::clone(&self.queues), Arc::clone(&self.writer));
        let record = move || -> StorageResult<Vec<_>> {
            let mut changes = Vec::new();
            for queue in queues.all() {
                let Ok(mut locked) = queues.lock_at(&queue, now).here() else { continue };
                for left in locked.index.all_orphaned_leases(now).chunks(RECORDED_AT_ONCE) {
                    let mut recording = Recording::default();
                    for (subscription, sequence) in left {
                        recording.end_unknown(&queue, &mut locked.index, *subscription, *sequence);
                        recording.set_state(*subscription, *sequence, DeliveryState::Done);
                    }
                    changes.extend(recording.make(&writer, &queue, &mut locked)?);
                }
            }
            Ok(changes)
        };
        for change in tokio::task::spawn_blocking(record).await.map_err(StorageError::driver)?? {
            answer(change).await?;
        }
        Ok(())
    }
}
