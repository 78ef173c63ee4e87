//! The state of a queue in memory: one index for each queue.
//!
//! An operation costs the same at any depth. Messages are found by sequence number in chunks of sixty-four, and the
//! first available one through the set of chunks that have any. Each chunk and each claim has a timer, not each
//! message, so a message that is gone leaves no timer behind. No file is touched here.
//!
//! * `messages`, `chunk`, `ids` — the queued messages
//! * `claims`, `released`, `dead_letters` — what consumers take, and what they took too often
//! * `retained`, `subscriptions`, `deliveries` — what subscribers are notified of
//! * `transitions`, `expiry` — how messages change their placement, by operations and by time
//! * `export` — what has changed while the queue moves to another store

mod chunk;
mod claims;
mod dead_letters;
mod deliveries;
mod expiry;
mod export;
mod ids;
mod messages;
mod released;
mod retained;
mod subscriptions;
mod transitions;

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::{SubscriptionId, Timestamp};

use chunk::Chunk;
pub(crate) use chunk::Entry;
use claims::ClaimTable;
use dead_letters::DeadLetters;
pub(crate) use deliveries::attempts::AttemptEntry;
use deliveries::attempts::AttemptTable;
use deliveries::backlog::Backlog;
pub(crate) use deliveries::backlog::{SavedCursor, ScheduleChanges};
pub(crate) use deliveries::migration::logged;
use export::Export;
pub(crate) use export::Exported;
use ids::ForeignIds;
pub(crate) use ids::native_id;
use released::Released;
use retained::Retained;
use subscriptions::SubscriptionTable;
pub(crate) use subscriptions::{StoredSubscription, respects_delay};

use crate::log::Location;

/// Identifies a record of the log that the index refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKey {
    /// A message by its sequence number.
    Message(u64),
    /// An attempt by its number among those of a subscription.
    Attempt(SubscriptionId, u64),
}

impl std::fmt::Display for RecordKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Message(sequence) => write!(f, "message {sequence}"),
            Self::Attempt(subscription, number) => {
                write!(f, "attempt {number} of subscription {subscription}")
            }
        }
    }
}

/// The messages, claims and subscriptions of one queue or topic.
#[derive(Debug)]
pub(crate) struct QueueIndex {
    /// The upper half of the ids of messages posted here.
    id_prefix: u64,
    /// The sequence number after the last visible one.
    pub(crate) next_sequence: u64,
    chunks: BTreeMap<u64, Chunk>,
    /// The chunks with an available message.
    available: BTreeSet<u64>,
    /// The chunks by the time of their next event.
    chunk_events: BTreeSet<(Timestamp, u64)>,
    pub(crate) claims: ClaimTable,
    pub(crate) released: Released,
    /// Claimed too often: these wait for the move to the dead-letter queue.
    pub(crate) dead_letters: DeadLetters,
    pub(crate) subscriptions: SubscriptionTable,
    /// Out of the queue, and retained for subscribers.
    pub(crate) retained: Retained,
    backlog: Backlog,
    pub(crate) attempts: AttemptTable,
    /// Ids of messages from elsewhere.
    ids: ForeignIds,
    live: u64,
    claimed: u64,
    /// The latest time that the index was advanced to.
    now: Timestamp,
    /// What is still to be exported, while the queue moves to another store.
    export: Option<Box<Export>>,
    /// The queue migrates here and is not open yet: nothing ends by time.
    pub(crate) is_arriving: bool,
    /// Records that have become free since the last call of [`QueueIndex::take_freed`].
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
            dead_letters: DeadLetters::default(),
            subscriptions: SubscriptionTable::default(),
            retained: Retained::default(),
            backlog: Backlog::default(),
            attempts: AttemptTable::default(),
            ids: ForeignIds::default(),
            live: 0,
            claimed: 0,
            now: Timestamp::default(),
            export: None,
            is_arriving: false,
            freed: Vec::new(),
        }
    }

    /// The number of messages in the queue, without dead-lettered ones.
    pub(crate) const fn live(&self) -> u64 {
        self.live
    }

    /// The number of messages under a claim.
    pub(crate) const fn claimed(&self) -> u64 {
        self.claimed
    }

    /// The number of records in the log that the index refers to.
    pub(crate) fn entries(&self) -> u64 {
        self.live + (self.dead_letters.len() + self.retained.len() + self.attempts.len()) as u64
    }

    /// Takes the records that the index no longer refers to.
    pub(crate) fn take_freed(&mut self) -> Vec<Location> {
        std::mem::take(&mut self.freed)
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        let chunks = std::mem::take(&mut self.chunks);
        self.freed
            .extend(chunks.values().flat_map(|chunk| chunk.iter_from(0).map(|(_, entry, _)| entry.location)));
        self.freed.extend(self.dead_letters.iter().map(|(_, _, entry)| entry.location));
        self.freed.extend(self.retained.iter_from(0).map(|(_, entry)| entry.location));
        self.freed.extend(self.attempts.iter().map(|(_, _, entry)| entry.location));
        self.retained = Retained::default();
        self.backlog.clear();
        self.attempts = AttemptTable::default();
        self.available.clear();
        self.chunk_events.clear();
        self.claims.clear();
        self.released = Released::default();
        self.dead_letters = DeadLetters::default();
        self.subscriptions = SubscriptionTable::default();
        self.ids = ForeignIds::default();
        self.export = None;
        self.live = 0;
        self.claimed = 0;
    }
}
