//! Whose turn it is to be delivered to.
//!
//! Every subscription that may be owed something has a place here: it is ready, or will be at some moment. Those that
//! are ready take turns. What the places say may be too early, never too late: who comes to a turn looks at the
//! subscription itself, and puts it into its place again. A queue's lock is taken before this one, never behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parking_lot::Mutex;
use tokio::sync::Notify;
use zaqar_model::{SubscriptionId, Timestamp};
use zaqar_storage::SubscriptionShare;

use crate::index::ScheduleChanges;

/// A subscription, with the number of its queue.
pub(crate) type Key = (u64, SubscriptionId);

/// The subscriptions of all queues that are owed something, or may be.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    state: Mutex<ScheduleState>,
    /// Something has come, otherwise than by time.
    pub(crate) changed: Notify,
}

#[derive(Debug, Default)]
struct ScheduleState {
    /// Queues that something was posted to: their subscriptions that had caught up are ready.
    posted: BTreeSet<u64>,
    /// In the order of their turns.
    ready: BTreeMap<u64, Key>,
    timers: BTreeSet<(Timestamp, Key)>,
    scheduled: HashMap<Key, Scheduled>,
    last_turn: u64,
    /// The limits that the timers were set by.
    share: SubscriptionShare,
}

#[derive(Clone, Copy, Debug)]
enum Scheduled {
    Ready(u64),
    At(Timestamp),
}

/// What is to be looked at next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turn {
    /// The subscriptions of this queue that had caught up.
    Posted(u64),
    /// A subscription, one of so many that are ready.
    Ready(Key, usize),
}

impl Schedule {
    /// Takes up what has changed in a queue.
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

    /// Makes subscriptions ready that something was posted for.
    pub(crate) fn make_ready(&self, queue: u64, ids: impl IntoIterator<Item = SubscriptionId>) {
        let mut state = self.state.lock();
        ids.into_iter().for_each(|id| state.make_ready((queue, id)));
    }

    pub(crate) fn next_turn(&self, share: SubscriptionShare, now: Timestamp) -> Option<Turn> {
        let mut state = self.state.lock();
        if state.share != share {
            state.share = share;
            state.promote_due(Timestamp::NEVER);
        }
        state.promote_due(now);
        if let Some(queue) = state.posted.pop_first() {
            return Some(Turn::Posted(queue));
        }
        let (_, key) = state.ready.first_key_value()?;
        Some(Turn::Ready(*key, state.ready.len()))
    }

    /// The subscription that will be ready next, if none is.
    pub(crate) fn first_timer(&self) -> Option<(Timestamp, Key)> {
        self.state.lock().timers.first().copied()
    }

    /// Puts a subscription into its place, by when it is due. One that was served goes behind the others. Called under
    /// its queue's lock, so that this is what holds.
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
