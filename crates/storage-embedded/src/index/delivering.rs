//! Deliveries of one queue: when they are due, who has them, and how they stand.

use std::collections::BTreeSet;

use zaqar_model::{LeaseHold, MessageId, SubscriptionId, Timestamp};

use super::QueueIndex;
use super::cursor::Cursor;
use super::owing::Changes;
use crate::log::{ForeignId, Standing};

/// How many messages are looked at for delays at once.
const LOOKED_AT_ONCE: usize = 256;

impl QueueIndex {
    /// A message was posted.
    pub(super) fn note_posted(&mut self) {
        self.owing.changes.posted |= !self.owing.fronts.is_empty();
    }

    pub(crate) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.owing.changes)
    }

    /// Lets the next post wake a subscription.
    pub(crate) fn wait_for_post(&mut self, id: SubscriptionId) {
        if self.owing.cursors.contains_key(&id) {
            self.owing.caught_up.insert(id);
        }
    }

    /// Those that had caught up: something was posted.
    pub(crate) fn take_caught_up(&mut self) -> BTreeSet<SubscriptionId> {
        std::mem::take(&mut self.owing.caught_up)
    }

    /// The sequence number of a message that was posted here and is still there, in the queue or for a subscriber.
    pub(crate) fn find_posted(&self, id: MessageId) -> Option<u64> {
        self.place_of(id)
            .filter(|sequence| self.id_of(*sequence) == id && self.owed_message(*sequence).is_some())
    }

    pub(crate) fn cursor(&self, id: SubscriptionId) -> Option<&Cursor> {
        self.owing.cursors.get(&id)
    }

    /// When a lease with this limit takes something for a subscription; in the past: now.
    pub(crate) fn next_due(
        &mut self,
        id: SubscriptionId,
        per_subscription: usize,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.pass_delayed(id, now);
        self.ripen(id, now);
        if self.cursor(id)?.is_arriving() {
            return None;
        }
        let next_posted = self.next_posted(self.cursor(id)?.front);
        if next_posted.is_none() {
            self.set_front(id, self.next_sequence);
            self.owing.caught_up.insert(id);
        }
        let cursor = self.cursor(id)?;
        let first = if cursor.first_due().is_some() || next_posted.is_some() {
            now
        } else {
            let leased = cursor.leased().find(|(_, sequence)| self.owed_message(*sequence).is_some());
            cursor.first_waiting().into_iter().chain(leased).map(|(at, _)| at).min()?
        };
        Some(first.max(cursor.slot_free_at(per_subscription)).max(cursor.paused_until))
    }

    /// The first deliveries of a subscription that can be leased now, in the order of posting.
    pub(crate) fn next_to_lease(
        &mut self,
        id: SubscriptionId,
        limit: usize,
        per_subscription: usize,
        now: Timestamp,
    ) -> Vec<u64> {
        self.pass_delayed(id, now);
        self.ripen(id, now);
        let is_open = |cursor: &&Cursor| !cursor.is_arriving() && cursor.paused_until <= now;
        let Some(cursor) = self.cursor(id).filter(is_open) else { return Vec::new() };
        let limit = limit.min(cursor.slots(per_subscription));
        let there = cursor.due().filter(|sequence| self.owed_message(*sequence).is_some());
        let mut found: Vec<u64> = there.take(limit).collect();
        let mut front = cursor.front;
        while found.len() < limit
            && let Some(next) = self.next_posted(front).filter(|next| self.due_from(id, *next) <= now)
        {
            found.push(next);
            front = next + 1;
        }
        found
    }

    /// Puts deliveries under a lease.
    pub(crate) fn lease(
        &mut self,
        id: SubscriptionId,
        lease: LeaseHold,
        until: Timestamp,
        sequences: &[u64],
    ) {
        for sequence in sequences {
            self.change(id, *sequence, |cursor| cursor.lease(*sequence, lease, until));
        }
        let front = sequences.last().map_or(0, |last| last + 1);
        self.set_front(id, front);
        self.drop_gone(id);
    }

    /// Deliveries of a subscription whose leases have ended by `now` and whose messages are gone: nobody takes them over.
    pub(crate) fn left_behind(&self, id: SubscriptionId, now: Timestamp) -> Vec<u64> {
        let Some(cursor) = self.cursor(id) else { return Vec::new() };
        cursor.under_way().filter(|sequence| self.is_left_behind(cursor, *sequence, now)).collect()
    }

    /// The same of all subscriptions.
    pub(crate) fn all_left_behind(&self, now: Timestamp) -> Vec<(SubscriptionId, u64)> {
        // Where nothing is held, as mostly, nothing is under way.
        let ids = self.owing.cursors.keys().copied().filter(|_| self.is_anything_held());
        let of = |id| self.left_behind(id, now).into_iter().map(move |left| (id, left));
        ids.flat_map(of).collect()
    }

    /// Whether nobody will take over this delivery, which is under way.
    pub(crate) fn is_left_behind(&self, cursor: &Cursor, sequence: u64, now: Timestamp) -> bool {
        !cursor.is_leased(sequence, now) && self.owed_message(sequence).is_none()
    }

    /// Sets how a delivery stands. One that the cursor has not come to is taken up, with all before it: this is how the
    /// log tells it.
    pub(crate) fn set_standing(&mut self, id: SubscriptionId, sequence: u64, standing: Standing) {
        self.take_up(id, sequence);
        self.stand(id, sequence, standing);
        self.owing.changes.woken.push(id);
    }

    pub(super) fn stand(&mut self, id: SubscriptionId, sequence: u64, standing: Standing) {
        let expires = self.owed_message(sequence).map(|entry| entry.expires);
        let there = expires.is_some();
        if let (Standing::Failed(_), Some(expires)) = (&standing, expires) {
            self.owing.failures.insert((expires, id, sequence));
        }
        if let Standing::UnderWay { message, .. } = standing
            && !there
            && self.cursor(id).is_some()
        {
            self.ids.insert(sequence, ForeignId { id: message, posted: true });
        }
        self.change(id, sequence, |cursor| {
            cursor.remove(sequence);
            match standing {
                Standing::Waiting { due, attempts } if there => cursor.put(sequence, due, attempts),
                Standing::Failed(failure) if there => drop(cursor.failed.insert(sequence, failure)),
                Standing::UnderWay { lease, attempts, .. } => {
                    cursor.put(sequence, Timestamp::default(), attempts);
                    cursor.lease(sequence, lease, Timestamp::default());
                }
                _ => {}
            }
        });
        self.bound_failures(id);
    }

    /// Forgets the first failure of a subscription if it has too many: nobody needs its message for that.
    fn bound_failures(&mut self, id: SubscriptionId) {
        let Some(first) = self.cursor(id).and_then(Cursor::first_failure_too_many) else { return };
        if let Some(expires) = self.owed_message(first).map(|entry| entry.expires) {
            self.owing.failures.remove(&(expires, id, first));
        }
        self.change(id, first, |cursor| drop(cursor.failed.remove(&first)));
    }

    pub(crate) fn pause(&mut self, id: SubscriptionId, until: Timestamp) {
        if let Some(cursor) = self.owing.cursors.get_mut(&id) {
            cursor.paused_until = until;
            self.owing.changes.woken.push(id);
        }
    }

    fn take_up(&mut self, id: SubscriptionId, sequence: u64) {
        let Some(mut front) = self.cursor(id).map(|cursor| cursor.front) else { return };
        while let Some(next) = self.next_posted(front).filter(|next| *next <= sequence) {
            let due = self.due_from(id, next);
            self.change(id, next, |cursor| cursor.put(next, due, 0));
            front = next + 1;
        }
        self.set_front(id, front.max(sequence + 1));
    }

    /// When a message is first due to a subscription.
    pub(crate) fn due_from(&self, id: SubscriptionId, sequence: u64) -> Timestamp {
        let respects_delay = self.subscriptions.get(id).is_some_and(|kept| kept.respects_delay);
        let entry = self.owed_message(sequence).filter(|_| respects_delay);
        entry.map_or(Timestamp::default(), |entry| entry.delayed_until)
    }

    /// Takes up delayed messages of a subscription that respects delays, so that they hold up none of those behind them.
    /// The log need not say so: taken up again, they are due at the same time.
    fn pass_delayed(&mut self, id: SubscriptionId, now: Timestamp) {
        let respects_delay = self.subscriptions.get(id).is_some_and(|kept| kept.respects_delay);
        let cursor = self.cursor(id).filter(|cursor| respects_delay && !cursor.is_arriving());
        let Some(mut front) = cursor.map(|cursor| cursor.front) else { return };
        let mut delayed = None;
        for _ in 0..LOOKED_AT_ONCE {
            let Some(next) = self.next_posted(front) else { break };
            if self.due_from(id, next) > now {
                delayed = Some(next);
            }
            front = next + 1;
        }
        if let Some(delayed) = delayed {
            self.take_up(id, delayed);
        }
    }

    fn ripen(&mut self, id: SubscriptionId, now: Timestamp) {
        if let Some(cursor) = self.owing.cursors.get_mut(&id) {
            cursor.ripen(now);
            self.drop_gone(id);
        }
    }

    /// Passes over deliveries whose messages have expired, as they come to be the first.
    fn drop_gone(&mut self, id: SubscriptionId) {
        let first =
            |cursor: &Cursor| [cursor.first_due(), cursor.first_waiting().map(|(_, waiting)| waiting)];
        while let Some(gone) = self.cursor(id).and_then(|cursor| {
            first(cursor).into_iter().flatten().find(|own| self.owed_message(*own).is_none())
        }) {
            self.change(id, gone, |cursor| cursor.pass_over(gone));
        }
    }
}
