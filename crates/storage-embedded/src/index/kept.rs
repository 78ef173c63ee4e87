//! Messages that are out of the queue and stay for its subscribers.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::Timestamp;
use zaqar_storage::{EXPIRED_OWED_FOR, FAILURES_KEPT_FOR};

use super::chunk::Entry;

/// So long after its expiry a message is needed by nobody any more: it is owed that long, and then its failure is kept.
const NEEDED_FOR: u64 = EXPIRED_OWED_FOR + FAILURES_KEPT_FOR;

/// By sequence number, and by the time after which nobody needs them, whoever failed to say so.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    entries: BTreeMap<u64, Entry>,
    by_expiry: BTreeSet<(Timestamp, u64)>,
}

impl Kept {
    /// Puts a message here; answers the one that was in its place.
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

    /// One that nobody needs any more.
    pub(super) fn ended(&self, now: Timestamp) -> Option<u64> {
        self.by_expiry.first().filter(|(at, _)| *at <= now).map(|(_, sequence)| *sequence)
    }
}

fn needed_until(entry: &Entry) -> Timestamp {
    entry.expires.plus_secs(NEEDED_FOR)
}
