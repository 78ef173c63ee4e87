//! How long to leave a store alone that fails: twice as long each time, within bounds.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// The pauses of one outage.
#[derive(Debug)]
pub(super) struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Pauses {
    /// Whether the outage has just begun.
    pub(super) fn are_none_yet(&self) -> bool {
        self.0 == FIRST
    }

    pub(super) fn next(&mut self) -> Duration {
        let next = self.0;
        self.0 = next.saturating_mul(2).min(LONGEST);
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
