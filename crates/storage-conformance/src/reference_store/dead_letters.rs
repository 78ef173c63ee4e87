//! Dead letters: messages that were claimed too often.

use std::collections::BTreeSet;

use zaqar_model::{Destination, DestinationNumber, MessageId, Page, PageRequest, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, DeadLetters, StorageError, StorageResult};

use super::{ReferenceStore, page_of};

#[async_trait::async_trait]
impl DeadLetters for ReferenceStore {
    async fn dead_letters(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        let contents = self.contents(from)?;
        let waiting = contents.dead_letters.iter().map(|entry| &entry.stored);
        Ok(waiting.filter(|stored| now < stored.expires).take(limit).cloned().collect())
    }

    async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut state = self.state()?;
        if state.is_elsewhere(from) || state.is_elsewhere(to) {
            return Err(StorageError::Moved);
        }
        if state.dropped.contains(to) {
            return Err(StorageError::NotFound("destination"));
        }
        let source = state.contents.entry(from.clone()).or_default();
        let is_asked_for = |id| messages.iter().any(|stored| stored.message.id == id);
        let leaving = source.dead_letters.extract_if(.., |entry| is_asked_for(entry.stored.message.id));
        let leaving: BTreeSet<MessageId> =
            leaving.filter(|entry| now < entry.stored.expires).map(|entry| entry.stored.message.id).collect();
        let arriving = messages.iter().filter(|stored| leaving.contains(&stored.message.id)).cloned();
        state.contents.entry(to.clone()).or_default().adopt(arriving, Adoption::Arrival, now);
        self.owed.notify_one();
        self.changed.notify_waiters();
        Ok(())
    }

    async fn discard_dead_letters(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        self.contents(from)?.dead_letters.retain(|entry| !ids.contains(&entry.stored.message.id));
        Ok(())
    }

    async fn with_dead_letters(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        let state = self.state()?;
        let here = state.contents.iter().filter(|(destination, _)| !state.is_elsewhere(destination));
        let waiting = here.filter(|(_, contents)| !contents.dead_letters.is_empty());
        let mut waiting: Vec<Destination> = waiting.map(|(destination, _)| destination.clone()).collect();
        waiting.sort_unstable_by_key(|destination| destination.number);
        Ok(page_of(waiting.into_iter(), |destination| destination.number, page))
    }
}
