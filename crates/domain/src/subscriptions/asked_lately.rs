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
pub(crate) struct AskedLately {
    hasher: RandomState,
    hours: Mutex<HashMap<u64, Hour>>,
}

/// What there was since the first request.
#[derive(Debug)]
struct Hour {
    began: Timestamp,
    requests: u32,
}

impl Hour {
    fn is_over(&self, now: Timestamp) -> bool {
        now >= self.began.plus_secs(HOUR)
    }
}

impl AskedLately {
    pub(super) fn count(&self, project: &ProjectId, subscriber: &str, now: Timestamp) -> u32 {
        let hours = self.hours.lock();
        let hour = hours.get(&self.key(project, subscriber)).filter(|hour| !hour.is_over(now));
        hour.map_or(0, |hour| hour.requests)
    }

    pub(super) fn note(&self, project: &ProjectId, subscriber: &str, now: Timestamp) {
        let key = self.key(project, subscriber);
        let mut hours = self.hours.lock();
        if hours.len() >= MOST {
            hours.retain(|_, hour| !hour.is_over(now));
        }
        if hours.len() >= MOST && !hours.contains_key(&key) {
            return;
        }
        let hour = hours.entry(key).or_insert(Hour { began: now, requests: 0 });
        if hour.is_over(now) {
            *hour = Hour { began: now, requests: 0 };
        }
        hour.requests = hour.requests.saturating_add(1);
    }

    /// The name of a subscriber is long, and many are kept.
    fn key(&self, project: &ProjectId, subscriber: &str) -> u64 {
        self.hasher.hash_one((project, subscriber))
    }
}

#[cfg(test)]
mod tests {
    use zaqar_model::{ProjectId, Timestamp};

    use super::AskedLately;

    #[test]
    fn requests_count_for_an_hour_from_the_first_on() {
        let asked = AskedLately::default();
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
