//! A circuit breaker: after repeated failure, an endpoint is left alone for a while.
//!
//! Closed, everything goes through. Open, nothing does. When its time is over, one attempt goes through to see: if it
//! succeeds the breaker closes, otherwise it opens again for twice as long.

use std::time::Duration;

use zaqar_model::Timestamp;

/// How often those look again who wait for a probe to end.
const LOOK_AGAIN: u64 = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerOptions {
    /// So many failures one after the other open it; 0: it never opens.
    pub failures: u32,
    /// How long it is open at first.
    pub first: Duration,
    /// It is never open for longer.
    pub longest: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 5, first: Duration::from_secs(10), longest: Duration::from_secs(300) }
    }
}

#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// One after the other.
    failures: u32,
    /// How often it has opened since the last success.
    openings: u32,
    state: State,
    /// The endpoint has asked not to be tried earlier.
    asked_to_wait: Timestamp,
    /// When an attempt failed last.
    failed_at: Timestamp,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Timestamp,
    },
    /// Someone looks. Who has not come back by then will not.
    Probing {
        until: Timestamp,
    },
}

impl Breaker {
    /// When an attempt may begin: `now`, or later. Changes nothing.
    pub(super) fn opens_to(&self, now: Timestamp) -> Timestamp {
        let by_state = match self.state {
            State::Closed => now,
            State::Open { until } => until,
            State::Probing { until } if until > now => now.plus_millis(LOOK_AGAIN),
            State::Probing { .. } => now,
        };
        by_state.max(self.asked_to_wait).max(now)
    }

    /// Lets an attempt begin that ends before `end`.
    ///
    /// # Errors
    ///
    /// It may not: when to come back.
    pub(super) fn admit(&mut self, now: Timestamp, end: Timestamp) -> Result<(), Timestamp> {
        let at = self.opens_to(now);
        if at > now {
            return Err(at);
        }
        if !matches!(self.state, State::Closed) {
            self.state = State::Probing { until: end };
        }
        Ok(())
    }

    /// The endpoint has answered, whatever it said.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// An attempt has failed. Answers until when the breaker is open, if it has opened by this.
    pub(super) fn failed(&mut self, options: &BreakerOptions, now: Timestamp) -> Option<Timestamp> {
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
        let opens = match self.state {
            State::Closed => options.failures != 0 && self.failures >= options.failures,
            // Of those that had begun before it opened, none opens it again.
            State::Open { .. } => false,
            State::Probing { .. } => true,
        };
        if !opens {
            return None;
        }
        let doubled = 2_u32.saturating_pow(self.openings);
        let time = options.first.saturating_mul(doubled).min(options.longest.max(options.first));
        let until = now.plus_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        self.openings = self.openings.saturating_add(1);
        self.state = State::Open { until };
        Some(until)
    }

    pub(super) fn wait_until(&mut self, until: Timestamp) {
        self.asked_to_wait = self.asked_to_wait.max(until);
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_at_rest(&self, now: Timestamp) -> bool {
        let is_closed = matches!(self.state, State::Closed) && self.failures == 0;
        let since = match self.state {
            State::Closed => self.failed_at.max(self.asked_to_wait),
            State::Open { until } | State::Probing { until } => until,
        };
        // Who has not been tried for an hour begins anew.
        (is_closed && self.asked_to_wait <= now) || since.plus_secs(3600) < now
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{ProptestConfig, any, proptest};
    use zaqar_model::Timestamp;

    use super::{Breaker, BreakerOptions};

    const OPTIONS: BreakerOptions =
        BreakerOptions { failures: 3, first: Duration::from_secs(10), longest: Duration::from_secs(35) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(1_000 + seconds)
    }

    /// A breaker that has opened at 0.
    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        assert_eq!(breaker.failed(&OPTIONS, at(0)), None);
        assert_eq!(breaker.failed(&OPTIONS, at(0)), None);
        assert_eq!(breaker.failed(&OPTIONS, at(0)), Some(at(10)));
        breaker
    }

    #[test]
    fn failures_one_after_the_other_open_it() {
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            assert_eq!(breaker.failed(&OPTIONS, at(0)), None);
            assert_eq!(breaker.failed(&OPTIONS, at(0)), None);
            breaker.succeeded();
        }
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(9), at(60)), Err(at(10)));
        // One that had begun before.
        assert_eq!(breaker.failed(&OPTIONS, at(1)), None);
    }

    #[test]
    fn an_endpoint_that_was_left_alone_for_an_hour_need_not_be_remembered() {
        let mut failed_once = Breaker::default();
        assert!(failed_once.is_at_rest(at(0)));
        let _ = failed_once.failed(&OPTIONS, at(0));
        for breaker in [failed_once, opened()] {
            assert!(!breaker.is_at_rest(at(3600)));
            assert!(breaker.is_at_rest(at(3600 + 60)));
        }
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(10), at(40)), Ok(()));
        assert_eq!(breaker.admit(at(10), at(40)), Err(at(11)));
        breaker.succeeded();
        assert_eq!(breaker.admit(at(10), at(40)), Ok(()));
        assert_eq!(breaker.admit(at(10), at(40)), Ok(()));
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_twice_as_long_within_bounds() {
        let mut breaker = opened();
        for (begins, until) in [(10, 30), (30, 65), (65, 100)] {
            assert_eq!(breaker.admit(at(begins), at(begins + 30)), Ok(()));
            assert_eq!(breaker.failed(&OPTIONS, at(begins)), Some(at(until)));
        }
    }

    #[test]
    fn a_probe_that_never_comes_back_does_not_block_the_next() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(10), at(40)), Ok(()));
        assert_eq!(breaker.admit(at(40), at(70)), Ok(()));
    }

    #[test]
    fn an_endpoint_may_ask_to_be_left_alone() {
        let mut breaker = Breaker::default();
        breaker.wait_until(at(20));
        assert_eq!(breaker.admit(at(5), at(60)), Err(at(20)));
        assert_eq!(breaker.admit(at(20), at(60)), Ok(()));
    }

    #[test]
    fn without_a_number_of_failures_it_never_opens() {
        let mut breaker = Breaker::default();
        let never = BreakerOptions { failures: 0, ..OPTIONS };
        for _ in 0..1000 {
            assert_eq!(breaker.failed(&never, at(0)), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_always_lets_someone_through_again(steps in proptest::collection::vec((any::<bool>(), 0_u64..100), 0..60)) {
            let mut breaker = Breaker::default();
            let mut now = at(0);
            for (succeeds, wait) in steps {
                now = now.plus_secs(wait);
                if breaker.admit(now, now.plus_secs(30)).is_ok() {
                    if succeeds {
                        breaker.succeeded();
                    } else {
                        let _ = breaker.failed(&OPTIONS, now);
                    }
                }
                let opens = breaker.opens_to(now);
                assert!(opens >= now && opens <= now.plus_secs(35));
            }
        }
    }
}
