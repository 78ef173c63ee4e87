//! One subscription's place in its queue: how far it has come, and what is not done behind that.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::{DeliveryStanding, LeaseHold, LeaseId, MessageId, Timestamp};
use zaqar_storage::FAILURES_KEPT;

use crate::log::{Failure, Standing};

/// A delivery that was taken up once and is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) attempts: u32,
    /// When it is to be tried; while it is leased, when the lease ends.
    pub(super) due: Timestamp,
    /// Who had it last, unless that was recorded.
    pub(crate) lease: Option<LeaseHold>,
}

impl Open {
    /// What the log says of it, with its message's id. When a lease ends is not in it: with the process at the latest.
    pub(crate) fn logged(&self, message: MessageId) -> Standing {
        let Self { attempts, due, lease } = *self;
        let waiting = Standing::Waiting { due, attempts };
        lease.map_or(waiting, |lease| Standing::UnderWay { message, lease, attempts })
    }
}

/// What is below `front` was taken up; of that, what is neither open nor failed is done.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    pub(super) front: u64,
    open: BTreeMap<u64, Open>,
    pub(super) failed: BTreeMap<u64, Failure>,
    /// The open ones that are due, in the order of posting.
    due: BTreeSet<u64>,
    /// Those that will be.
    waiting: BTreeSet<(Timestamp, u64)>,
    /// Those under live leases, by the end of the lease.
    leased: BTreeSet<(Timestamp, u64)>,
    /// Those under leases, live or ended, of which nobody has said how they ended.
    under_way: BTreeSet<u64>,
    pub(crate) paused_until: Timestamp,
}

impl Cursor {
    pub(super) fn at(front: u64) -> Self {
        Self { front, ..Self::default() }
    }

    /// Whether its queue is moving here, and it is not known yet how far it has come.
    pub(super) const fn is_arriving(&self) -> bool {
        self.front == 0
    }

    /// Whether the delivery is open or has failed: then its message stays.
    pub(super) fn holds(&self, sequence: u64) -> bool {
        self.open.contains_key(&sequence) || self.failed.contains_key(&sequence)
    }

    /// All that this cursor holds.
    pub(super) fn held(&self) -> impl Iterator<Item = u64> {
        self.open.keys().chain(self.failed.keys()).copied()
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = (u64, &Open)> {
        self.open.iter().map(|(sequence, open)| (*sequence, open))
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Open> {
        self.open.get(&sequence)
    }

    pub(crate) const fn front(&self) -> u64 {
        self.front
    }

    pub(crate) const fn failed(&self) -> &BTreeMap<u64, Failure> {
        &self.failed
    }

    /// The failure to forget, where there are more than are kept.
    pub(super) fn first_failure_too_many(&self) -> Option<u64> {
        let first = self.failed.first_key_value().filter(|_| self.failed.len() > FAILURES_KEPT);
        first.map(|(sequence, _)| *sequence)
    }

    /// What is known of a delivery.
    pub(crate) fn standing(&self, sequence: u64) -> DeliveryStanding {
        if let Some(Open { attempts, due, lease }) = self.open.get(&sequence).copied() {
            DeliveryStanding::Open { attempts, due, lease }
        } else if let Some(Failure { at, attempts, reason }) = self.failed.get(&sequence).cloned() {
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
    pub(crate) fn leased_by(&self, sequence: u64, lease: LeaseId) -> Option<Open> {
        self.open.get(&sequence).copied().filter(|open| open.lease.is_some_and(|own| own.id == lease))
    }

    pub(crate) fn is_leased(&self, sequence: u64, now: Timestamp) -> bool {
        self.open.get(&sequence).is_some_and(|open| open.lease.is_some() && now < open.due)
    }

    /// Sets a delivery aside until it is due.
    pub(super) fn put(&mut self, sequence: u64, due: Timestamp, attempts: u32) {
        self.remove(sequence);
        self.open.insert(sequence, Open { attempts, due, lease: None });
        self.waiting.insert((due, sequence));
    }

    /// Leases a delivery.
    pub(super) fn lease(&mut self, sequence: u64, lease: LeaseHold, until: Timestamp) {
        let attempts = self.open.get(&sequence).map_or(0, |open| open.attempts);
        self.remove(sequence);
        self.open.insert(sequence, Open { attempts, due: until, lease: Some(lease) });
        self.leased.insert((until, sequence));
        self.under_way.insert(sequence);
    }

    pub(super) fn remove(&mut self, sequence: u64) {
        self.failed.remove(&sequence);
        if let Some(open) = self.open.remove(&sequence) {
            self.due.remove(&sequence);
            self.waiting.remove(&(open.due, sequence));
            self.leased.remove(&(open.due, sequence));
            self.under_way.remove(&sequence);
        }
    }

    /// Lets a delivery be due no more: its message is gone. One that was under way is kept until its attempt is on
    /// record.
    pub(super) fn pass_over(&mut self, sequence: u64) {
        if self.under_way.contains(&sequence) {
            self.due.remove(&sequence);
        } else {
            self.remove(sequence);
        }
    }

    /// Makes due what is by `now`: what waited, and what leases have lost.
    pub(super) fn ripen(&mut self, now: Timestamp) {
        for timers in [&mut self.waiting, &mut self.leased] {
            while timers.first().is_some_and(|(at, _)| *at <= now) {
                self.due.extend(timers.pop_first().map(|(_, sequence)| sequence));
            }
        }
    }

    pub(super) fn first_due(&self) -> Option<u64> {
        self.due.first().copied()
    }

    /// Those that are due, in the order of posting.
    pub(super) fn due(&self) -> impl Iterator<Item = u64> {
        self.due.iter().copied()
    }

    pub(super) fn first_waiting(&self) -> Option<(Timestamp, u64)> {
        self.waiting.first().copied()
    }

    /// By the end of the lease.
    pub(super) fn leased(&self) -> impl Iterator<Item = (Timestamp, u64)> {
        self.leased.iter().copied()
    }

    /// How many more may be leased.
    pub(super) fn slots(&self, per_subscription: usize) -> usize {
        per_subscription.saturating_sub(self.leased.len())
    }

    /// When one more may be leased.
    pub(super) fn slot_free_at(&self, per_subscription: usize) -> Timestamp {
        let over = self.leased.len().checked_sub(per_subscription);
        let end = over.and_then(|over| self.leased.iter().nth(over));
        end.map_or(Timestamp::default(), |(at, _)| *at)
    }
}
