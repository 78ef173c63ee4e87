//! The open deliveries of one kind, by what they wait for: first attempts stand in one lane, what is tried again in
//! another, so that neither takes the turn of the other.

use std::collections::BTreeSet;

use zaqar_model::Timestamp;

use super::open::OpenDelivery;

#[derive(Debug, Default)]
pub(in crate::index) struct Lane {
    /// Those that are due, in the order of posting.
    pub(in crate::index) due: BTreeSet<u64>,
    /// Those that will be.
    pub(in crate::index) waiting: BTreeSet<(Timestamp, u64)>,
    /// Those under live leases, by the end of the lease.
    pub(in crate::index) leased: BTreeSet<(Timestamp, u64)>,
    /// Those whose messages have expired: due whatever holds their subscription back.
    pub(in crate::index) expired: BTreeSet<u64>,
    /// Those whose messages will have expired, by then.
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

    /// Takes out what waited or was leased until `now`.
    pub(in crate::index) fn take_due(&mut self, now: Timestamp) -> Vec<u64> {
        let mut ripe = Vec::new();
        for timers in [&mut self.waiting, &mut self.leased] {
            while timers.first().is_some_and(|(at, _)| *at <= now) {
                ripe.extend(timers.pop_first().map(|(_, sequence)| sequence));
            }
        }
        ripe
    }

    /// Takes out what was to expire by `now`.
    pub(in crate::index) fn take_expired(&mut self, now: Timestamp) -> Vec<u64> {
        let mut expired = Vec::new();
        while self.expiring.first().is_some_and(|(at, _)| *at <= now) {
            expired.extend(self.expiring.pop_first().map(|(_, sequence)| sequence));
        }
        expired
    }

    /// The first that can be leased, in the order of posting; of a subscription that is held back only what has expired.
    pub(in crate::index) fn first(&self, limit: usize, is_held_back: bool) -> Vec<u64> {
        let due = self.due.iter().filter(|_| !is_held_back).take(limit);
        let mut first: Vec<u64> = due.chain(self.expired.iter().take(limit)).copied().collect();
        first.sort_unstable();
        first.truncate(limit);
        first
    }

    /// Of those that are next, one for each thing they wait for.
    pub(in crate::index) fn firsts(&self) -> impl Iterator<Item = u64> {
        let waiting = self.waiting.first().map(|(_, sequence)| sequence);
        [self.due.first(), self.expired.first(), waiting].into_iter().flatten().copied()
    }

    /// How many more may be leased.
    pub(in crate::index) fn slots(&self, limit: usize) -> usize {
        limit.saturating_sub(self.leased.len())
    }

    /// When one more may be leased.
    pub(in crate::index) fn slot_free_at(&self, limit: usize) -> Timestamp {
        let over = self.leased.len().checked_sub(limit);
        let end = over.and_then(|over| self.leased.iter().nth(over));
        // With a limit of none that is never.
        match (over, end) {
            (None, _) => Timestamp::default(),
            (Some(_), Some((at, _))) => *at,
            (Some(_), None) => Timestamp::NEVER,
        }
    }
}
