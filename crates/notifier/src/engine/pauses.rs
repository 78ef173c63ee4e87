//! How long to wait before the store is asked again: twice as long each time, within bounds.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// By default the pauses of one outage.
#[derive(Debug)]
pub(super) struct Pauses {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self::between(FIRST, LONGEST)
    }
}

impl Pauses {
    pub(super) const fn between(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// Whether the outage has just begun.
    pub(super) fn are_none_yet(&self) -> bool {
        self.next == self.first
    }

    pub(super) fn next(&mut self) -> Duration {
        let next = self.next;
        self.next = next.saturating_mul(2).min(self.longest);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::Pauses;

    #[test]
    fn they_grow_up_to_a_bound() {
        let mut pauses = Pauses::default();
        assert!(pauses.are_none_yet());
        let millis: Vec<_> = (0..9).map(|_| pauses.next().as_millis()).collect();
        assert_eq!(millis, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert!(!pauses.are_none_yet());
    }
}
