//! The deliveries of one queue: when they are due, who leases them, and their states.

use std::collections::BTreeSet;

use zaqar_model::{HeldBack, Lease, MessageId, Paused, SubscriptionId, Timestamp};
use zaqar_storage::SubscriptionShare;

use super::backlog::ScheduleChanges;
use super::cursor::Cursor;
use crate::index::QueueIndex;
use crate::log::{DeliveryState, ForeignId};

/// Maximum number of messages examined for delays at once.
const LOOKED_AT_ONCE: usize = 256;

impl QueueIndex {
    /// Notes that a message was posted.
    pub(in crate::index) fn note_posted(&mut self) {
        self.backlog.changes.posted |= !self.backlog.fronts.is_empty();
    }

    pub(crate) fn take_changes(&mut self) -> ScheduleChanges {
        std::mem::take(&mut self.backlog.changes)
    }

    /// Makes the next post wake a subscription.
    pub(crate) fn wait_for_post(&mut self, id: SubscriptionId) {
        if self.backlog.cursors.contains_key(&id) {
            self.backlog.caught_up.insert(id);
        }
    }

    /// Takes the subscriptions that had caught up, after a post.
    pub(crate) fn take_caught_up(&mut self) -> BTreeSet<SubscriptionId> {
        std::mem::take(&mut self.backlog.caught_up)
    }

    /// The sequence number of a message that was posted here and still exists, in the queue or for a subscriber.
    pub(crate) fn find_posted(&self, id: MessageId) -> Option<u64> {
        self.sequence_of(id)
            .filter(|sequence| self.id_of(*sequence) == id && self.owed_message(*sequence).is_some())
    }

    /// The cursors in the order of the subscriptions' ids, from this one on.
    pub(crate) fn cursors_from(
        &self,
        from: SubscriptionId,
    ) -> impl Iterator<Item = (SubscriptionId, &Cursor)> {
        self.backlog.cursors.range(from..).map(|(id, cursor)| (*id, cursor))
    }

    /// Has it examined of all subscriptions when they are due.
    pub(crate) fn wake_all(&mut self) {
        self.backlog.changes.woken.extend(self.backlog.cursors.keys());
    }

    pub(crate) fn cursor(&self, id: SubscriptionId) -> Option<&Cursor> {
        self.backlog.cursors.get(&id)
    }

    /// When a lease with this share finds a delivery for a subscription. A time in the past means now.
    pub(crate) fn next_due(
        &mut self,
        id: SubscriptionId,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.pass_delayed(id, now);
        self.promote_due(id, now);
        let held_back = self.held_back(id);
        let front = self.cursor(id).filter(|cursor| !cursor.is_arriving())?.front;
        let next_posted = self.next_posted(front);
        if next_posted.is_none() {
            self.set_front(id, self.next_sequence);
            self.backlog.caught_up.insert(id);
        }
        let cursor = self.cursor(id)?;
        let posted = next_posted.and_then(|next| self.owed_message(next)).map(|entry| entry.expires);
        let lanes = [
            (&cursor.first_attempts, share.first_attempts, held_back.first_attempts, posted),
            (&cursor.retries, share.retries, held_back.retries, None),
        ];
        let due = lanes.into_iter().flat_map(|(lane, limit, held_back, posted)| {
            let held = |at: Timestamp| at.max(held_back);
            let posted = posted.map(|expires| held(now).min(expires.max(now)));
            let due = lane.due.first().map(|_| held(now));
            let waiting = lane.waiting.first().map(|(at, _)| held(*at));
            let expired = lane.expired.first().map(|_| now);
            let expiring = lane.expiring.first().map(|(at, _)| *at);
            let leased = lane.leased.iter().filter_map(|(end, sequence)| {
                let expires = self.owed_message(*sequence)?.expires;
                Some(held(*end).min(expires.max(*end)))
            });
            let free = lane.slot_free_at(limit);
            let all = [posted, due, waiting, expired, expiring, leased.min()];
            all.into_iter().flatten().map(move |at| at.max(free))
        });
        due.min().filter(|at| *at < Timestamp::NEVER)
    }

    /// Until when a subscription is leased only expired messages.
    fn held_back(&self, id: SubscriptionId) -> HeldBack {
        let is_suspended = self.subscriptions.get(id).is_some_and(|own| own.suspended.is_some());
        let paused = self.cursor(id).map_or_else(HeldBack::default, |cursor| cursor.held_back);
        if is_suspended { HeldBack::all(Timestamp::NEVER) } else { paused }
    }

