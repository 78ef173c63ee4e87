//! A circuit breaker: an endpoint that is not well is left alone for a while.
//!
//! Closed, everything goes through. Open, nothing does. When its time is over, a few attempts go through to see: as soon
//! as one shows that the endpoint is well again the breaker closes, and when all have failed it opens again.

use std::time::Duration;

use zaqar_model::{MessageId, Timestamp};

/// How often those look again who wait for a probe to end, in milliseconds.
const LOOK_AGAIN: u64 = 1000;
/// How long it is open where messages fail, in milliseconds. Short, since the next message may be one that does not; so it
/// never grows.
const OPEN_FOR_MESSAGES: u64 = 2000;
/// How many messages are tried then.
const MESSAGES_TRIED: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerOptions {
    /// So many messages in a row with a sign that the endpoint is unwell open it; 0: it never opens.
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
    /// The endpoint gave signs that it is unwell, at one message after the other.
    Unwell,
    /// Nearly all messages fail.
    MessagesFail,
}

#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// The messages with a sign that the endpoint is unwell, one after the other; no more than open it. The same one
    /// again counts once: it may be the message that the endpoint cannot take.
    signs: Vec<MessageId>,
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

    /// Whether an attempt is under way that shows whether the endpoint is well.
    pub(super) fn is_probed(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Probing { left: 0, until, .. } if until > now)
    }

    /// Until when it is open, or was.
    pub(super) const fn open_until(&self) -> Option<Timestamp> {
        match self.state {
            State::Open { until, .. } => Some(until),
            State::Closed | State::Probing { .. } => None,
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

    /// An attempt that was let in was not made.
    pub(super) fn give_back(&mut self) {
        if let State::Probing { left, cause, .. } = &mut self.state {
            *left = (*left + 1).min(probes(*cause));
        }
    }

    /// The endpoint is well. Answers whether the breaker closes by this.
    pub(super) fn succeeded(&mut self) -> bool {
        let closes = self.is_open();
        *self = Self::default();
        closes
    }

    /// The endpoint could not take a message. Answers whether the breaker opens by this.
    pub(super) fn failed(&mut self, options: &BreakerOptions, now: Timestamp, nearly_all: bool) -> bool {
        self.signs.clear();
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
            self.open_for_messages(now);
        }
        opens
    }

    const fn open_for_messages(&mut self, now: Timestamp) {
        self.state = State::Open { cause: Cause::MessagesFail, until: now.plus_millis(OPEN_FOR_MESSAGES) };
    }

    /// A sign that the endpoint is unwell, at this message. Answers whether the breaker opens by this.
    pub(super) fn unwell(&mut self, message: MessageId, options: &BreakerOptions, now: Timestamp) -> bool {
        let enough = options.failures as usize;
        if self.signs.len() < enough && !self.signs.contains(&message) {
            self.signs.push(message);
        }
        let is_unwell = enough != 0 && self.signs.len() >= enough;
        let opens = match self.state {
            State::Closed => is_unwell,
            // Of those that had begun before it opened, none opens it again.
            State::Open { .. } => false,
            State::Probing { cause: Cause::Unwell, .. } => true,
            State::Probing { cause: Cause::MessagesFail, left, .. } => {
                if !is_unwell && left == 0 {
                    self.open_for_messages(now);
                    return true;
                }
                is_unwell
            }
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
        !self.is_open() && self.signs.is_empty()
    }
}

const fn probes(cause: Cause) -> u32 {
    match cause {
        Cause::Unwell => 1,
        Cause::MessagesFail => MESSAGES_TRIED,
    }
}
