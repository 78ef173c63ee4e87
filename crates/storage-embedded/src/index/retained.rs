//! Retained messages: out of the queue, and needed by its subscribers.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::Timestamp;
use zaqar_storage::{EXPIRED_OWED_FOR, FAILURES_KEPT_FOR};

use super::chunk::Entry;

/// Seconds after its expiry for which a message may be needed: while it is owed, and then while its failure is shown.
const NEEDED_FOR: u64 = EXPIRED_OWED_FOR + FAILURES_KEPT_FOR;

/// Retained messages by sequence number, and by the time after which none is needed.
#[derive(Debug, Default)]
pub(crate) struct Retained {
    entries: BTreeMap<u64, Entry>,
    by_expiry: BTreeSet<(Timestamp, u64)>,
}

impl Retained {
    /// Retains a message. Returns the one that it replaces.
    pub(super) fn insert(&mut self, sequence: u64, entry: Entry) -> Option<Entry> {
        let before = self.remove(sequence);
        self.by_expiry.insert((needed_until(&entry), sequence));
        self.entries.insert(sequence, Entry { claim: None, ..entry });
        before
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Entry> {
        let entry = self.entries.remove(&sequence)?;
        self.by_expiry.remove(&(needed_until(&entry), sequence));
        Some(entry)
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.entries.get(&sequence)
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&sequence)
    }

    pub(crate) fn iter_from(&self, from: u64) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries.range(from..).map(|(sequence, entry)| (*sequence, entry))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn next_end(&self) -> Timestamp {
        self.by_expiry.first().map_or(Timestamp::NEVER, |(at, _)| *at)
    }

    /// Returns a message that is no longer needed.
    pub(super) fn ended(&self, now: Timestamp) -> Option<u64> {
        self.by_expiry.first().filter(|(at, _)| *at <= now).map(|(_, sequence)| *sequence)
    }
}

fn needed_until(entry: &Entry) -> Timestamp {
    entry.expires.plus_secs(NEEDED_FOR)
}
