//! One subscription's place in its queue: how far it has come, and what is not done behind that.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::{DeliveryStanding, LeaseHold, LeaseId, MessageId, Timestamp};
use zaqar_storage::{FAILURES_KEPT, SubscriptionShare};

use crate::log::{Failure, Standing};

/// A delivery that was taken up once and is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) attempts: u32,
    /// When it is to be tried; while it is leased, when the lease ends.
    pub(super) due: Timestamp,
    /// Who had it last, unless that was recorded.
    pub(crate) lease: Option<LeaseHold>,
    /// When its message expires, as far as is known.
    pub(super) expires: Timestamp,
}

impl Open {
    /// What the log says of it, with its message's id. When a lease ends is not in it: with the process at the latest.
    pub(crate) fn logged(&self, message: MessageId) -> Standing {
        let Self { attempts, due, lease, .. } = *self;
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
    /// Those that were not tried yet.
    untried: Turns,
    /// Those that were.
    tried: Turns,
    /// Those that will be due.
    waiting: BTreeSet<(Timestamp, u64)>,
    /// All open ones whose messages live, by when those expire.
    by_expiry: BTreeSet<(Timestamp, u64)>,
    /// All open ones whose messages have expired: due whatever else is said, unless they are leased.
    expired: BTreeSet<u64>,
    /// Those under leases, live or ended, of which nobody has said how they ended.
    under_way: BTreeSet<u64>,
    pub(crate) paused_until: Timestamp,
    /// The same for those that were tried.
    pub(crate) retries_paused_until: Timestamp,
}

/// Open deliveries that share a limit.
#[derive(Debug, Default)]
struct Turns {
    /// Those that are due, in the order of posting.
    due: BTreeSet<u64>,
    /// Those under live leases, by the end of the lease.
    leased: BTreeSet<(Timestamp, u64)>,
}

impl Turns {
    fn ripen(&mut self, now: Timestamp) {
        while self.leased.first().is_some_and(|(at, _)| *at <= now) {
            self.due.extend(self.leased.pop_first().map(|(_, sequence)| sequence));
        }
    }

    /// How many more may be leased.
    fn slots(&self, limit: usize) -> usize {
        limit.saturating_sub(self.leased.len())
    }

    /// When one more may be leased.
    fn slot_free_at(&self, limit: usize) -> Timestamp {
        let over = self.leased.len().checked_sub(limit);
        let end = over.and_then(|over| self.leased.iter().nth(over));
        end.map_or(Timestamp::default(), |(at, _)| *at)
    }
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
    pub(super) fn first_failure_too_many(&self) -> Option<(u64, &Failure)> {
        let first = self.failed.first_key_value().filter(|_| self.failed.len() > FAILURES_KEPT);
        first.map(|(sequence, failure)| (*sequence, failure))
    }

