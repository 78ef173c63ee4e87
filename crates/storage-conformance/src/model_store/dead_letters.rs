//! Dead letters: messages that were claimed too often.

use zaqar_model::{Destination, DestinationNumber, MessageId, Page, PageRequest, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, DeadLetters, Messages, StorageResult};

use super::{ModelStore, page_of};

#[async_trait::async_trait]
impl DeadLetters for ModelStore {
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
        let waiting = self.dead_letters(from, usize::MAX, now).await?;
        let is_waiting =
            |stored: &&StoredMessage| waiting.iter().any(|other| other.message.id == stored.message.id);
        let messages: Vec<StoredMessage> = messages.iter().filter(is_waiting).cloned().collect();
        let ids: Vec<_> = messages.iter().map(|stored| stored.message.id).collect();
        self.adopt(to, &messages, Adoption::Arrival, now).await?;
        self.discard_dead_letters(from, &ids).await
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
        let waiting = state.contents.iter().filter(|(_, contents)| !contents.dead_letters.is_empty());
        let mut waiting: Vec<Destination> = waiting.map(|(destination, _)| destination.clone()).collect();
        waiting.sort_unstable_by_key(|destination| destination.number);
        Ok(page_of(waiting.into_iter(), |destination| destination.number, page))
    }
}
