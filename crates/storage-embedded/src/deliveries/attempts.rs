//! Reading attempts back from the log.

use std::sync::Arc;

use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, Destination, MessageId, Page, SubscriptionId, Timestamp,
};
use zaqar_storage::{StorageError, StorageResult};

use crate::EmbeddedMessageStore;
use crate::index::AttemptEntry;
use crate::log::{Location, LoggedAttempt, Record, Segment, Segments};

/// An attempt that was found in an index.
#[derive(Debug)]
pub(crate) struct LocatedAttempt {
    pub(crate) number: u64,
    message: MessageId,
    location: Location,
    /// Prevents the reuse of the file while it is read.
    segment: Option<Arc<Segment>>,
}

impl EmbeddedMessageStore {
    /// Finds the attempts with a number below this one that may match the filter, newest first. Their outcomes are
    /// not in the index.
    pub(crate) fn find_attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        below: u64,
        filter: &AttemptFilter,
        now: Timestamp,
    ) -> StorageResult<Vec<LocatedAttempt>> {
        let Some(queue) = self.find(source)? else { return Ok(Vec::new()) };
        let locked = self.queues.lock_at(&queue, now).here()?;
        let Some(attempts) = locked.index.attempts.get(subscription) else { return Ok(Vec::new()) };
        let newest_first = attempts.entries.range(..below).rev();
        let there = newest_first.filter(|(_, entry)| now < entry.expires());
        let found = there.filter(|(_, entry)| filter.admits_begin(entry.message, entry.at));
        Ok(found.map(|(number, entry)| LocatedAttempt::new(&self.queues.segments, *number, entry)).collect())
    }
}

/// Reads attempts in the order given, until the page is full of those that match the filter. A damaged one is
/// skipped.
pub(crate) async fn read(
    found: Vec<LocatedAttempt>,
    filter: AttemptFilter,
    limit: usize,
) -> StorageResult<Page<AttemptRecord, AttemptNumber>> {
    if found.is_empty() {
        return Ok(Page::empty());
    }
    let read = move || {
        let admitted = found.iter().filter_map(LocatedAttempt::read).filter(|kept| filter.admits(kept));
        let items: Vec<_> = admitted.take(limit).collect();
        Page { next: items.last().map(|kept| kept.number), items }
    };
    tokio::task::spawn_blocking(read).await.map_err(StorageError::driver)
}

/// Reads attempts of several subscriptions. A damaged one is skipped.
pub(crate) async fn read_of_all(
    found: Vec<(SubscriptionId, LocatedAttempt)>,
) -> StorageResult<Vec<(SubscriptionId, AttemptRecord)>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let read =
        move || found.iter().filter_map(|(id, attempt)| Some((*id, attempt.read()?))).collect::<Vec<_>>();
    tokio::task::spawn_blocking(read).await.map_err(StorageError::driver)
}

impl LocatedAttempt {
    pub(crate) fn new(segments: &Segments, number: u64, entry: &AttemptEntry) -> Self {
        let AttemptEntry { location, message, .. } = *entry;
        Self { number, message, location, segment: segments.get(location.segment) }
    }

    fn read(&self) -> Option<AttemptRecord> {
        let record = self.segment.as_ref()?.read(self.location);
        let read = record.as_ref().map(|record| Record::read(record));
        let Ok(Ok(Record::Attempt(own))) = read else {
            let Location { segment, offset, .. } = self.location;
            tracing::error!(segment, offset, "an attempt is damaged on disk and was skipped");
            return None;
        };
        let number = AttemptNumber::new(self.number);
        let (message, LoggedAttempt { confirmation, attempt, end, .. }) = (self.message, own);
        Some(AttemptRecord { number, message, confirmation, attempt: attempt.into_owned(), end })
    }
}
