//! Reading the accounts of attempts back from the log.

use std::sync::Arc;

use zaqar_model::{AttemptNumber, Destination, KeptAttempt, MessageId, SubscriptionId, Timestamp};
use zaqar_storage::{StorageError, StorageResult};

use crate::EmbeddedMessageStore;
use crate::log::{AttemptRecord, Location, Record, Segment};

/// An attempt that was found in an index.
#[derive(Debug)]
pub(crate) struct FoundAttempt {
    pub(crate) number: u64,
    message: MessageId,
    location: Location,
    /// Keeps the file from being used again while it is read.
    segment: Option<Arc<Segment>>,
}

impl EmbeddedMessageStore {
    /// Finds attempts with a number below this one, the newest first; of one message if it is given.
    pub(crate) fn find_attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        below: u64,
        message: Option<MessageId>,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<FoundAttempt>> {
        let Some(queue) = self.find(source)? else { return Ok(Vec::new()) };
        let locked = self.queues.lock_at(&queue, now);
        let Some(attempts) = locked.index.attempts.get(subscription) else { return Ok(Vec::new()) };
        let newest_first = attempts.entries.range(..below).rev();
        let found =
            newest_first.filter(|(_, entry)| now < entry.expires()).map(|(number, entry)| FoundAttempt {
                number: *number,
                message: entry.message,
                location: entry.location,
                segment: self.queues.segments.get(entry.location.segment),
            });
        Ok(found.filter(|found| message.is_none_or(|id| id == found.message)).take(limit).collect())
    }
}

/// Reads the attempts that were found, in their order. One that is damaged is left out.
pub(crate) async fn read(found: Vec<FoundAttempt>) -> StorageResult<Vec<KeptAttempt>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let read = move || found.iter().filter_map(FoundAttempt::read).collect();
    tokio::task::spawn_blocking(read).await.map_err(StorageError::driver)
}

impl FoundAttempt {
    fn read(&self) -> Option<KeptAttempt> {
        let record = self.segment.as_ref()?.read(self.location);
        let decoded = record.as_ref().map(|record| Record::decode(record));
        let Ok(Ok((Record::Attempt(own), _))) = decoded else {
            let Location { segment, offset, .. } = self.location;
            tracing::error!(segment, offset, "an attempt is damaged on disk and was left out");
            return None;
        };
        let number = AttemptNumber::new(self.number);
        let (message, AttemptRecord { confirmation, attempt, end, .. }) = (self.message, own);
        Some(KeptAttempt { number, message, confirmation, attempt, end })
    }
}
