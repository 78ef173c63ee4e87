//! Messages, before and after they are stored.

use crate::{Body, ClaimId, ClientId, DelaySeconds, MessageId, Timestamp, TtlSeconds};

/// A message on its way into a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    pub ttl: TtlSeconds,
    /// How long it stays out of reach after it was posted.
    pub delay: DelaySeconds,
    pub body: Body,
    /// `MD5:` and the hex digest of the body, where `enable_checksum` is on.
    pub checksum: Option<String>,
}

/// A message as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    /// The time to live that holds now: a claim that outlasts the message replaces it.
    pub ttl: TtlSeconds,
    /// When it was posted.
    pub created: Timestamp,
    pub body: Body,
    pub checksum: Option<String>,
    /// The live claim that holds it.
    pub claim: Option<ClaimId>,
    /// How often it has been claimed so far.
    pub claim_count: u32,
}

/// A message with everything that must travel with it when it moves to another queue or store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    pub message: Message,
    pub client: ClientId,
    pub expires: Timestamp,
    /// When it comes within reach; not later than `created` if it was not delayed.
    pub delayed_until: Timestamp,
    /// It tells of a delivery that was given up. When its own delivery is given up, that makes no other letter.
    pub is_letter: bool,
}

/// Where a listing of messages goes on: behind the message with this sequence number. Opaque to clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marker(u64);

impl Marker {
    pub const fn new(sequence: u64) -> Self {
        Self(sequence)
    }

    pub const fn get(self) -> u64 {
        self.0
    }
}

/// How many messages a queue holds, expired ones not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Messages under a live claim.
    pub claimed: u64,
    /// All others, delayed ones among them.
    pub free: u64,
    /// The first and the last by order of posting; absent when the queue is empty.
    pub oldest: Option<(MessageId, Timestamp)>,
    pub newest: Option<(MessageId, Timestamp)>,
}

impl QueueStats {
    pub const fn total(&self) -> u64 {
        self.claimed + self.free
    }
}
