//! Deliveries of one queue: when they are due, who has them, and how they stand.

use std::collections::BTreeSet;

use zaqar_model::{LeaseHold, MessageId, SubscriptionId, Timestamp};
use zaqar_storage::SubscriptionShare;

use super::QueueIndex;
use super::cursor::Cursor;
use super::owing::Changes;
use crate::log::{ForeignId, Standing};

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

    /// When a lease with this share takes something for a subscription; in the past: now.
    pub(crate) fn next_due(
        &mut self,
        id: SubscriptionId,
        share: SubscriptionShare,
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
        let usual = cursor.next_due(next_posted.is_some(), share, now).filter(|_| !self.is_suspended(id));
        if usual.is_some_and(|at| at <= now) {
            return usual;
        }
        // What expires is due whatever else is said.
        let expired = cursor.expired(now).map(|(_, lease_ends)| lease_ends.unwrap_or(now)).min();
        let front = next_posted.and_then(|next| self.owed_message(next)).map(|entry| entry.expires);
        [usual, expired, cursor.next_expiry(now), front].into_iter().flatten().min()
    }

    /// The first deliveries of a subscription that can be leased now: those whose messages have expired, then those that
    /// were not tried, in the order of posting, then the others.
    pub(crate) fn next_to_lease(
        &mut self,
        id: SubscriptionId,
        limit: usize,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> Vec<u64> {
        self.ripen(id, now);
        let Some(cursor) = self.cursor(id).filter(|cursor| !cursor.is_arriving()) else { return Vec::new() };
        let is_open = cursor.paused_until <= now && !self.is_suspended(id);
        let expired = cursor.expired(now).filter(|(_, lease_ends)| lease_ends.is_none());
        let mut found: Vec<u64> = expired.map(|(sequence, _)| sequence).take(limit).collect();
        let has_expired =
            |sequence: u64| self.owed_message(sequence).is_some_and(|entry| entry.expires <= now);
        let lives = |sequence: &u64| self.owed_message(*sequence).is_some_and(|entry| now < entry.expires);
        let (untried, mut slots) = cursor.untried(share);
        if is_open {
            let before = found.len();
            found.extend(untried.filter(lives).take(slots.min(limit - before)));
            slots -= found.len() - before;
        }
        let mut front = cursor.front;
        while found.len() < limit
            && let Some(next) = self.next_posted(front)
        {
            if !has_expired(next) {
                if !is_open || slots == 0 {
                    break;
                }
                slots -= 1;
            }
            found.push(next);
            front = next + 1;
        }
        if is_open {
            let (retries, slots) = cursor.retries(share, now);
            let room = limit - found.len();
            found.extend(retries.filter(lives).take(slots.min(room)));
        }
        found
    }

    fn is_suspended(&self, id: SubscriptionId) -> bool {
        self.subscriptions.get(id).is_some_and(|kept| kept.suspended.is_some())
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
            let expires = self.owed_message(*sequence).map_or(Timestamp::default(), |entry| entry.expires);
            self.change(id, *sequence, |cursor| cursor.lease(*sequence, lease, until, expires));
        }
        // Those that were taken up just now are the last in the order of posting, whatever their order here.
        let front = sequences.iter().max().map_or(0, |last| last + 1);
        self.set_front(id, front);
        self.drop_gone(id);
    }

    /// Deliveries of a subscription whose leases have ended by `now` and whose messages have expired: nobody tries them
    /// again.
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

    /// Whether nobody will try this delivery again, which is under way.
    pub(crate) fn is_left_behind(&self, cursor: &Cursor, sequence: u64, now: Timestamp) -> bool {
        let lives = || self.owed_message(sequence).is_some_and(|entry| now < entry.expires);
        !cursor.is_leased(sequence, now) && !lives()
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
        if let (Standing::Failed(failure), Some(expires)) = (&standing, expires) {
            self.owing.failures.insert((failure.forgotten(expires), id, sequence));
        }
        if let Standing::UnderWay { message, .. } = standing
            && expires.is_none()
            && self.cursor(id).is_some()
        {
            self.ids.insert(sequence, ForeignId { id: message, posted: true });
        }
        self.change(id, sequence, |cursor| {
            cursor.remove(sequence);
            match (standing, expires) {
                (Standing::Waiting { due, attempts }, Some(expires)) => {
                    cursor.put(sequence, due, attempts, expires)
                }
                (Standing::Failed(failure), Some(_)) => drop(cursor.failed.insert(sequence, failure)),
                (Standing::UnderWay { lease, attempts, .. }, _) => {
                    let expires = expires.unwrap_or_default();
                    cursor.put(sequence, Timestamp::default(), attempts, expires);
                    cursor.lease(sequence, lease, Timestamp::default(), expires);
                }
                _ => {}
            }
        });
        self.bound_failures(id);
    }

    /// Forgets the first failure of a subscription if it has too many: nobody needs its message for that.
    fn bound_failures(&mut self, id: SubscriptionId) {
        let Some((first, failure)) = self.cursor(id).and_then(Cursor::first_failure_too_many) else { return };
        let expires = self.owed_message(first).map(|entry| entry.expires);
        let forgotten = expires.map(|expires| failure.forgotten(expires));
        self.owing.failures.retain(|(at, own, sequence)| {
            (*own, *sequence) != (id, first) || forgotten.is_some_and(|forgotten| *at != forgotten)
        });
        self.change(id, first, |cursor| drop(cursor.failed.remove(&first)));
    }

    pub(crate) fn pause(&mut self, id: SubscriptionId, until: Timestamp) {
        if let Some(cursor) = self.owing.cursors.get_mut(&id) {
            cursor.paused_until = until;
            self.owing.changes.woken.push(id);
        }
    }

    /// The same for what is to be tried again.
    pub(crate) fn pause_retries(&mut self, id: SubscriptionId, until: Timestamp) {
        if let Some(cursor) = self.owing.cursors.get_mut(&id) {
            cursor.retries_paused_until = until;
            self.owing.changes.woken.push(id);
        }
    }

    fn take_up(&mut self, id: SubscriptionId, sequence: u64) {
        let Some(mut front) = self.cursor(id).map(|cursor| cursor.front) else { return };
        while let Some(next) = self.next_posted(front).filter(|next| *next <= sequence) {
            let expires = self.owed_message(next).map_or(Timestamp::default(), |entry| entry.expires);
            self.change(id, next, |cursor| cursor.put(next, Timestamp::default(), 0, expires));
            front = next + 1;
        }
        self.set_front(id, front.max(sequence + 1));
    }

    fn ripen(&mut self, id: SubscriptionId, now: Timestamp) {
        let Some(cursor) = self.owing.cursors.get_mut(&id) else { return };
        cursor.ripen(now);
        while let Some(sequence) = self.cursor(id).and_then(|cursor| cursor.first_to_expire(now)) {
            // A claim may have made the message live longer.
            let expires = self.owed_message(sequence).map(|entry| entry.expires);
            let later = expires.filter(|expires| now < *expires);
            if let Some(cursor) = self.owing.cursors.get_mut(&id) {
                cursor.note_expiry(sequence, later);
            }
        }
        self.drop_gone(id);
    }

    /// Passes over deliveries whose messages are gone, as they come to be the first.
    fn drop_gone(&mut self, id: SubscriptionId) {
        while let Some(gone) = self.cursor(id).and_then(|cursor| {
            cursor.first_ones().into_iter().flatten().find(|own| self.owed_message(*own).is_none())
        }) {
            self.change(id, gone, |cursor| cursor.pass_over(gone));
        }
    }
}
