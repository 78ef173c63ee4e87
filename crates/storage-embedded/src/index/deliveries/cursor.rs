//! One subscription's place in its queue: how far it has come, and what is not done behind that.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::{DeliveryStanding, HeldBack, Lease, LeaseId, Timestamp};
use zaqar_storage::FAILURES_KEPT;

use super::lane::Lane;
use super::open::OpenDelivery;
use crate::log::DeliveryFailure;

/// What is below `front` was taken up; of that, what is neither open nor failed is done.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    pub(in crate::index) front: u64,
    open: BTreeMap<u64, OpenDelivery>,
    pub(in crate::index) failed: BTreeMap<u64, DeliveryFailure>,
    /// What has no attempt behind it.
    pub(in crate::index) first_attempts: Lane,
    /// What has.
    pub(in crate::index) retries: Lane,
    /// Those under leases, live or ended, of which nobody has said how they ended.
    under_way: BTreeSet<u64>,
    pub(crate) held_back: HeldBack,
}

impl Cursor {
    pub(in crate::index) fn at(front: u64) -> Self {
        Self { front, ..Self::default() }
    }

    /// Whether its queue is moving here, and it is not known yet how far it has come.
    pub(in crate::index) const fn is_arriving(&self) -> bool {
        self.front == 0
    }

    /// Whether the delivery is open or has failed: then its message stays.
    pub(in crate::index) fn holds(&self, sequence: u64) -> bool {
        self.open.contains_key(&sequence) || self.failed.contains_key(&sequence)
    }

    /// All that this cursor holds.
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

    /// The failure to forget, where there are more than are kept.
    pub(in crate::index) fn first_failure_too_many(&self) -> Option<u64> {
        let first = self.failed.first_key_value().filter(|_| self.failed.len() > FAILURES_KEPT);
        first.map(|(sequence, _)| *sequence)
    }

    /// What is known of a delivery, whose message has expired or not.
    pub(crate) fn standing(&self, sequence: u64, has_expired: bool) -> DeliveryStanding {
        if let Some(OpenDelivery { attempts, due, lease, expires }) = self.open.get(&sequence).copied() {
            // This tells what was put off since its message expired from a retry that was to come later.
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

    /// Those that were leased and not recorded since.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = u64> {
        self.under_way.iter().copied()
    }

    /// Those that were never tried and are under no lease: they wait for the end of a delay, or were given back.
    pub(crate) fn untried(&self) -> impl Iterator<Item = u64> {
        let untried = self.open.iter().filter(|(_, open)| open.attempts == 0 && open.lease.is_none());
        untried.map(|(sequence, _)| *sequence)
    }

    pub(crate) fn open_len(&self) -> usize {
        self.open.len()
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

    /// First attempts first.
    pub(in crate::index) const fn lanes(&mut self) -> [&mut Lane; 2] {
        [&mut self.first_attempts, &mut self.retries]
    }

    /// Sets a delivery aside until it is due, or its message expires. Where that has happened, it is due when it is said
    /// to be, whatever holds the subscription back.
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

    /// Lets a delivery be due no more: its message is gone. One that was under way is kept until its attempt is on
    /// record.
    pub(in crate::index) fn pass_over(&mut self, sequence: u64) {
        if self.under_way.contains(&sequence)
            && let Some(open) = self.open.get(&sequence).copied()
        {
            self.lane(open.attempts).remove(sequence, &open);
        } else {
            self.remove(sequence);
        }
    }

    /// A delivery is due, until its message expires.
    pub(in crate::index) fn set_due(&mut self, sequence: u64, expires: Timestamp) {
        self.expect_expiry(sequence, expires);
        if let Some(attempts) = self.open.get(&sequence).map(|open| open.attempts) {
            self.lane(attempts).due.insert(sequence);
        }
    }

    /// The message of a delivery expires at this moment.
    pub(in crate::index) fn expect_expiry(&mut self, sequence: u64, expires: Timestamp) {
        let Some(open) = self.open.get_mut(&sequence) else { return };
        let (before, attempts) = (open.expires, open.attempts);
        open.expires = expires;
        let lane = self.lane(attempts);
        lane.expiring.remove(&(before, sequence));
        lane.expiring.insert((expires, sequence));
    }

    /// The message of a delivery has expired.
    pub(in crate::index) fn set_expired(&mut self, sequence: u64) {
        let Some(open) = self.open.get(&sequence).copied() else { return };
        let lane = self.lane(open.attempts);
        lane.remove(sequence, &open);
        lane.expired.insert(sequence);
    }

    /// Those that wait until they are due.
    pub(in crate::index) fn waiting(&self) -> impl Iterator<Item = u64> {
        let lanes = [&self.first_attempts, &self.retries].into_iter();
        lanes.flat_map(|lane| &lane.waiting).map(|(_, sequence)| *sequence)
    }

    /// Lets a delivery wait no longer than until then.
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
