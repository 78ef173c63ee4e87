//! The schedule: which subscription is next to be delivered to.
//!
//! Every subscription that may be owed something is in the schedule: it is ready, or will be at some time. The ready
//! ones take turns. A time in the schedule may be too early, never too late: the subscription is examined at its
//! turn, and scheduled again. The lock of a queue is taken before that of the schedule, never after it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parking_lot::Mutex;
use tokio::sync::Notify;
use zaqar_model::{SubscriptionId, Timestamp};
use zaqar_storage::SubscriptionShare;

use crate::index::ScheduleChanges;

/// A subscription, with the number of its queue.
pub(crate) type Key = (u64, SubscriptionId);

/// The subscriptions of all queues that are, or may be, owed something.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    state: Mutex<ScheduleState>,
    /// Notified when a subscription becomes ready other than by time.
    pub(crate) changed: Notify,
}

#[derive(Debug, Default)]
struct ScheduleState {
    /// Queues with new messages: their subscriptions that had caught up are ready.
    posted: BTreeSet<u64>,
    /// In the order of their turns.
    ready: BTreeMap<u64, Key>,
    timers: BTreeSet<(Timestamp, Key)>,
    scheduled: HashMap<Key, Scheduled>,
    last_turn: u64,
    /// The limits for which the timers were set.
    share: SubscriptionShare,
}

#[derive(Clone, Copy, Debug)]
enum Scheduled {
    Ready(u64),
    At(Timestamp),
}

impl Schedule {
    /// Applies the changes of a queue.
    pub(crate) fn apply(&self, queue: u64, changes: &ScheduleChanges) {
        let mut state = self.state.lock();
        changes.gone.iter().for_each(|id| state.remove((queue, *id)));
        changes.woken.iter().for_each(|id| state.make_ready((queue, *id)));
        if changes.posted {
            state.posted.insert(queue);
        }
        drop(state);
        if changes.posted || !changes.woken.is_empty() {
            self.changed.notify_one();
        }
    }

    /// Makes subscriptions ready after a post.
    pub(crate) fn make_ready(&self, queue: u64, ids: impl IntoIterator<Item = SubscriptionId>) {
        let mut state = self.state.lock();
        ids.into_iter().for_each(|id| state.make_ready((queue, id)));
    }

    /// The next queue of which the subscriptions that had caught up have something new, and the share from now on.
    pub(crate) fn next_posted(&self, share: SubscriptionShare, now: Timestamp) -> Option<u64> {
        let mut state = self.state.lock();
        if state.share != share {
            state.share = share;
            state.promote_due(Timestamp::NEVER);
        }
        state.promote_due(now);
        state.posted.pop_first()
    }

    /// The first subscriptions behind a turn that are ready, with their turns.
    pub(crate) fn ready_behind(&self, turn: u64, limit: usize) -> Vec<(u64, Key)> {
        let state = self.state.lock();
        let ready = state.ready.range(turn.saturating_add(1)..).take(limit);
        ready.map(|(turn, key)| (*turn, *key)).collect()
    }

    /// The subscription that is ready next, and when, if none is ready now.
    pub(crate) fn first_timer(&self) -> Option<(Timestamp, Key)> {
        self.state.lock().timers.first().copied()
    }

    /// Schedules a subscription by the time it is due. One that was served goes behind the others. Called under the
    /// lock of its queue, so that the last call holds.
    pub(crate) fn place(&self, key: Key, due: Option<Timestamp>, was_served: bool, now: Timestamp) {
        let mut state = self.state.lock();
        match due {
            Some(due) if due <= now && !was_served => state.make_ready(key),
            Some(due) => {
                state.remove(key);
                if due <= now {
                    state.make_ready(key);
                } else {
                    state.timers.insert((due, key));
                    state.scheduled.insert(key, Scheduled::At(due));
                }
            }
            None => state.remove(key),
        }
    }
}

impl ScheduleState {
    fn remove(&mut self, key: Key) {
        match self.scheduled.remove(&key) {
            Some(Scheduled::Ready(turn)) => drop(self.ready.remove(&turn)),
            Some(Scheduled::At(at)) => drop(self.timers.remove(&(at, key))),
            None => {}
        }
    }

    fn make_ready(&mut self, key: Key) {
        if !matches!(self.scheduled.get(&key), Some(Scheduled::Ready(_))) {
            self.remove(key);
            self.last_turn += 1;
            self.ready.insert(self.last_turn, key);
            self.scheduled.insert(key, Scheduled::Ready(self.last_turn));
        }
    }

    fn promote_due(&mut self, now: Timestamp) {
        while let Some((_, key)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.make_ready(key);
        }
    }
}
