//! Messages: posted, listed, fetched, deleted.

use zaqar_model::{
    ClaimId, ClientId, Destination, Marker, Message, MessageId, NewMessage, Page, PageRequest, QueueStats,
    StoredMessage, Timestamp,
};

use crate::StorageResult;

/// Which messages a listing shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageQuery {
    pub page: PageRequest<Marker>,
    /// Leave out what this client posted itself.
    pub without_client: Option<ClientId>,
    pub include_claimed: bool,
    pub include_delayed: bool,
}

/// Whether the subscribers of a queue hear of messages that it takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// The messages are new here: they are owed like a post.
    Arrival,
    /// The messages were here before: they are owed to nobody again.
    Return,
}

/// What became of the deletion of one message.
///
/// Where claims are named, one rule holds for one message and for many. The bearer of the claim that holds a message may
/// delete it. When that claim has expired, so may its bearer until another claim takes the message: a worker that is
/// late has done the work all the same. The bearer of a claim that was released may not: the message was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The message is gone, or was not there.
    Done,
    /// A live claim holds it and none was named.
    MessageIsClaimed,
    /// A claim was named, but none holds the message, and the last one that did was another or was released.
    MessageNotClaimed,
    /// Another claim than the one named holds it.
    ClaimedByAnother,
    /// The claim that was named does not exist (any more), while another holds the message.
    ClaimDoesNotExist,
}

/// The messages of all queues and topics.
#[async_trait::async_trait]
pub trait Messages: Send + Sync {
    /// Appends messages, all or none, in this order and without another's between them. Answers their ids in the same
    /// order. `NotFound` if the destination was dropped meanwhile.
    async fn post(
        &self,
        to: &Destination,
        client: &ClientId,
        messages: Vec<NewMessage>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>>;

    /// Messages in the order of posting, from behind the marker on. A page is short only at the end: claimed, delayed
    /// and own messages that are left out are passed over, not counted.
    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<Page<Message, Marker>>;

    /// Where a listing goes on behind this message: clients page by ids, too. Of a message that is gone, the place where it
    /// was, or `None` where nothing is known of it any more.
    async fn marker_of(&self, from: &Destination, id: MessageId) -> StorageResult<Option<Marker>>;

    /// When a message comes within reach; a moment in the past: it is. `None` if there is no such message.
    async fn within_reach_at(
        &self,
        from: &Destination,
        id: MessageId,
        now: Timestamp,
    ) -> StorageResult<Option<Timestamp>>;

    /// Those of the messages that exist, claimed and delayed ones among them, in the order of `ids`.
    async fn get(&self, from: &Destination, ids: &[MessageId], now: Timestamp)
    -> StorageResult<Vec<Message>>;

    /// Deletes one message; of a claimed one, only for the bearer of its claim (see [`Deletion`]).
    async fn delete(
        &self,
        from: &Destination,
        id: MessageId,
        claim: Option<ClaimId>,
        now: Timestamp,
    ) -> StorageResult<Deletion>;

    /// Deletes those of the messages that exist, all or none. Without `claims`, claimed ones too; with it, one
    /// of these claims must be entitled to each (see [`Deletion`]), otherwise the first message that none is entitled to
    /// decides the answer and nothing is deleted.
    async fn delete_many(
        &self,
        from: &Destination,
        ids: &[MessageId],
        claims: Option<&[ClaimId]>,
        now: Timestamp,
    ) -> StorageResult<Deletion>;

    /// Takes the first free messages (not claimed, not delayed) out of the queue for good.
    async fn pop(&self, from: &Destination, limit: usize, now: Timestamp) -> StorageResult<Vec<Message>>;

    /// Deletes all messages that can be seen, claimed and delayed ones too, and every claim.
    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()>;

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats>;

    /// Forgets the destination with its messages, claims and subscriptions. Its number is never used again, but for a queue that
    /// moves back to this store (see [`Migration::import`](crate::Migration::import)).
    async fn drop_destination(&self, destination: &Destination) -> StorageResult<()>;

    /// Takes in messages that come from another queue or store, behind those that are here, keeping their ids, times
    /// to live and delays; claims stay behind. A message whose id is here already is passed over: a move that was
    /// broken off is simply made again.
    async fn adopt(
        &self,
        to: &Destination,
        messages: Vec<StoredMessage>,
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()>;

    /// The first messages that were claimed too often (see [`Claims::claim`](crate::Claims::claim)) and wait to be
    /// moved to the dead-letter queue.
    async fn exhausted(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>>;

    /// Moves messages that wait as exhausted in `from` to another destination of this store, in one atomic step: they
    /// arrive there as given (see [`Adoption::Arrival`]), and are forgotten here. What does not wait here any more is passed over.
    async fn move_exhausted(
        &self,
        from: &Destination,
        to: &Destination,
        messages: Vec<StoredMessage>,
        now: Timestamp,
    ) -> StorageResult<()>;

    /// Forgets exhausted messages: they have arrived in a dead-letter queue of another store.
    async fn discard_exhausted(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()>;

    /// Destinations that have exhausted messages, for taking up moves that a crash broke off. The cost does not grow with
    /// the number of the others.
    async fn with_exhausted(&self) -> StorageResult<Vec<Destination>>;
}
