//! How well an endpoint takes what one queue sends to it, and what follows: nothing is sent for a while (`breaker`), or
//! only so much in a second (`pace`). Pure: whoever asks brings the time.
//!
//! A message that the endpoint cannot take says little about the endpoint. So it counts as failing only when nearly all
//! messages fail (`window`), or when it gives signs of its own: no connection, no answer in time, 502, 503, 504.

mod breaker;
mod pace;
mod window;

use std::time::Duration;

use zaqar_domain::EndpointState;
use zaqar_model::{MessageId, Timestamp};

pub use breaker::BreakerOptions;

use crate::notice::Answer;
use crate::retry::Verdict;
use breaker::{Breaker, Cause};
use pace::Pace;
use window::Window;

/// For so long an endpoint is remembered that nothing is sent to.
const REMEMBERED_FOR: u64 = 3600;

/// What an attempt says about the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It has taken the message, or has refused it for good: it is well.
    Well,
    /// It takes no more for now.
    Throttled,
    /// It could not take this message.
    Failed,
    /// No connection, no answer in time, or the word of a gateway that there is none.
    Unwell,
}

impl Sign {
    /// `None`: it says nothing.
    pub(super) const fn of(answer: &Answer) -> Option<Self> {
        Some(match (answer.verdict, answer.status) {
            (Verdict::Delivered | Verdict::Refused | Verdict::Gone, _) => Self::Well,
            (Verdict::TryAgain, Some(429)) => Self::Throttled,
            (Verdict::TryAgain, None | Some(408 | 421 | 502..=504)) => Self::Unwell,
            (Verdict::TryAgain, Some(_)) => Self::Failed,
            (Verdict::NotMade, _) => return None,
        })
    }
}

/// Which attempt at a delivery it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Retry,
}

impl Turn {
    pub(super) const fn after(attempts: u32) -> Self {
        if attempts == 0 { Self::First } else { Self::Retry }
    }
}

#[derive(Debug, Default)]
pub(super) struct Health {
    breaker: Breaker,
    window: Window,
    pace: Pace,
    /// The endpoint has asked not to be tried earlier.
    asked_to_wait: Timestamp,
    /// When it was tried last.
    tried: Timestamp,
}

impl Health {
    /// When an attempt may begin: `now`, or later. Changes nothing.
    pub(super) fn opens_to(&self, now: Timestamp) -> Timestamp {
        self.breaker.opens_to(now).max(self.asked_to_wait)
    }

    /// How long it is until the next slot. Changes nothing.
    pub(super) fn slot_in(&self, now: Timestamp) -> Duration {
        self.pace.slot_in(now)
    }

    /// Takes the next slot; answers how long to wait for it.
    ///
    /// # Errors
    ///
    /// The slot is further away than `longest`, and is not taken: when to come back.
    pub(super) fn slot(&mut self, now: Timestamp, longest: Duration) -> Result<Duration, Timestamp> {
        self.pace.slot(now, longest)
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
        self.breaker.admit(end);
        Ok(())
    }

    /// An attempt that was let in was not made.
    pub(super) fn give_back(&mut self) {
        self.breaker.give_back();
    }

    /// Whether it takes nothing, or no more just now. Then a retry takes no turn from a first attempt.
    pub(super) fn is_short(&self, now: Timestamp) -> bool {
        self.breaker.is_open() || !self.slot_in(now).is_zero()
    }

    /// Notes how an attempt at a message ended. Answers until when nothing is sent, if that begins now.
    pub(super) fn note(
        &mut self,
        sign: Sign,
        (turn, message): (Turn, MessageId),
        retry_after: Option<Duration>,
        now: Timestamp,
        options: &BreakerOptions,
    ) -> Option<Timestamp> {
        self.tried = now;
        let waited = self.asked_to_wait;
        if let (Sign::Throttled | Sign::Unwell, Some(wait)) = (sign, retry_after) {
            self.asked_to_wait = self.asked_to_wait.max(now.plus_millis(millis(wait)));
        }
        if turn == Turn::First && sign != Sign::Throttled {
            self.window.push(sign == Sign::Well, now);
        }
        let opened = match sign {
            Sign::Well => {
                self.pace.took(now);
                if self.breaker.succeeded() {
                    self.window.clear();
                }
                false
            }
            Sign::Throttled => {
                self.pace.throttled(now, retry_after.is_some_and(|wait| !wait.is_zero()));
                let _ = self.breaker.succeeded();
                false
            }
            Sign::Failed => {
                self.pace.took(now);
                self.breaker.failed(options, now, self.window.nearly_all_fail())
            }
            Sign::Unwell => self.breaker.unwell(message, options, now),
        };
        let begins = opened || self.asked_to_wait > waited;
        begins.then(|| self.opens_to(now)).filter(|until| *until > now)
    }

    /// What the owner of the subscription is shown.
    pub(super) fn state(&self, now: Timestamp) -> EndpointState {
        let until = self.opens_to(now);
        if self.breaker.is_probed(now) {
            let reason = "An attempt is under way that shows whether it is well again.";
            return EndpointState::Open { until, reason };
        }
        if until > now {
            let reason = match self.breaker.cause().filter(|_| until > self.asked_to_wait) {
                None => "The endpoint has asked to be left alone until then (Retry-After).",
                Some(Cause::Unwell) => {
                    "One message after the other met no connection, no answer in time, or 408, 421 or 502 to 504."
                }
                Some(Cause::MessagesFail) => "Nearly all messages fail at the endpoint.",
            };
            return EndpointState::Open { until, reason };
        }
        if self.breaker.is_open() {
            let until = self.breaker.open_until().unwrap_or(now);
            let reason = "Its time is over: the next attempt shows whether it is well again.";
            return EndpointState::Open { until, reason };
        }
        match self.pace.per_second(now) {
            Some(per_second) => EndpointState::Slowed {
                per_second,
                reason: "The endpoint has answered 429 to more than that.",
            },
            None => EndpointState::Healthy,
        }
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_at_rest(&self, now: Timestamp) -> bool {
        let is_well =
            self.breaker.is_at_rest() && self.pace.per_second(now).is_none() && self.asked_to_wait <= now;
        is_well || self.tried.max(self.asked_to_wait).plus_secs(REMEMBERED_FOR) < now
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
