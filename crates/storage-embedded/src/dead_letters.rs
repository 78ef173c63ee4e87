//! Dead letters: messages that were claimed too often, on their way to the dead-letter queue.

use zaqar_model::{Destination, DestinationNumber, MessageId, Page, PageRequest, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, DeadLetters, StorageError, StorageResult};

use crate::EmbeddedMessageStore;
use crate::read::{LocatedMessage, stored_messages};
use crate::writer::answer;

#[async_trait::async_trait]
impl DeadLetters for EmbeddedMessageStore {
    async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        match self.find(from)? {
            Some(source) if self.queues.lock(&source).transit.is_elsewhere() => Err(StorageError::Moved),
            Some(source) => self.take_in(to, messages, Adoption::Arrival, Some(&source), now).await,
            // Nothing is to be moved, but a queue that lives elsewhere says so.
            None => self.check_here(to),
        }
    }

    async fn dead_letters(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        let Some(queue) = self.find(from)? else { return Ok(Vec::new()) };
        let found = {
            let locked = self.queues.lock_at(&queue, now).here()?;
            let index = &locked.index;
            index
                .dead_letters
                .iter()
                .take(limit)
                .map(|(_, id, entry)| LocatedMessage::dead_letter(&self.queues.segments, id, entry))
                .collect()
        };
        stored_messages(found).await
    }

    async fn discard_dead_letters(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        let Some(queue) = self.find(from)? else { return Ok(()) };
        let receiver = {
            let mut locked = self.queues.lock(&queue).here()?;
            let sequences = ids.iter().filter_map(|id| locked.index.dead_letters.find(*id)).collect();
            self.remove(&queue, &mut locked, sequences)?
        };
        answer(receiver).await
    }

    async fn with_dead_letters(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        self.writer.check_open()?;
        let behind = page.marker.map(DestinationNumber::get);
        let queues = self.queues.with_exhausted(behind, page.limit);
        let items: Vec<Destination> =
            queues.iter().filter_map(|queue| queue.identity.get().cloned()).collect();
        let next = queues.last().map(|queue| DestinationNumber::new(queue.number));
        Ok(Page { items, next })
    }
}