    /// The first deliveries of a subscription that can be leased now: first attempts in the order of posting, then
    /// retries.
    pub(crate) fn next_to_lease(
        &mut self,
        id: SubscriptionId,
        limit: usize,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> Vec<u64> {
        self.pass_delayed(id, now);
        self.promote_due(id, now);
        let held_back = self.held_back(id);
        let is_held_back = held_back.first_attempts > now;
        let Some(cursor) = self.cursor(id).filter(|cursor| !cursor.is_arriving()) else { return Vec::new() };
        let first_attempts = cursor.first_attempts.slots(share.first_attempts).min(limit);
        let mut found = cursor.first_attempts.first(first_attempts, is_held_back);
        let mut front = cursor.front;
        while found.len() < first_attempts
            && let Some(next) = self.next_posted(front).filter(|next| self.due_from(id, *next) <= now)
            && self.owed_message(next).is_some_and(|entry| !is_held_back || entry.expires <= now)
        {
            found.push(next);
            front = next + 1;
        }
        let retries = cursor.retries.slots(share.retries).min(limit - found.len());
        found.extend(cursor.retries.first(retries, held_back.retries > now));
        found
    }

    /// Leases deliveries.
    pub(crate) fn lease(&mut self, id: SubscriptionId, lease: Lease, until: Timestamp, sequences: &[u64]) {
        for sequence in sequences {
            self.change(id, *sequence, |cursor| cursor.lease(*sequence, lease, until));
        }
        let front = sequences.iter().max().map_or(0, |last| last + 1);
        self.set_front(id, front);
        self.drop_gone(id);
    }

    /// Deliveries of a subscription whose leases have ended by `now` and whose messages are gone: no other lease
    /// takes them over.
    pub(crate) fn orphaned_leases(&self, id: SubscriptionId, now: Timestamp) -> Vec<u64> {
        let Some(cursor) = self.cursor(id) else { return Vec::new() };
        cursor.under_way().filter(|sequence| self.is_orphaned(cursor, *sequence, now)).collect()
    }

    /// The same for all subscriptions.
    pub(crate) fn all_orphaned_leases(&self, now: Timestamp) -> Vec<(SubscriptionId, u64)> {
        // Mostly no delivery is open, and then none is under way.
        let ids = self.backlog.cursors.keys().copied().filter(|_| self.is_anything_held());
        let of = |id| self.orphaned_leases(id, now).into_iter().map(move |left| (id, left));
        ids.flat_map(of).collect()
    }

    /// Whether no lease will take over this delivery, which is under way.
    pub(crate) fn is_orphaned(&self, cursor: &Cursor, sequence: u64, now: Timestamp) -> bool {
        !cursor.is_leased(sequence, now) && self.deliverable(sequence).is_none()
    }

    /// Sets the state of a delivery. If the cursor has not reached it, the cursor advances behind it, and all before
    /// it become open: this is what the record in the log means.
    pub(crate) fn set_state(&mut self, id: SubscriptionId, sequence: u64, standing: DeliveryState) {
        self.take_up(id, sequence);
        self.put_state(id, sequence, standing);
        self.backlog.changes.woken.push(id);
    }

    pub(in crate::index) fn put_state(&mut self, id: SubscriptionId, sequence: u64, standing: DeliveryState) {
        let expires = self.owed_message(sequence).map(|entry| entry.expires);
        let there = expires.is_some();
        if let (DeliveryState::Failed(failure), Some(expires)) = (&standing, expires) {
            self.backlog.failures.insert((failure.kept_until(expires), id, sequence));
        }
        if let DeliveryState::UnderWay { message, .. } = standing
            && !there
            && self.cursor(id).is_some()
        {
            self.ids.insert(sequence, ForeignId { id: message, posted: true });
        }
        let (expires, now) = (expires.unwrap_or_default(), self.now);
        self.change(id, sequence, |cursor| {
            cursor.remove(sequence);
            match standing {
                DeliveryState::Waiting { due, attempts } if there => {
                    cursor.put(sequence, due, attempts, expires, now);
                }
                DeliveryState::Failed(failure) if there => drop(cursor.failed.insert(sequence, failure)),
                DeliveryState::UnderWay { lease, attempts, .. } => {
                    cursor.put(sequence, Timestamp::default(), attempts, expires, now);
                    cursor.lease(sequence, lease, Timestamp::default());
                }
                _ => {}
            }
        });
        self.bound_failures(id);
    }

    /// Drops the first failure of a subscription that has too many. Its message is no longer needed for that.
    fn bound_failures(&mut self, id: SubscriptionId) {
        let Some(first) = self.cursor(id).and_then(Cursor::first_failure_too_many) else { return };
        let failure = self.cursor(id).and_then(|cursor| cursor.failed.get(&first));
        let kept_until =
            failure.zip(self.owed_message(first)).map(|(own, entry)| own.kept_until(entry.expires));
        if let Some(until) = kept_until {
            self.backlog.failures.remove(&(until, id, first));
        }
        self.change(id, first, |cursor| drop(cursor.failed.remove(&first)));
    }

    pub(crate) fn pause(&mut self, id: SubscriptionId, paused: Paused, until: Timestamp) {
        if let Some(cursor) = self.cursor(id) {
            let mut held_back = cursor.held_back;
            held_back.set(paused, until);
            self.hold_back(id, held_back);
        }
    }

    pub(crate) fn hold_back(&mut self, id: SubscriptionId, held_back: HeldBack) {
        if let Some(cursor) = self.backlog.cursors.get_mut(&id) {
            cursor.held_back = held_back;
            self.backlog.changes.woken.push(id);
        }
    }

    fn take_up(&mut self, id: SubscriptionId, sequence: u64) {
        let Some(mut front) = self.cursor(id).map(|cursor| cursor.front) else { return };
        while let Some(next) = self.next_posted(front).filter(|next| *next <= sequence) {
            let expires = self.owed_message(next).map_or(Timestamp::NEVER, |entry| entry.expires);
            let (due, now) = (self.due_from(id, next), self.now);
            self.change(id, next, |cursor| cursor.put(next, due, 0, expires, now));
            front = next + 1;
        }
        self.set_front(id, front.max(sequence + 1));
    }

    /// When a message is first due to a subscription. If it expires before the end of its delay, it is due as expired
    /// from then on.
    pub(crate) fn due_from(&self, id: SubscriptionId, sequence: u64) -> Timestamp {
        let entry = self.owed_message(sequence).filter(|_| self.respects_delay(id));
        entry.map_or(Timestamp::default(), |entry| entry.delayed_until.min(entry.expires))
    }

    fn respects_delay(&self, id: SubscriptionId) -> bool {
        self.subscriptions.get(id).is_some_and(|kept| kept.respects_delay)
    }

    /// Opens the deliveries of delayed messages, if the subscription respects delays, so that they do not block those
    /// behind them. While the subscription is held back, opens those of all messages, since any of them may expire.
    /// This is not logged: opened again, they are due at the same time.
    fn pass_delayed(&mut self, id: SubscriptionId, now: Timestamp) {
        let cursor = self.cursor(id).filter(|cursor| self.respects_delay(id) && !cursor.is_arriving());
        let Some(mut front) = cursor.map(|cursor| cursor.front) else { return };
        let is_held_back = self.held_back(id).first_attempts > now;
        let mut last = None;
        for _ in 0..LOOKED_AT_ONCE {
            let Some(next) = self.next_posted(front) else { break };
            if is_held_back || self.due_from(id, next) > now {
                last = Some(next);
            }
            front = next + 1;
        }
        if let Some(last) = last {
            self.take_up(id, last);
        }
    }

    /// Makes deliveries due by `now`: those that waited, those whose lease has ended, and those whose message has
    /// expired.
    fn promote_due(&mut self, id: SubscriptionId, now: Timestamp) {
        let Some(cursor) = self.backlog.cursors.get_mut(&id) else { return };
        let mut promoted = Vec::new();
        for lane in cursor.lanes() {
            promoted.extend(lane.take_due(now).into_iter().map(|sequence| (sequence, true)));
            promoted.extend(lane.take_expired(now).into_iter().map(|sequence| (sequence, false)));
        }
        for (sequence, is_due) in promoted {
            let expires = self.deliverable(sequence).map(|entry| entry.expires);
            self.change(id, sequence, |cursor| match expires {
                None => cursor.pass_over(sequence),
                Some(expires) if expires <= now => cursor.set_expired(sequence),
                Some(expires) if is_due => cursor.set_due(sequence, expires),
                // A claim has extended the life of the message.
                Some(expires) => cursor.expect_expiry(sequence, expires),
            });
        }
        self.drop_gone(id);
        self.pass_over_forgotten(id);
    }

    /// Skips the first deliveries while their messages are gone.
    fn drop_gone(&mut self, id: SubscriptionId) {
        let first = |cursor: &Cursor| -> Vec<u64> {
            cursor.first_attempts.firsts().chain(cursor.retries.firsts()).collect()
        };
        while let Some(gone) = self
            .cursor(id)
            .and_then(|cursor| first(cursor).into_iter().find(|own| self.deliverable(*own).is_none()))
        {
            self.change(id, gone, |cursor| cursor.pass_over(gone));
        }
    }

    /// Advances a cursor behind messages that expired too long ago to be owed.
    fn pass_over_forgotten(&mut self, id: SubscriptionId) {
        let Some(front) = self.cursor(id).filter(|cursor| !cursor.is_arriving()).map(|own| own.front) else {
            return;
        };
        let kept = self.retained.iter_from(front).map(|(sequence, _)| sequence);
        let until = self.next_posted(front).unwrap_or(self.next_sequence);
        if kept.take_while(|sequence| *sequence < until).next().is_some() {
            self.set_front(id, until);
        }
    }
}
