//! The open deliveries of one kind, by what they wait for. First attempts have one lane and retries another, so that
//! neither delays the other.

use std::collections::BTreeSet;

use zaqar_model::Timestamp;

use super::open::OpenDelivery;

#[derive(Debug, Default)]
pub(in crate::index) struct Lane {
    /// Due deliveries, in the order of posting.
    pub(in crate::index) due: BTreeSet<u64>,
    /// Deliveries that will be due, by that time.
    pub(in crate::index) waiting: BTreeSet<(Timestamp, u64)>,
    /// Deliveries under live leases, by the end of the lease.
    pub(in crate::index) leased: BTreeSet<(Timestamp, u64)>,
    /// Deliveries whose messages have expired: due even while the subscription is held back.
    pub(in crate::index) expired: BTreeSet<u64>,
    /// Deliveries by the time their messages expire.
    pub(in crate::index) expiring: BTreeSet<(Timestamp, u64)>,
}

impl Lane {
    pub(in crate::index) fn remove(&mut self, sequence: u64, open: &OpenDelivery) {
        self.due.remove(&sequence);
        self.waiting.remove(&(open.due, sequence));
        self.leased.remove(&(open.due, sequence));
        self.expired.remove(&sequence);
        self.expiring.remove(&(open.expires, sequence));
    }

    /// Takes the deliveries that waited or were leased until `now`.
    pub(in crate::index) fn take_due(&mut self, now: Timestamp) -> Vec<u64> {
        let mut promoted = Vec::new();
        for timers in [&mut self.waiting, &mut self.leased] {
            while timers.first().is_some_and(|(at, _)| *at <= now) {
                promoted.extend(timers.pop_first().map(|(_, sequence)| sequence));
            }
        }
        promoted
    }

    /// Takes the deliveries whose messages expire by `now`.
    pub(in crate::index) fn take_expired(&mut self, now: Timestamp) -> Vec<u64> {
        let mut expired = Vec::new();
        while self.expiring.first().is_some_and(|(at, _)| *at <= now) {
            expired.extend(self.expiring.pop_first().map(|(_, sequence)| sequence));
        }
        expired
    }

    /// The first deliveries that can be leased, in the order of posting. If the subscription is held back, only
    /// expired ones.
    pub(in crate::index) fn first(&self, limit: usize, is_held_back: bool) -> Vec<u64> {
        let due = self.due.iter().filter(|_| !is_held_back).take(limit);
        let mut first: Vec<u64> = due.chain(self.expired.iter().take(limit)).copied().collect();
        first.sort_unstable();
        first.truncate(limit);
        first
    }

    /// The first delivery of each group.
    pub(in crate::index) fn firsts(&self) -> impl Iterator<Item = u64> {
        let waiting = self.waiting.first().map(|(_, sequence)| sequence);
        [self.due.first(), self.expired.first(), waiting].into_iter().flatten().copied()
    }

    /// How many more deliveries may be leased.
    pub(in crate::index) fn slots(&self, limit: usize) -> usize {
        limit.saturating_sub(self.leased.len())
    }

    /// When one more delivery may be leased.
    pub(in crate::index) fn slot_free_at(&self, limit: usize) -> Timestamp {
        let over = self.leased.len().checked_sub(limit);
        let end = over.and_then(|over| self.leased.iter().nth(over));
        // With a limit of 0 that is never.
        match (over, end) {
            (None, _) => Timestamp::default(),
            (Some(_), Some((at, _))) => *at,
            (Some(_), None) => Timestamp::NEVER,
        }
    }
}
