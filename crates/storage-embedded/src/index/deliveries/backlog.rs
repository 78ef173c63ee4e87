//! The backlog of a queue: what its subscribers are still owed.
//!
//! Each notified subscription has a [`Cursor`]. A message is retained while a cursor has not reached it, or has it as
//! open or failed. The cursors are sorted, and the holders of a message are counted, so that dropping a message costs
//! the same with a thousand subscriptions as with one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use zaqar_model::{HeldBack, SubscriptionId, Timestamp};
use zaqar_storage::EXPIRED_OWED_FOR;

use super::cursor::Cursor;
use crate::index::{Entry, QueueIndex, StoredSubscription};
use crate::log::{DeliveryState, FROM_THE_END};

/// The cursors of a queue.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    pub(in crate::index) cursors: BTreeMap<SubscriptionId, Cursor>,
    pub(in crate::index) fronts: BTreeSet<(u64, SubscriptionId)>,
    /// The number of cursors that hold a message.
    holders: HashMap<u64, u32>,
    /// Failures by the time until which they are shown.
    pub(in crate::index) failures: BTreeSet<(Timestamp, SubscriptionId, u64)>,
    /// Subscriptions that have caught up: a post wakes them.
    pub(in crate::index) caught_up: BTreeSet<SubscriptionId>,
    /// Changes that the schedule has not seen yet.
    pub(in crate::index) changes: ScheduleChanges,
}

/// Changes of when the subscriptions of a queue are due.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ScheduleChanges {
    /// A message was posted: examine the subscriptions that have caught up.
    pub(crate) posted: bool,
    /// Examine these.
    pub(crate) woken: Vec<SubscriptionId>,
    /// These are no longer owed anything.
    pub(crate) gone: Vec<SubscriptionId>,
}

/// The cursor of a subscription in a checkpoint.
#[derive(Debug)]
pub(crate) struct SavedCursor {
    pub(crate) id: SubscriptionId,
    pub(crate) front: u64,
    pub(crate) states: Vec<(u64, DeliveryState)>,
}

impl QueueIndex {
    // Subscriptions

    /// Inserts a new or changed subscription.
    pub(crate) fn subscribe(&mut self, mut kept: StoredSubscription) {
        let id = kept.id;
        self.note_subscription(id);
        if kept.owed_from == Some(FROM_THE_END) {
            kept.owed_from = Some(self.next_sequence);
        }
        let before = self.subscriptions.get(id).and_then(|before| before.owed_from);
        let from = kept.owed_from;
        // Deliveries that waited for an unhealthy endpoint do not wait for another one.
        let resumes = self.subscriptions.get(id).is_some_and(|before| {
            let is_lifted = before.suspended.is_some() && kept.suspended.is_none();
            is_lifted || before.subscriber != kept.subscriber
        });
        self.subscriptions.put(kept);
        if resumes {
            self.hasten(id);
        }
        if before != from {
            self.forget_cursor(id);
            if let Some(from) = from {
                self.backlog.cursors.insert(id, Cursor::at(from));
                self.backlog.fronts.insert((from, id));
                self.backlog.changes.woken.push(id);
            }
        }
    }

    /// Ends the waiting of all deliveries of a subscription, except for delays that it respects.
    fn hasten(&mut self, id: SubscriptionId) {
        let waiting = self.cursor(id).into_iter().flat_map(Cursor::waiting);
        let waiting: Vec<_> = waiting.map(|sequence| (sequence, self.due_from(id, sequence))).collect();
        waiting.iter().for_each(|(sequence, _)| self.note_delivery(id, *sequence));
        if let Some(cursor) = self.backlog.cursors.get_mut(&id) {
            cursor.held_back = HeldBack::default();
            waiting.into_iter().for_each(|(sequence, until)| cursor.hasten(sequence, until));
            self.backlog.changes.woken.push(id);
        }
    }

    pub(crate) fn unsubscribe(&mut self, id: SubscriptionId) {
        self.note_subscription(id);
        self.subscriptions.remove(id);
        self.forget_subscriber(id);
    }

