//! A rate that is kept by spacing attempts evenly.

use std::time::Duration;

use zaqar_model::Timestamp;

/// Nobody waits longer for a slot: who would have to comes back.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Rate {
    /// Microseconds between two attempts; 0: there is no limit.
    interval: u64,
    /// When the next one may begin, in microseconds.
    next: u64,
}

impl Rate {
    pub(super) const fn new(per_second: u32) -> Self {
        let interval = if per_second == 0 { 0 } else { 1_000_000 / per_second as u64 };
        Self { interval, next: 0 }
    }

    /// Takes the next slot; answers how long to wait for it.
    ///
    /// # Errors
    ///
    /// The slot is too far away, and is not taken: when to come back.
    pub(super) fn slot(&mut self, now: Timestamp) -> Result<Duration, Timestamp> {
        let now_micros = now.as_millis().saturating_mul(1000);
        let slot = self.next.max(now_micros);
        let wait = Duration::from_micros(slot - now_micros);
        if wait > LONGEST_WAIT {
            return Err(Timestamp::from_millis(slot / 1000));
        }
        self.next = slot.saturating_add(self.interval);
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zaqar_model::Timestamp;

    use super::Rate;

    #[test]
    fn attempts_are_spaced_evenly() {
        let now = Timestamp::from_secs(100);
        let mut rate = Rate::new(4);
        let waits: Vec<_> = (0..5).map(|_| rate.slot(now)).collect();
        let expected = [0, 250, 500, 750, 1000].map(|millis| Ok(Duration::from_millis(millis)));
        assert_eq!(waits, expected);
        assert_eq!(rate.slot(now), Err(now.plus_millis(1250)));
        assert_eq!(rate.slot(now.plus_secs(10)), Ok(Duration::ZERO));
    }

    #[test]
    fn no_rate_is_no_limit() {
        let mut rate = Rate::new(0);
        for _ in 0..1000 {
            assert_eq!(rate.slot(Timestamp::from_secs(1)), Ok(Duration::ZERO));
        }
    }
}
