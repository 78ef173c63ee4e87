//! Where the log has the attempts: the newest of each subscription.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use zaqar_model::{MessageId, SubscriptionId, Timestamp};
use zaqar_storage::{ATTEMPTS_KEPT, ATTEMPTS_KEPT_FOR};

use crate::index::QueueIndex;
use crate::log::Location;

/// An attempt in the index. The rest is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AttemptEntry {
    pub(crate) location: Location,
    pub(crate) message: MessageId,
    pub(crate) at: Timestamp,
}

impl AttemptEntry {
    pub(crate) const fn expires(&self) -> Timestamp {
        self.at.plus_secs(ATTEMPTS_KEPT_FOR)
    }
}

impl QueueIndex {
    /// Adds an attempt, if its subscription still exists.
    pub(crate) fn add_attempt(&mut self, id: SubscriptionId, number: u64, entry: AttemptEntry) {
        let forgotten = if self.subscriptions.get(id).is_some() {
            self.attempts.insert(id, number, entry)
        } else {
            Some(entry.location)
        };
        self.freed.extend(forgotten);
        self.note_attempt(id, number);
    }

    /// Discards an unreadable attempt.
    pub(crate) fn discard_attempt(&mut self, id: SubscriptionId, number: u64) {
        let lost = self.attempts.remove_one(id, number);
        self.freed.extend(lost);
    }
}

/// The attempts of a queue's subscriptions, with the time when the oldest of each expires.
#[derive(Debug, Default)]
pub(crate) struct AttemptTable {
    of: HashMap<SubscriptionId, Attempts>,
    by_expiry: BTreeSet<(Timestamp, SubscriptionId)>,
    len: usize,
}

/// The attempts of one subscription by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    /// The next number to assign.
    pub(crate) next: u64,
    pub(crate) entries: BTreeMap<u64, AttemptEntry>,
    /// When the oldest expires, as registered.
    registered: Timestamp,
}

impl AttemptTable {
    pub(crate) fn get(&self, id: SubscriptionId) -> Option<&Attempts> {
        self.of.get(&id)
    }

    /// The number of attempts of all subscriptions.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Assigns the number of the next attempt.
    pub(crate) fn next_number(&mut self, id: SubscriptionId) -> u64 {
        let attempts = self.of.entry(id).or_default();
        attempts.next += 1;
        attempts.next - 1
    }

    /// Raises the next number to at least this one.
    pub(crate) fn raise(&mut self, id: SubscriptionId, next: u64) {
        let attempts = self.of.entry(id).or_default();
        attempts.next = attempts.next.max(next);
    }

    /// Inserts an attempt, and replaces the one with its number. Returns the location of the one that was dropped for
    /// it.
    pub(crate) fn insert(
        &mut self,
        id: SubscriptionId,
        number: u64,
        entry: AttemptEntry,
    ) -> Option<Location> {
        self.raise(id, number.saturating_add(1));
        let attempts = self.of.entry(id).or_default();
        let mut forgotten = attempts.entries.insert(number, entry);
        if attempts.entries.len() > ATTEMPTS_KEPT {
            forgotten = attempts.entries.pop_first().map(|(_, entry)| entry);
        }
        self.len += usize::from(forgotten.is_none());
        self.register(id);
        forgotten.map(|entry| entry.location)
    }

    pub(in crate::index) fn get_mut(&mut self, id: SubscriptionId, number: u64) -> Option<&mut AttemptEntry> {
        self.of.get_mut(&id)?.entries.get_mut(&number)
    }

    /// Removes one attempt.
    pub(in crate::index) fn remove_one(&mut self, id: SubscriptionId, number: u64) -> Option<Location> {
        let removed = self.of.get_mut(&id)?.entries.remove(&number)?;
        self.len -= 1;
        self.register(id);
        Some(removed.location)
    }

    /// Removes the attempts of a subscription. Returns their locations.
    pub(in crate::index) fn remove(&mut self, id: SubscriptionId) -> Vec<Location> {
        let Some(attempts) = self.of.remove(&id) else { return Vec::new() };
        self.by_expiry.remove(&(attempts.registered, id));
        self.len -= attempts.entries.len();
        attempts.entries.values().map(|entry| entry.location).collect()
    }

    pub(in crate::index) fn next_expiry(&self) -> Timestamp {
        self.by_expiry.first().map_or(Timestamp::NEVER, |(at, _)| *at)
    }

    /// Removes the attempts that have expired by `now`. Returns their locations.
    pub(in crate::index) fn expire(&mut self, now: Timestamp) -> Vec<Location> {
        let mut forgotten = Vec::new();
        while let Some((_, id)) = self.by_expiry.first().copied().filter(|(at, _)| *at <= now) {
            let Some(attempts) = self.of.get_mut(&id) else { break };
            while let Some(oldest) =
                attempts.entries.first_entry().filter(|oldest| oldest.get().expires() <= now)
            {
                forgotten.push(oldest.remove().location);
                self.len -= 1;
            }
            self.register(id);
        }
        forgotten
    }

    /// Registers when the oldest attempt of a subscription expires.
    fn register(&mut self, id: SubscriptionId) {
        let Some(attempts) = self.of.get_mut(&id) else { return };
        self.by_expiry.remove(&(attempts.registered, id));
        if let Some((_, oldest)) = attempts.entries.first_key_value() {
            attempts.registered = oldest.expires();
            self.by_expiry.insert((attempts.registered, id));
        }
    }

    /// Iterates over all attempts, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SubscriptionId, u64, &AttemptEntry)> {
        self.of
            .iter()
            .flat_map(|(id, attempts)| attempts.entries.iter().map(|(number, entry)| (*id, *number, entry)))
    }
}
