//! Deliveries of one queue: when they are due, who has them, and how they stand.

use std::collections::BTreeSet;

use zaqar_model::{LeaseId, MessageId, SubscriptionId, Timestamp};

use super::QueueIndex;
use super::cursor::Cursor;
use super::owing::Changes;
use crate::log::Standing;

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

    /// Leases up to so many deliveries of a subscription; answers their sequence numbers and how often each was tried.
    pub(crate) fn lease(
        &mut self,
        id: SubscriptionId,
        (lease, until): (LeaseId, Timestamp),
        (limit, per_subscription): (usize, usize),
        now: Timestamp,
    ) -> Vec<(u64, u32)> {
        let mut taken = Vec::new();
        self.ripen(id, now);
        let is_open = |cursor: &&Cursor| !cursor.is_arriving() && cursor.paused_until <= now;
        let Some(cursor) = self.cursor(id).filter(is_open) else { return taken };
        let limit = limit.min(cursor.slots(per_subscription));
        let mut front = cursor.front;
        while taken.len() < limit {
            let due = self.cursor(id).and_then(Cursor::first_due);
            let Some(sequence) = due.or_else(|| self.next_posted(front)) else { break };
            front = front.max(sequence + 1);
            let mut attempts = 0;
            self.change(id, sequence, |cursor| attempts = cursor.lease(sequence, lease, until));
            taken.push((sequence, attempts));
            self.drop_gone(id);
        }
        self.set_front(id, front);
        taken
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
        self.change(id, sequence, |cursor| {
            cursor.remove(sequence);
            match standing {
                Standing::Waiting { due, attempts } if there => cursor.put(sequence, due, attempts),
                Standing::Failed(failure) if there => drop(cursor.failed.insert(sequence, failure)),
                _ => {}
            }
        });
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
            self.change(id, next, |cursor| cursor.put(next, Timestamp::default(), 0));
            front = next + 1;
        }
        self.set_front(id, front.max(sequence + 1));
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
            self.change(id, gone, |cursor| cursor.remove(gone));
        }
    }
}
