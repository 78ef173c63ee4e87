//! Dead letters: messages that were claimed too often and wait for the move to the dead-letter queue.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use zaqar_model::{MessageId, Timestamp};

use super::chunk::Entry;

/// Dead letters by sequence number, by id, and by the time they expire.
#[derive(Debug, Default)]
pub(crate) struct DeadLetters {
    entries: BTreeMap<u64, (MessageId, Entry)>,
    by_id: HashMap<MessageId, u64>,
    by_expiry: BTreeSet<(Timestamp, u64)>,
}

impl DeadLetters {
    pub(crate) fn insert(&mut self, sequence: u64, id: MessageId, entry: Entry) {
        self.entries.insert(sequence, (id, Entry { claim: None, ..entry }));
        self.by_id.insert(id, sequence);
        self.by_expiry.insert((entry.expires, sequence));
    }

    pub(crate) fn remove(&mut self, sequence: u64) -> Option<Entry> {
        let (id, entry) = self.entries.remove(&sequence)?;
        self.by_id.remove(&id);
        self.by_expiry.remove(&(entry.expires, sequence));
        Some(entry)
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.entries.get(&sequence).map(|(_, entry)| entry)
    }

    pub(crate) fn get_mut(&mut self, sequence: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&sequence).map(|(_, entry)| entry)
    }

    pub(crate) fn find(&self, id: MessageId) -> Option<u64> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, MessageId, &Entry)> {
        self.entries.iter().map(|(sequence, (id, entry))| (*sequence, *id, entry))
    }

    pub(crate) fn iter_from(&self, from: u64) -> impl Iterator<Item = (u64, MessageId, &Entry)> {
        self.entries.range(from..).map(|(sequence, (id, entry))| (*sequence, *id, entry))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn next_expiry(&self) -> Timestamp {
        self.by_expiry.first().map_or(Timestamp::NEVER, |(at, _)| *at)
    }

    /// Returns a message that has expired by `now`.
    pub(crate) fn expired(&self, now: Timestamp) -> Option<u64> {
        self.by_expiry.first().filter(|(at, _)| *at <= now).map(|(_, sequence)| *sequence)
    }
}
