//! A circuit breaker: an endpoint that is not well is left alone for a while.
//!
//! Closed, everything goes through. Open, nothing does. When its time is over, a few attempts go through to see: as soon
//! as one shows that the endpoint is well again the breaker closes, and when all have failed it opens again.

use std::time::Duration;

use zaqar_model::Timestamp;

/// How often those look again who wait for a probe to end, in milliseconds.
const LOOK_AGAIN: u64 = 1000;
/// How long it is open where messages fail, in milliseconds. Short, since the next message may be one that does not; so it
/// never grows.
const OPEN_FOR_MESSAGES: u64 = 2000;
/// How many messages are tried then.
const MESSAGES_TRIED: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerOptions {
    /// So many signs in a row that the endpoint is unwell open it; 0: it never opens.
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

/// Why it has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The endpoint gave signs that it is unwell, one after the other.
    Unwell,
    /// Nearly all messages fail.
    MessagesFail,
}

#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Signs that the endpoint is unwell, one after the other.
    signs: u32,
    /// How often it has opened for that since the endpoint was well.
    openings: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Closed,
    Open {
        cause: Cause,
        until: Timestamp,
    },
    Probing {
        cause: Cause,
        /// How many more may begin.
        left: u32,
        /// Who has not come back by then will not.
        until: Timestamp,
    },
}

impl Breaker {
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed)
    }

    pub(super) const fn cause(&self) -> Option<Cause> {
        match self.state {
            State::Closed => None,
            State::Open { cause, .. } | State::Probing { cause, .. } => Some(cause),
        }
    }

    /// When an attempt may begin: `now`, or later.
    pub(super) fn opens_to(&self, now: Timestamp) -> Timestamp {
        match self.state {
            State::Open { until, .. } => until.max(now),
            State::Probing { left: 0, until, .. } if until > now => now.plus_millis(LOOK_AGAIN).min(until),
            State::Closed | State::Probing { .. } => now,
        }
    }

    /// An attempt begins, as [`Self::opens_to`] allows, that ends before `end`.
    pub(super) fn admit(&mut self, end: Timestamp) {
        let (cause, left) = match self.state {
            State::Closed => return,
            State::Probing { cause, left, .. } if left > 0 => (cause, left),
            State::Open { cause, .. } | State::Probing { cause, .. } => (cause, probes(cause)),
        };
        self.state = State::Probing { cause, left: left - 1, until: end };
    }

    /// The endpoint is well. Answers whether the breaker closes by this.
    pub(super) fn succeeded(&mut self) -> bool {
        let closes = self.is_open();
        *self = Self::default();
        closes
    }

    /// The endpoint could not take a message. Answers whether the breaker opens by this.
    pub(super) fn failed(&mut self, options: &BreakerOptions, now: Timestamp, nearly_all: bool) -> bool {
        self.signs = 0;
        let opens = match self.state {
            State::Closed => nearly_all && options.failures != 0,
            State::Open { .. } => false,
            // There is someone who answers.
            State::Probing { cause: Cause::Unwell, .. } => {
                *self = Self::default();
                nearly_all
            }
            State::Probing { cause: Cause::MessagesFail, left, .. } => left == 0,
        };
        if opens {
            self.state =
                State::Open { cause: Cause::MessagesFail, until: now.plus_millis(OPEN_FOR_MESSAGES) };
        }
        opens
    }

    /// A sign that the endpoint is unwell. Answers whether the breaker opens by this.
    pub(super) fn unwell(&mut self, options: &BreakerOptions, now: Timestamp) -> bool {
        self.signs = self.signs.saturating_add(1);
        let opens = match self.state {
            State::Closed => options.failures != 0 && self.signs >= options.failures,
            // Of those that had begun before it opened, none opens it again.
            State::Open { .. } => false,
            State::Probing { .. } => true,
        };
        if opens {
            let doubled = 2_u32.saturating_pow(self.openings);
            let time = options.first.saturating_mul(doubled).min(options.longest.max(options.first));
            self.openings = self.openings.saturating_add(1);
            let until = now.plus_millis(super::millis(time));
            self.state = State::Open { cause: Cause::Unwell, until };
        }
        opens
    }

    pub(super) const fn is_at_rest(&self) -> bool {
        !self.is_open() && self.signs == 0
    }
}

const fn probes(cause: Cause) -> u32 {
    match cause {
        Cause::Unwell => 1,
        Cause::MessagesFail => MESSAGES_TRIED,
    }
}
