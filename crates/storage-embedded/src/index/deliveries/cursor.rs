//! The progress of one subscription in its queue, and its deliveries that are not done.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::{DeliveryStanding, HeldBack, Lease, LeaseId, Timestamp};
use zaqar_storage::FAILURES_KEPT;

use super::lane::Lane;
use super::open::OpenDelivery;
use crate::log::DeliveryFailure;

/// All messages below `front` were considered. Of those, deliveries that are neither open nor failed are done.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    pub(in crate::index) front: u64,
    open: BTreeMap<u64, OpenDelivery>,
    pub(in crate::index) failed: BTreeMap<u64, DeliveryFailure>,
    /// Deliveries without an attempt.
    pub(in crate::index) first_attempts: Lane,
    /// Deliveries with an attempt.
    pub(in crate::index) retries: Lane,
    /// Deliveries under leases, live or ended, without a reported outcome.
    under_way: BTreeSet<u64>,
    pub(crate) held_back: HeldBack,
}

impl Cursor {
    pub(in crate::index) fn at(front: u64) -> Self {
        Self { front, ..Self::default() }
    }

    /// Whether its queue migrates here, and its progress is not known yet.
    pub(in crate::index) const fn is_arriving(&self) -> bool {
        self.front == 0
    }

    /// Whether the delivery is open or has failed. If so, its message is retained.
    pub(in crate::index) fn holds(&self, sequence: u64) -> bool {
        self.open.contains_key(&sequence) || self.failed.contains_key(&sequence)
    }

