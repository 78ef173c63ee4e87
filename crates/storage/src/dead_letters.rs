//! Dead letters: messages that were claimed too often, on their way to the dead-letter queue.

use zaqar_model::{Destination, DestinationNumber, MessageId, Page, PageRequest, StoredMessage, Timestamp};

use crate::{Adoption, Messages, StorageResult};

/// The dead letters of all queues: set aside by [`Claims`](crate::Claims), out of reach of everything else, and kept until
/// they are discarded or expire.
#[async_trait::async_trait]
pub trait DeadLetters: Messages {
    /// The destinations that have dead letters, in the order of their numbers. The cost does not grow with the number of the
    /// others.
    async fn with_dead_letters(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>>;

    /// The first dead letters of a destination.
    async fn dead_letters(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>>;

    /// Forgets dead letters: they have arrived elsewhere. May be repeated.
    async fn discard_dead_letters(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()>;

    /// Moves dead letters to another destination of this store: they arrive there as given (see
    /// [`Adoption::Arrival`]), and are forgotten here. Those that are here no more are passed over. May be repeated, also
    /// when it was broken off halfway: none is lost or doubled.
    ///
    /// An engine that can do it in one atomic step does; for the others this is done: first they arrive, then they are
    /// forgotten.
    async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        self.adopt(to, messages, Adoption::Arrival, now).await?;
        let ids: Vec<MessageId> = messages.iter().map(|stored| stored.message.id).collect();
        self.discard_dead_letters(from, &ids).await
    }
}
