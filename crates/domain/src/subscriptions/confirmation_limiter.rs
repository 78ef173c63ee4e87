//! How often each subscriber was asked to confirm, so that nobody can have a stranger's mailbox flooded with requests.
//!
//! It counts in memory: each server for itself, and anew after a restart.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use parking_lot::Mutex;
use zaqar_model::{ProjectId, Timestamp};

/// Seconds that belong together.
const HOUR: u64 = 3600;
/// So many subscribers are counted at a time. Those beyond go uncounted until the hour of others is over.
const MOST: usize = 100_000;

#[derive(Debug, Default)]
pub(crate) struct ConfirmationLimiter {
    hasher: RandomState,
    windows: Mutex<HashMap<u64, Window>>,
}

/// What there was since the first request.
#[derive(Debug)]
struct Window {
    began: Timestamp,
    requests: u32,
}

impl Window {
    fn is_over(&self, now: Timestamp) -> bool {
        now >= self.began.plus_secs(HOUR)
    }
}

impl ConfirmationLimiter {
    pub(super) fn count(&self, project: &ProjectId, subscriber: &str, now: Timestamp) -> u32 {
        let windows = self.windows.lock();
        let window = windows.get(&self.key(project, subscriber)).filter(|window| !window.is_over(now));
        window.map_or(0, |window| window.requests)
    }

    pub(super) fn note(&self, project: &ProjectId, subscriber: &str, now: Timestamp) {
        let key = self.key(project, subscriber);
        let mut windows = self.windows.lock();
        if windows.len() >= MOST {
            windows.retain(|_, window| !window.is_over(now));
        }
        if windows.len() >= MOST && !windows.contains_key(&key) {
            return;
        }
        let window = windows.entry(key).or_insert(Window { began: now, requests: 0 });
        if window.is_over(now) {
            *window = Window { began: now, requests: 0 };
        }
        window.requests = window.requests.saturating_add(1);
    }

    /// The name of a subscriber is long, and many are kept.
    fn key(&self, project: &ProjectId, subscriber: &str) -> u64 {
        self.hasher.hash_one((project, subscriber))
    }
}

#[cfg(test)]
mod tests {
    use zaqar_model::{ProjectId, Timestamp};

    use super::ConfirmationLimiter;

    #[test]
    fn requests_count_for_an_hour_from_the_first_on() {
        let asked = ConfirmationLimiter::default();
        let project = |name| ProjectId::new(name).unwrap();
        let now = Timestamp::from_secs(1_000_000);
        asked.note(&project("p"), "mailto:a", now);
        asked.note(&project("p"), "mailto:a", now.plus_secs(3599));
        let count =
            |name, subscriber, seconds| asked.count(&project(name), subscriber, now.plus_secs(seconds));
        assert_eq!(count("p", "mailto:a", 3599), 2);
        assert_eq!((count("q", "mailto:a", 0), count("p", "mailto:b", 0)), (0, 0));
        assert_eq!(count("p", "mailto:a", 3600), 0);
        asked.note(&project("p"), "mailto:a", now.plus_secs(3600));
        assert_eq!(count("p", "mailto:a", 3600), 1);
    }
}
