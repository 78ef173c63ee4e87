//! Messages: posted, listed, fetched, deleted, waited for.

use zaqar_model::{
    BatchId, ClaimId, ClientId, Destination, Marker, Message, MessageId, NewMessage, QueueStats,
    StoredMessage, Timestamp,
};

use crate::StorageResult;

/// Messages that are posted together.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// Names the batch: a repeated post with the same id changes nothing and returns the ids of the first.
    pub batch: BatchId,
    pub client: &'a ClientId,
    pub messages: &'a [NewMessage],
}

/// For how many seconds at least a [shared](crate::Capabilities::shared) store recognises a batch that is posted again:
/// ten minutes, longer than any request takes.
pub const BATCH_RECOGNISED_FOR: u64 = 600;

/// Maximum number of messages of one post.
pub const LARGEST_POST: usize = 65_536;
/// Up to this many messages, a queue's [`stats`](Messages::stats) are exact.
pub const COUNTED_EXACTLY: u64 = 10_000;

/// Where a listing starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListStart {
    /// At the first message.
    #[default]
    Start,
    /// Behind a position that the store gave out for this queue.
    Behind(Marker),
    /// Behind this message. If it is gone, behind the place where it was; if nothing is known of it any more, at the first
    /// message.
    BehindMessage(MessageId),
    /// At or behind the last message, and before the next one. The page is empty; it tells where to wait for the next
    /// message.
    End,
}

/// Which messages a listing shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageQuery {
    pub start: ListStart,
    /// Maximum number of messages. With 0, the page only tells where the listing starts.
    pub limit: usize,
    /// Maximum number of bytes of all bodies together. The first message is listed whatever its size.
    pub max_bytes: usize,
    /// Leave out what this client posted itself.
    pub without_client: Option<ClientId>,
    pub include_claimed: bool,
    pub include_delayed: bool,
}

impl MessageQuery {
    /// Asks only where a listing starts, which the page's `reached` says.
    pub const fn place_of(start: ListStart) -> Self {
        Self {
            start,
            limit: 0,
            max_bytes: 0,
            without_client: None,
            include_claimed: true,
            include_delayed: true,
        }
    }
}

/// A message in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMessage {
    /// Where the message stands: a listing behind it goes on with the next one.
    pub position: Marker,
    /// When its delay ends; not later than its creation if it was not delayed.
    pub delayed_until: Timestamp,
    pub message: Message,
}

/// A part of a listing, in the order of posting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    pub items: Vec<ListedMessage>,
    /// How far the store has looked. A listing from behind it misses none of the messages that were there or are posted
    /// later, except those that this listing has passed over.
    pub reached: Marker,
    /// Whether the store has looked at everything up to the end. A page that is short and not at the end goes on behind
    /// `reached`.
    pub is_end: bool,
}

/// Whether the subscribers of a queue hear of messages that it takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// The messages are new here: they are owed like a post.
    Arrival,
    /// The messages were here before: they are owed to nobody again.
    Return,
}

/// Which messages a deletion may delete. A message that it may not delete refuses the whole deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard<'a> {
    /// Only messages that no live claim holds.
    Unclaimed,
    /// Only messages that one of these claims may delete (see [`Deletion`]).
    HeldBy(&'a [ClaimId]),
    /// All messages, claimed ones too.
    Any,
}

/// What became of a deletion.
///
/// The bearer of the claim that holds a message may delete it. When that claim has expired, so may its bearer until another
/// claim takes the message: a worker that is late has done the work all the same. The bearer of a claim that was released
/// may not: the message was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The messages are gone, or were not there.
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
    /// Appends messages, all or none, in this order and without another's between them. Returns their ids in the same
    /// order. No later position is visible before an earlier one: whoever has listed up to a position misses nothing that
    /// comes in later. `NotFound` if the destination was dropped meanwhile.
    ///
    /// May be repeated with the same batch id: a [shared](crate::Capabilities::shared) store recognises it for
    /// [`BATCH_RECOGNISED_FOR`]. Any other store never returns
    /// [`OutcomeUnknown`](crate::StorageError::OutcomeUnknown), and need not.
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>>;

    /// Messages in the order of posting. Claimed, delayed and own messages that are left out are passed over, not counted.
    /// An engine for which passing over many is expensive returns a short page.
    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage>;

    /// Those of the messages that exist, claimed and delayed ones among them, in the order of `ids`.
    async fn get(&self, from: &Destination, ids: &[MessageId], now: Timestamp)
    -> StorageResult<Vec<Message>>;

    /// Deletes those of the messages that exist, all or none: if the guard forbids one, nothing is deleted, and the first
    /// that it forbids decides the result. May be repeated.
    async fn delete(
        &self,
        from: &Destination,
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion>;

    /// Deletes all messages that can be seen, claimed and delayed ones too, and every claim. Their space may be given back
    /// later. May be repeated.
    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()>;

    /// How many messages there are, and the first and the last. Exact up to [`COUNTED_EXACTLY`] messages; the counts of a deeper
    /// queue may be some seconds old, where the engine has to count.
    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats>;

    /// Forgets the destination with its messages, claims and subscriptions. Their space may be given back later. What is
    /// posted to it within a day from `now` is `NotFound`; its number is never used again, but for a queue that moves back to
    /// this store (see [`Migration::import`](crate::Migration::import)). May be repeated.
    async fn drop_destination(&self, destination: &Destination, now: Timestamp) -> StorageResult<()>;

    /// Takes in messages that come from another queue or store, behind those that are here, keeping their ids, times
    /// to live and delays; claims stay behind. A message whose id is here already is passed over, so this may be repeated.
    async fn adopt(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()>;

    /// Waits until something stands behind the marker: posted, adopted or imported, on whichever server. Returns at once
    /// where it does already, though it may have been deleted since. Otherwise it is a hint: it may return for no reason, so
    /// look again, and it may come late, but a second at most; an engine whose hints can be lost looks by itself.
    /// `NotFound` once the destination was dropped, `Unavailable` once the store is closed.
    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()>;
}