    /// All messages that this cursor holds.
    pub(in crate::index) fn held(&self) -> impl Iterator<Item = u64> {
        self.open.keys().chain(self.failed.keys()).copied()
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = (u64, &OpenDelivery)> {
        self.open.iter().map(|(sequence, open)| (*sequence, open))
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&OpenDelivery> {
        self.open.get(&sequence)
    }

    pub(crate) const fn front(&self) -> u64 {
        self.front
    }

    pub(crate) const fn failed(&self) -> &BTreeMap<u64, DeliveryFailure> {
        &self.failed
    }

    /// The first failure, if there are too many.
    pub(in crate::index) fn first_failure_too_many(&self) -> Option<u64> {
        let first = self.failed.first_key_value().filter(|_| self.failed.len() > FAILURES_KEPT);
        first.map(|(sequence, _)| *sequence)
    }

    /// The state of a delivery for export, whose message has expired or not.
    pub(crate) fn standing(&self, sequence: u64, has_expired: bool) -> DeliveryStanding {
        if let Some(OpenDelivery { attempts, due, lease, expires }) = self.open.get(&sequence).copied() {
            // This distinguishes a delivery that was postponed since its message expired from one with a later retry.
            let due = if lease.is_none() && has_expired { due.min(expires) } else { due };
            DeliveryStanding::Open { attempts, due, lease }
        } else if let Some(DeliveryFailure { at, attempts, reason }) = self.failed.get(&sequence).cloned() {
            DeliveryStanding::Failed { attempts, at, reason }
        } else {
            DeliveryStanding::Done
        }
    }

    /// The first deliveries from a sequence number on that are open or have failed.
    pub(crate) fn held_from(&self, from: u64, limit: usize) -> Vec<u64> {
        let open = self.open.range(from..).map(|(sequence, _)| *sequence).take(limit);
        let failed = self.failed.range(from..).map(|(sequence, _)| *sequence).take(limit);
        let mut held: Vec<u64> = open.chain(failed).collect();
        held.sort_unstable();
        held.truncate(limit);
        held
    }

    /// Deliveries that were leased, without a recorded outcome since.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = u64> {
        self.under_way.iter().copied()
    }

    pub(crate) fn open_len(&self) -> usize {
        self.open.len()
    }

    /// Those that this lease holds and nobody has recorded, first attempts first.
    pub(crate) fn held_by(&self, lease: LeaseId) -> Vec<u64> {
        let held = self.under_way().filter_map(|sequence| Some((self.leased_by(sequence, lease)?, sequence)));
        let mut held: Vec<(bool, u64)> = held.map(|(open, sequence)| (open.attempts > 0, sequence)).collect();
        held.sort_unstable();
        held.into_iter().map(|(_, sequence)| sequence).collect()
    }

    /// The delivery, if this lease had it last.
    pub(crate) fn leased_by(&self, sequence: u64, lease: LeaseId) -> Option<OpenDelivery> {
        self.open.get(&sequence).copied().filter(|open| open.lease.is_some_and(|own| own.id == lease))
    }

    pub(crate) fn is_leased(&self, sequence: u64, now: Timestamp) -> bool {
        self.open.get(&sequence).is_some_and(|open| open.lease.is_some() && now < open.due)
    }

    const fn lane(&mut self, attempts: u32) -> &mut Lane {
        if attempts == 0 { &mut self.first_attempts } else { &mut self.retries }
    }

    /// The lanes, first attempts first.
    pub(in crate::index) const fn lanes(&mut self) -> [&mut Lane; 2] {
        [&mut self.first_attempts, &mut self.retries]
    }

    /// Lets a delivery wait until it is due, or its message expires. If the message has expired, it is due at the
    /// given time, even while the subscription is held back.
    pub(in crate::index) fn put(
        &mut self,
        sequence: u64,
        due: Timestamp,
        attempts: u32,
        expires: Timestamp,
        now: Timestamp,
    ) {
        self.remove(sequence);
        let has_expired = expires <= now;
        let expires = if has_expired { due } else { expires };
        self.open.insert(sequence, OpenDelivery { attempts, due, lease: None, expires });
        let lane = self.lane(attempts);
        lane.expiring.insert((expires, sequence));
        if !has_expired {
            lane.waiting.insert((due, sequence));
        }
    }

    /// Leases a delivery.
    pub(in crate::index) fn lease(&mut self, sequence: u64, lease: Lease, until: Timestamp) {
        let attempts = self.open.get(&sequence).map_or(0, |open| open.attempts);
        self.remove(sequence);
        let expires = Timestamp::default();
        self.open.insert(sequence, OpenDelivery { attempts, due: until, lease: Some(lease), expires });
        self.lane(attempts).leased.insert((until, sequence));
        self.under_way.insert(sequence);
    }

    pub(in crate::index) fn remove(&mut self, sequence: u64) {
        self.failed.remove(&sequence);
        if let Some(open) = self.open.remove(&sequence) {
            self.lane(open.attempts).remove(sequence, &open);
            self.under_way.remove(&sequence);
        }
    }

    /// Makes a delivery no longer due: its message is gone. One that was under way stays until its attempt is
    /// recorded.
    pub(in crate::index) fn pass_over(&mut self, sequence: u64) {
        if self.under_way.contains(&sequence)
            && let Some(open) = self.open.get(&sequence).copied()
        {
            self.lane(open.attempts).remove(sequence, &open);
        } else {
            self.remove(sequence);
        }
    }

    /// Makes a delivery due, until its message expires.
    pub(in crate::index) fn set_due(&mut self, sequence: u64, expires: Timestamp) {
        self.expect_expiry(sequence, expires);
        if let Some(attempts) = self.open.get(&sequence).map(|open| open.attempts) {
            self.lane(attempts).due.insert(sequence);
        }
    }

    /// Sets when the message of a delivery expires.
    pub(in crate::index) fn expect_expiry(&mut self, sequence: u64, expires: Timestamp) {
        let Some(open) = self.open.get_mut(&sequence) else { return };
        let (before, attempts) = (open.expires, open.attempts);
        open.expires = expires;
        let lane = self.lane(attempts);
        lane.expiring.remove(&(before, sequence));
        lane.expiring.insert((expires, sequence));
    }

    /// Notes that the message of a delivery has expired.
    pub(in crate::index) fn set_expired(&mut self, sequence: u64) {
        let Some(open) = self.open.get(&sequence).copied() else { return };
        let lane = self.lane(open.attempts);
        lane.remove(sequence, &open);
        lane.expired.insert(sequence);
    }

    /// Deliveries that wait until they are due.
    pub(in crate::index) fn waiting(&self) -> impl Iterator<Item = u64> {
        let lanes = [&self.first_attempts, &self.retries].into_iter();
        lanes.flat_map(|lane| &lane.waiting).map(|(_, sequence)| *sequence)
    }

    /// Lets a delivery wait until this time at most.
    pub(in crate::index) fn hasten(&mut self, sequence: u64, until: Timestamp) {
        let Some(open) = self.open.get_mut(&sequence) else { return };
        let (before, attempts) = (open.due, open.attempts);
        open.due = before.min(until);
        let due = open.due;
        let lane = self.lane(attempts);
        if lane.waiting.remove(&(before, sequence)) {
            lane.waiting.insert((due, sequence));
        }
    }
}