    /// Removes the subscriptions that have expired by `now`, and the attempts that are too old.
    pub(in crate::index) fn expire_subscriptions(&mut self, now: Timestamp) {
        for id in self.subscriptions.expire(now) {
            self.note_subscription(id);
            self.forget_subscriber(id);
        }
        let forgotten = self.attempts.expire(now);
        self.freed.extend(forgotten);
    }

    /// Removes the failures that are no longer shown.
    pub(in crate::index) fn expire_failures(&mut self, now: Timestamp) {
        while let Some((at, id, sequence)) =
            self.backlog.failures.first().copied().filter(|(at, _, _)| *at <= now)
        {
            self.backlog.failures.remove(&(at, id, sequence));
            let failure = self.cursor(id).and_then(|cursor| cursor.failed.get(&sequence));
            let entry = self.owed_message(sequence);
            match failure.zip(entry).map(|(own, entry)| own.kept_until(entry.expires)) {
                // A claim has extended the life of the message, or it has failed again.
                Some(until) if until > now => drop(self.backlog.failures.insert((until, id, sequence))),
                _ => self.change(id, sequence, |cursor| drop(cursor.failed.remove(&sequence))),
            }
        }
    }

    /// When the next failure may be removed.
    pub(in crate::index) fn next_failure_expiry(&self) -> Timestamp {
        self.backlog.failures.first().map_or(Timestamp::NEVER, |(at, _, _)| *at)
    }

    fn forget_subscriber(&mut self, id: SubscriptionId) {
        self.forget_cursor(id);
        let attempts = self.attempts.remove(id);
        self.freed.extend(attempts);
    }

    fn forget_cursor(&mut self, id: SubscriptionId) {
        let Some(cursor) = self.backlog.cursors.remove(&id) else { return };
        for sequence in cursor.held() {
            self.note_delivery(id, sequence);
            self.let_go(sequence);
        }
        let first = self.backlog.first_front();
        self.backlog.fronts.remove(&(cursor.front, id));
        self.release_passed(first);
        self.backlog.caught_up.remove(&id);
        self.backlog.changes.gone.push(id);
    }

    /// Restores the cursors of a checkpoint: all of them at once, so that none drops a message that another holds.
    pub(crate) fn restore_cursors(&mut self, cursors: Vec<SavedCursor>) {
        let mut fronts = Vec::new();
        for SavedCursor { id, front, states } in cursors {
            for (sequence, standing) in states {
                self.put_state(id, sequence, standing);
            }
            fronts.push((id, front));
        }
        for (id, front) in fronts {
            self.set_front(id, front);
        }
    }

    // Retained messages

    /// Retains a message; for recovery.
    pub(crate) fn restore_retained(&mut self, sequence: u64, entry: Entry) {
        self.retained.insert(sequence, entry);
    }

    /// The message of a delivery, wherever it is: in the queue, among the dead letters, or retained.
    pub(crate) fn owed_message(&self, sequence: u64) -> Option<&Entry> {
        if !self.is_posted(sequence) {
            return None;
        }
        self.get(sequence).or_else(|| self.retained.get(sequence)).or_else(|| self.dead_letters.get(sequence))
    }

    /// The same, unless it expired too long ago to be owed.
    pub(in crate::index) fn deliverable(&self, sequence: u64) -> Option<&Entry> {
        self.owed_message(sequence).filter(|entry| self.is_owed_still(entry))
    }

    pub(crate) fn has_expired(&self, sequence: u64) -> bool {
        self.owed_message(sequence).is_some_and(|entry| entry.expires <= self.now)
    }

    fn is_owed_still(&self, entry: &Entry) -> bool {
        self.now < entry.expires.plus_secs(EXPIRED_OWED_FOR)
    }

    /// The first message from a sequence number on that was posted here and is owed.
    pub(in crate::index) fn next_posted(&self, from: u64) -> Option<u64> {
        let is_posted = |sequence: &u64| self.is_posted(*sequence);
        let live = self.iter_from(from).map(|(sequence, _, _)| sequence).find(is_posted);
        let mut kept = self.retained.iter_from(from);
        let kept = kept.find(|(_, entry)| self.is_owed_still(entry)).map(|(sequence, _)| sequence);
        let exhausted = self.dead_letters.iter_from(from).map(|(sequence, _, _)| sequence).find(is_posted);
        [live, kept, exhausted].into_iter().flatten().min()
    }