    /// What is known of a delivery.
    pub(crate) fn standing(&self, sequence: u64) -> DeliveryStanding {
        if let Some(Open { attempts, due, lease, .. }) = self.open.get(&sequence).copied() {
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

    /// Sets a delivery aside until it is due. Its message expires at a time that may be found to be later.
    pub(super) fn put(&mut self, sequence: u64, due: Timestamp, attempts: u32, expires: Timestamp) {
        self.remove(sequence);
        self.open.insert(sequence, Open { attempts, due, lease: None, expires });
        self.waiting.insert((due, sequence));
        self.by_expiry.insert((expires, sequence));
    }

    /// Leases a delivery.
    pub(super) fn lease(&mut self, sequence: u64, lease: LeaseHold, until: Timestamp, expires: Timestamp) {
        let attempts = self.open.get(&sequence).map_or(0, |open| open.attempts);
        self.remove(sequence);
        self.open.insert(sequence, Open { attempts, due: until, lease: Some(lease), expires });
        self.turns(attempts).leased.insert((until, sequence));
        self.by_expiry.insert((expires, sequence));
        self.under_way.insert(sequence);
    }

    pub(super) fn remove(&mut self, sequence: u64) {
        self.failed.remove(&sequence);
        if let Some(open) = self.open.remove(&sequence) {
            self.expired.remove(&sequence);
            self.by_expiry.remove(&(open.expires, sequence));
            self.waiting.remove(&(open.due, sequence));
            self.under_way.remove(&sequence);
            let turns = self.turns(open.attempts);
            turns.due.remove(&sequence);
            turns.leased.remove(&(open.due, sequence));
        }
    }

    /// Lets a delivery be due no more: its message is gone. One that was under way is kept until its attempt is on
    /// record.
    pub(super) fn pass_over(&mut self, sequence: u64) {
        if self.under_way.contains(&sequence) {
            self.expired.remove(&sequence);
            self.untried.due.remove(&sequence);
            self.tried.due.remove(&sequence);
        } else {
            self.remove(sequence);
        }
    }

    /// Makes due what is by `now`: what waited, and what leases have lost.
    pub(super) fn ripen(&mut self, now: Timestamp) {
        while let Some((_, sequence)) = self.waiting.first().copied().filter(|(at, _)| *at <= now) {
            self.waiting.pop_first();
            let attempts = self.open.get(&sequence).map_or(0, |open| open.attempts);
            self.turns(attempts).due.insert(sequence);
        }
        self.untried.ripen(now);
        self.tried.ripen(now);
    }

    /// The delivery whose message was to expire first, if that is by `now`.
    pub(super) fn first_to_expire(&self, now: Timestamp) -> Option<u64> {
        self.by_expiry.first().filter(|(at, _)| *at <= now).map(|(_, sequence)| *sequence)
    }

    /// Notes when the message of an open delivery expires; `None`: it has.
    pub(super) fn note_expiry(&mut self, sequence: u64, later: Option<Timestamp>) {
        let Some(open) = self.open.get_mut(&sequence) else { return };
        self.by_expiry.remove(&(open.expires, sequence));
        match later {
            Some(expires) => {
                open.expires = expires;
                self.by_expiry.insert((expires, sequence));
            }
            None => drop(self.expired.insert(sequence)),
        }
    }

    /// When the first open delivery is due since its message will have expired.
    pub(super) fn next_expiry(&self, now: Timestamp) -> Option<Timestamp> {
        let mut first: Option<Timestamp> = None;
        for (at, sequence) in &self.by_expiry {
            if first.is_some_and(|first| first <= *at) {
                break;
            }
            // Few are leased.
            let lease = self.open.get(sequence).filter(|open| open.lease.is_some() && now < open.due);
            let at = lease.map_or(*at, |open| open.due.max(*at));
            first = Some(first.map_or(at, |first| first.min(at)));
        }
        first
    }

    /// Those whose messages have expired, in the order of posting, and when their leases end, if they are leased.
    pub(super) fn expired(&self, now: Timestamp) -> impl Iterator<Item = (u64, Option<Timestamp>)> {
        self.expired.iter().map(move |sequence| {
            let lease_ends = self.open.get(sequence).filter(|open| open.lease.is_some() && now < open.due);
            (*sequence, lease_ends.map(|open| open.due))
        })
    }

    /// The first of each kind that is due or waits: what stands in the way of others if its message is gone.
    pub(super) fn first_ones(&self) -> [Option<u64>; 4] {
        let first = |set: &BTreeSet<u64>| set.first().copied();
        let waiting = self.waiting.first().map(|(_, sequence)| *sequence);
        [first(&self.untried.due), first(&self.tried.due), first(&self.expired), waiting]
    }

    /// Those that were not tried and are due, in the order of posting, and how many more may be leased.
    pub(super) fn untried(&self, share: SubscriptionShare) -> (impl Iterator<Item = u64>, usize) {
        (self.untried.due.iter().copied(), self.untried.slots(share.first_attempts))
    }

    /// Those that are to be tried again.
    pub(super) fn retries(
        &self,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> (impl Iterator<Item = u64>, usize) {
        let slots = if now < self.retries_paused_until { 0 } else { self.tried.slots(share.retries) };
        (self.tried.due.iter().copied(), slots)
    }

    /// When one of those that were taken up, or one that was not if there `is_more`, can be leased, expired ones aside.
    pub(super) fn next_due(
        &self,
        is_more: bool,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let (untried, tried) = (&self.untried, &self.tried);
        let waiting = self.waiting.first().map(|(at, sequence)| {
            let was_tried = self.open.get(sequence).is_some_and(|open| open.attempts > 0);
            if was_tried {
                self.retries_from(*at, share)
            } else {
                (*at).max(untried.slot_free_at(share.first_attempts))
            }
        });
        let fresh = is_more || !untried.due.is_empty();
        let fresh = fresh.then(|| untried.slot_free_at(share.first_attempts).max(now));
        let again = (!tried.due.is_empty()).then(|| self.retries_from(now, share));
        let lost = untried.leased.first().map(|(at, _)| *at);
        let lost_retry = tried.leased.first().map(|(at, _)| self.retries_from(*at, share));
        let moments = [waiting, fresh, again, lost, lost_retry];
        Some(moments.into_iter().flatten().min()?.max(self.paused_until))
    }

    fn retries_from(&self, at: Timestamp, share: SubscriptionShare) -> Timestamp {
        at.max(self.tried.slot_free_at(share.retries)).max(self.retries_paused_until)
    }

    fn turns(&mut self, attempts: u32) -> &mut Turns {
        if attempts == 0 { &mut self.untried } else { &mut self.tried }
    }
}
