//! What is in a queue right now: in memory, one index a queue.
//!
//! An operation costs the same at any depth: messages are found by sequence number over chunks of sixty-four, and the
//! first free one over the set of chunks that have any. Timers are kept a chunk and a claim, not a message, so that a
//! message that is gone leaves none behind. Nothing here touches a file.
//!
//! * `chunk`, `claims`, `released`, `exhausted` — what consumers see and take
//! * `subscriptions`, `cursor`, `kept`, `owing`, `delivering`, `moving`, `attempts` — who is told of it, and what that needs

mod attempts;
mod chunk;
mod claims;
mod cursor;
mod delivering;
mod exhausted;
mod expiry;
mod ids;
mod kept;
mod lane;
mod messages;
mod moving;
mod owing;
mod released;
mod subscriptions;
mod transitions;

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::{SubscriptionId, Timestamp};

pub(crate) use attempts::AttemptEntry;
use attempts::AttemptTable;
use chunk::Chunk;
pub(crate) use chunk::Entry;
use claims::ClaimTable;
pub(crate) use cursor::Cursor;
use exhausted::Exhausted;
use ids::ForeignIds;
pub(crate) use ids::native_id;
use kept::Kept;
pub(crate) use moving::logged;
use owing::Owing;
pub(crate) use owing::{Changes, SavedCursor};
use released::Released;
use subscriptions::SubscriptionTable;
pub(crate) use subscriptions::{KeptSubscription, respects_delay};

use crate::log::Location;

/// What a record of the log that stays is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKey {
    /// A message, by its sequence number.
    Message(u64),
    /// An attempt, by its number among those of a subscription.
    Attempt(SubscriptionId, u64),
}

/// The messages, claims and subscriptions of one queue or topic.
#[derive(Debug)]
pub(crate) struct QueueIndex {
    /// The upper half of the ids of the messages that were posted here.
    id_prefix: u64,
    /// The sequence number that comes after all that can be seen.
    pub(crate) next_sequence: u64,
    chunks: BTreeMap<u64, Chunk>,
    /// The chunks in which something can be claimed.
    available: BTreeSet<u64>,
    /// The chunks by the next thing that time does to them.
    chunk_events: BTreeSet<(Timestamp, u64)>,
    pub(crate) claims: ClaimTable,
    pub(crate) released: Released,
    /// Set aside as claimed too often, waiting for the move to the dead-letter queue.
    pub(crate) exhausted: Exhausted,
    pub(crate) subscriptions: SubscriptionTable,
    /// Out of the queue, and still owed to subscribers.
    pub(crate) kept: Kept,
    owing: Owing,
    pub(crate) attempts: AttemptTable,
    /// Messages that came from elsewhere with an id of their own.
    ids: ForeignIds,
    live: u64,
    claimed: u64,
    /// How late it is here.
    now: Timestamp,
    /// Where the log keeps what has been removed since the last call of [`QueueIndex::take_freed`].
    freed: Vec<Location>,
}

impl QueueIndex {
    pub(crate) fn new(id_prefix: u64) -> Self {
        Self {
            id_prefix,
            next_sequence: 1,
            chunks: BTreeMap::new(),
            available: BTreeSet::new(),
            chunk_events: BTreeSet::new(),
            claims: ClaimTable::default(),
            released: Released::default(),
            exhausted: Exhausted::default(),
            subscriptions: SubscriptionTable::default(),
            kept: Kept::default(),
            owing: Owing::default(),
            attempts: AttemptTable::default(),
            ids: ForeignIds::default(),
            live: 0,
            claimed: 0,
            now: Timestamp::default(),
            freed: Vec::new(),
        }
    }

    /// How many messages there are, exhausted ones not counted.
    pub(crate) const fn live(&self) -> u64 {
        self.live
    }

    /// How many of them are under a claim.
    pub(crate) const fn claimed(&self) -> u64 {
        self.claimed
    }

    /// How many places in the log the index knows.
    pub(crate) fn entries(&self) -> u64 {
        self.live + (self.exhausted.len() + self.kept.len() + self.attempts.len()) as u64
    }

    /// The space in the log that nothing here needs any more.
    pub(crate) fn take_freed(&mut self) -> Vec<Location> {
        std::mem::take(&mut self.freed)
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        let chunks = std::mem::take(&mut self.chunks);
        self.freed
            .extend(chunks.values().flat_map(|chunk| chunk.iter_from(0).map(|(_, entry, _)| entry.location)));
        self.freed.extend(self.exhausted.iter().map(|(_, _, entry)| entry.location));
        self.freed.extend(self.kept.iter_from(0).map(|(_, entry)| entry.location));
        self.freed.extend(self.attempts.iter().map(|(_, _, entry)| entry.location));
        self.kept = Kept::default();
        self.owing.clear();
        self.attempts = AttemptTable::default();
        self.available.clear();
        self.chunk_events.clear();
        self.claims.clear();
        self.released = Released::default();
        self.exhausted = Exhausted::default();
        self.subscriptions = SubscriptionTable::default();
        self.ids = ForeignIds::default();
        self.live = 0;
        self.claimed = 0;
    }
}
