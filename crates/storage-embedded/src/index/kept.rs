//! Messages that are out of the queue and stay for its subscribers, also when they have expired: what is owed is not gone
//! without a word.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::Timestamp;
use zaqar_storage::EXPIRED_OWED_FOR;

use super::chunk::Entry;

/// By sequence number, and by the time to which they stay at most.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    entries: BTreeMap<u64, Entry>,
    by_end: BTreeSet<(Timestamp, u64)>,
}

impl Kept {
    /// Puts a message here; answers the one that was in its place.
    pub(super) fn insert(&mut self, sequence: u64, entry: Entry) -> Option<Entry> {
        let before = self.remove(sequence);
        self.by_end.insert((end_of(&entry), sequence));
        self.entries.insert(sequence, Entry { claim: None, ..entry });
        before
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Entry> {
        let entry = self.entries.remove(&sequence)?;
        self.by_end.remove(&(end_of(&entry), sequence));
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
        self.by_end.first().map_or(Timestamp::NEVER, |(at, _)| *at)
    }

    /// One that nobody has waited for by `now`.
    pub(super) fn ended(&self, now: Timestamp) -> Option<u64> {
        self.by_end.first().filter(|(at, _)| *at <= now).map(|(_, sequence)| *sequence)
    }
}

fn end_of(entry: &Entry) -> Timestamp {
    entry.expires.plus_secs(EXPIRED_OWED_FOR)
}