    /// Whether a delivery of this message is open or has failed.
    pub(in crate::index) fn is_held(&self, sequence: u64) -> bool {
        self.backlog.holders.contains_key(&sequence)
    }

    pub(in crate::index) fn is_anything_held(&self) -> bool {
        !self.backlog.holders.is_empty()
    }

    /// Whether a subscriber is owed a message, or may have it redelivered.
    pub(in crate::index) fn is_needed(&self, sequence: u64) -> bool {
        let is_ahead = self.backlog.first_front().is_some_and(|front| front <= sequence);
        (is_ahead || self.is_held(sequence)) && self.is_posted(sequence)
    }

    /// Drops retained messages that no subscriber needs. For the end of recovery.
    pub(crate) fn release_unneeded(&mut self) {
        let kept = self.retained.iter_from(0).map(|(sequence, _)| sequence);
        let unneeded: Vec<u64> = kept.filter(|sequence| !self.is_needed(*sequence)).collect();
        unneeded.into_iter().for_each(|sequence| self.drop_retained(sequence));
    }

    /// Drops the retained messages that the first cursor has passed.
    fn release_passed(&mut self, first: Option<u64>) {
        let Some(from) = first else { return };
        let to = self.backlog.first_front().unwrap_or(u64::MAX);
        if from < to {
            let passed = self.retained.iter_from(from).map(|(sequence, _)| sequence);
            let passed: Vec<u64> = passed
                .take_while(|sequence| *sequence < to)
                .filter(|sequence| !self.backlog.holders.contains_key(sequence))
                .collect();
            passed.into_iter().for_each(|sequence| self.drop_retained(sequence));
        }
    }

    fn drop_retained(&mut self, sequence: u64) {
        if let Some(released) = self.retained.remove(sequence) {
            self.note_message(sequence);
            self.freed.push(released.location);
            self.forget_id(sequence);
        }
    }

    fn hold_on(&mut self, sequence: u64) {
        *self.backlog.holders.entry(sequence).or_default() += 1;
    }

    pub(in crate::index) fn let_go(&mut self, sequence: u64) {
        if let Some(holders) = self.backlog.holders.get_mut(&sequence) {
            *holders -= 1;
            if *holders == 0 {
                self.backlog.holders.remove(&sequence);
                if !self.is_needed(sequence) {
                    self.drop_retained(sequence);
                }
                if self.owed_message(sequence).is_none() && self.get(sequence).is_none() {
                    self.forget_id(sequence);
                }
            }
        }
    }

    /// Changes a delivery of a cursor, and counts the holders of its message.
    pub(in crate::index) fn change(
        &mut self,
        id: SubscriptionId,
        sequence: u64,
        change: impl FnOnce(&mut Cursor),
    ) {
        self.note_delivery(id, sequence);
        let Some(cursor) = self.backlog.cursors.get_mut(&id) else { return };
        let held = cursor.holds(sequence);
        change(cursor);
        match (held, cursor.holds(sequence)) {
            (false, true) => self.hold_on(sequence),
            (true, false) => self.let_go(sequence),
            _ => {}
        }
    }

    pub(in crate::index) fn set_front(&mut self, id: SubscriptionId, front: u64) {
        let first = self.backlog.first_front();
        let Some(cursor) = self.backlog.cursors.get_mut(&id).filter(|cursor| cursor.front < front) else {
            return;
        };
        self.backlog.fronts.remove(&(cursor.front, id));
        cursor.front = front;
        self.backlog.fronts.insert((front, id));
        self.release_passed(first);
    }
}

impl Backlog {
    /// The position of the cursor that is furthest behind.
    fn first_front(&self) -> Option<u64> {
        self.fronts.first().map(|(front, _)| *front)
    }

    /// Removes all cursors.
    pub(in crate::index) fn clear(&mut self) {
        let gone = std::mem::take(self).cursors.into_keys().collect();
        self.changes.gone = gone;
    }
}
