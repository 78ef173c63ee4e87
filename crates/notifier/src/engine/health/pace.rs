//! How much an endpoint takes in a second, found out from its answers: additive increase, multiplicative decrease.
//!
//! There is no limit until the endpoint says that it takes no more. The limit is then a part of what it has just taken.
//! While all goes well it rises: at first quickly up to what was known to go, then by little steps to find out whether
//! more goes, and after a while without objections it falls away.

use std::collections::VecDeque;
use std::time::Duration;

use zaqar_model::Timestamp;

const SECOND: u64 = 1_000_000;
/// Of what the endpoint was seen to take, the limit is this part.
const DECREASE: f64 = 0.85;
/// In each second the limit rises by this part of what the endpoint was seen to take.
const STEP: f64 = 0.03;
/// Never fewer in a second.
const LEAST: f64 = 0.1;
/// Never more: that is no limit.
const MOST: f64 = 1_000_000.0;
/// A limit that the endpoint has not objected to for so long falls away.
const QUIET: u64 = 300 * SECOND;
/// So many attempts are looked at to see how much the endpoint takes.
const OBSERVED: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Pace {
    limit: Option<Limit>,
    /// When it answered lately, in microseconds, and whether it took what it was sent.
    answers: VecDeque<(u64, bool)>,
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    per_second: f64,
    /// What the endpoint was seen to take in a second.
    known: f64,
    /// When the next attempt may begin. All moments are in microseconds.
    next: u64,
    /// Up to when the limit has risen.
    risen: u64,
    /// When the endpoint objected last.
    objected: u64,
    /// Whether the latest attempt came as soon as it could. Otherwise what is taken says nothing of the limit.
    is_used: bool,
}

/// What was sent to an endpoint in a time, and how much of it was taken.
struct Lately {
    taken: f64,
    sent: f64,
    seconds: f64,
}

impl Pace {
    /// The limit, if there is one.
    pub(super) fn per_second(&self, now: Timestamp) -> Option<f64> {
        let limit = self.limit.filter(|limit| !limit.is_outdated(micros(now)))?;
        Some(limit.per_second)
    }

    pub(super) fn slot_in(&self, now: Timestamp) -> Duration {
        let now = micros(now);
        let limit = self.limit.filter(|limit| !limit.is_outdated(now));
        Duration::from_micros(limit.map_or(0, |limit| limit.next.saturating_sub(now)))
    }

    pub(super) fn slot(&mut self, now: Timestamp, longest: Duration) -> Result<Duration, Timestamp> {
        let now = micros(now);
        let Some(limit) = self.limit.as_mut().filter(|limit| !limit.is_outdated(now)) else {
            self.limit = None;
            return Ok(Duration::ZERO);
        };
        let slot = limit.next.max(now);
        let wait = Duration::from_micros(slot - now);
        if wait > longest {
            return Err(Timestamp::from_millis(slot.div_ceil(1000)));
        }
        limit.is_used = now < limit.next.saturating_add(limit.interval());
        limit.next = slot.saturating_add(limit.interval());
        Ok(wait)
    }

    /// The endpoint has taken an attempt, whatever it made of it.
    pub(super) fn took(&mut self, now: Timestamp) {
        let now = micros(now);
        self.observe(now, true);
        if let Some(limit) = &mut self.limit {
            limit.rise(now);
        }
    }

    fn observe(&mut self, now: u64, taken: bool) {
        if self.answers.len() == OBSERVED {
            self.answers.pop_front();
        }
        self.answers.push_back((now, taken));
    }

    /// The endpoint takes no more for now. If it has said for how long, that alone is enough.
    pub(super) fn throttled(&mut self, now: Timestamp, has_said_when: bool) {
        let now = micros(now);
        self.observe(now, false);
        if has_said_when {
            return;
        }
        // What began before the limit fell says nothing new.
        let settling =
            self.limit.map_or(0, |limit| limit.objected.saturating_add(limit.interval().max(SECOND)));
        if now < settling {
            return;
        }
        let Lately { taken, sent, seconds } = self.lately(now);
        let now_at = self.limit.map(|limit| limit.per_second);
        let known = match now_at {
            // Much less was sent than the limit allows: what it takes was not found out.
            Some(now_at) if sent / seconds < now_at / 2.0 => Some(now_at),
            _ if taken == 0.0 => None,
            // The one that was refused came only a little too early.
            Some(now_at) => Some(now_at.min((taken + 1.0) / seconds)),
            None => Some(taken / seconds),
        };
        let half = now_at.unwrap_or(2.0) / 2.0;
        let (known, per_second) = match known {
            Some(known) => (known, known * DECREASE),
            None => (self.limit.map_or(half, |limit| limit.known), half),
        };
        let mut limit = Limit {
            per_second: per_second.max(LEAST),
            known: known.max(LEAST),
            next: 0,
            risen: now,
            objected: now,
            is_used: true,
        };
        limit.next = now.saturating_add(limit.interval());
        self.limit = Some(limit);
    }

    /// In the last second, or where it takes few, in the time of the last four.
    fn lately(&self, now: u64) -> Lately {
        let interval = self.limit.map_or(0, |limit| limit.interval());
        let known_for = self.answers.front().map_or(0, |(first, _)| now.saturating_sub(*first));
        let time = interval.saturating_mul(4).min(known_for).max(SECOND);
        let since = now.saturating_sub(time);
        let answers = self.answers.iter().rev().take_while(|(at, _)| *at > since);
        let (sent, taken) = answers
            .fold((0_u32, 0_u32), |(sent, taken), (_, is_taken)| (sent + 1, taken + u32::from(*is_taken)));
        #[allow(clippy::cast_precision_loss, reason = "a second more or less is none")]
        let seconds = time as f64 / SECOND as f64;
        Lately { taken: f64::from(taken), sent: f64::from(sent), seconds }
    }
}

impl Limit {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between a microsecond and ten seconds"
    )]
    fn interval(&self) -> u64 {
        (SECOND as f64 / self.per_second) as u64
    }

    fn rise(&mut self, now: u64) {
        // One answer says little: nothing was learnt while nothing was sent.
        let time = now.saturating_sub(self.risen).min(SECOND);
        self.risen = now;
        if !self.is_used {
            return;
        }
        let seconds = time as f64 / SECOND as f64;
        if self.per_second < self.known * DECREASE {
            self.per_second = (self.per_second * (1.0 + seconds)).min(self.known * DECREASE);
        } else {
            // Beyond what was too much once, it is somewhere else.
            let beyond = (self.per_second / self.known).max(1.0);
            self.per_second = (self.per_second + self.known * STEP * beyond * beyond * seconds).min(MOST);
        }
    }

    const fn is_outdated(&self, now: u64) -> bool {
        self.objected.saturating_add(QUIET) < now
    }
}

const fn micros(at: Timestamp) -> u64 {
    at.as_millis().saturating_mul(1000)
}
