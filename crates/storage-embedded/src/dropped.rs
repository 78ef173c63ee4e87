//! Queues that were dropped: remembered for a while, so that who comes too late is refused.

use std::collections::{HashSet, VecDeque};

use zaqar_model::Timestamp;

/// Number of dropped destinations that are remembered, so that a late post to one of them is refused.
const REMEMBERED_DROPS: usize = 65_536;
/// Seconds for which a queue is remembered that lives in another store: a day.
const LEFT_KEPT_FOR: u64 = 24 * 3600;

#[derive(Debug, Default)]
pub(crate) struct RecentlyDropped {
    numbers: HashSet<u64>,
    in_order: VecDeque<u64>,
    /// Queues that live in another store: they stay, with nothing in them, so that who comes too late learns it.
    left: VecDeque<(Timestamp, u64)>,
}

impl RecentlyDropped {
    pub(crate) fn contains(&self, number: u64) -> bool {
        self.numbers.contains(&number)
    }

    pub(crate) fn in_order(&self) -> Vec<u64> {
        self.in_order.iter().copied().collect()
    }

    pub(crate) fn add(&mut self, number: u64) {
        if self.numbers.insert(number) {
            self.in_order.push_back(number);
        }
        if self.in_order.len() > REMEMBERED_DROPS
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.numbers.remove(&oldest);
        }
    }

    /// Adds a queue that lives in another store.
    pub(crate) fn add_left(&mut self, number: u64, now: Timestamp) {
        self.add(number);
        self.left.push_back((now, number));
    }

    /// Takes a queue that lives in another store for longer than a day.
    pub(crate) fn take_left(&mut self, now: Timestamp) -> Option<u64> {
        let is_over = |(since, _): &mut (Timestamp, u64)| since.plus_secs(LEFT_KEPT_FOR) <= now;
        self.left.pop_front_if(is_over).map(|(_, number)| number)
    }

    pub(crate) fn remove(&mut self, number: u64) {
        if self.numbers.remove(&number) {
            self.in_order.retain(|other| *other != number);
        }
    }
}
