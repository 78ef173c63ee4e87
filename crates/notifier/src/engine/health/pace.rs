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
    /// When it took the latest, in microseconds.
    taken: VecDeque<u64>,
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
}

impl Pace {
    /// The limit, if there is one.
    pub(super) fn per_second(&self, now: Timestamp) -> Option<f64> {
        let limit = self.limit.filter(|limit| !limit.is_outdated(micros(now)))?;
        Some(limit.per_second)
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
        limit.next = slot.saturating_add(limit.interval());
        Ok(wait)
    }

    /// The endpoint has taken an attempt, whatever it made of it.
    pub(super) fn took(&mut self, now: Timestamp) {
        let now = micros(now);
        if self.taken.len() == OBSERVED {
            self.taken.pop_front();
        }
        self.taken.push_back(now);
        if let Some(limit) = &mut self.limit {
            limit.rise(now);
        }
    }

    /// The endpoint takes no more for now. If it has said for how long and it took something before, that alone is enough.
    pub(super) fn throttled(&mut self, now: Timestamp, has_said_when: bool) {
        let now = micros(now);
        // What began before the limit fell says nothing new.
        let settling =
            self.limit.map_or(0, |limit| limit.objected.saturating_add(limit.interval().max(SECOND)));
        if now < settling {
            return;
        }
        let taken = self.taken_in_a_second(now);
        if has_said_when && taken > 0.0 {
            return;
        }
        let now_at = self.limit.map(|limit| limit.per_second);
        let (known, per_second) = if taken > 0.0 {
            let known = now_at.map_or(taken, |now_at| now_at.min(taken));
            (known, known * DECREASE)
        } else {
            let half = now_at.unwrap_or(2.0) / 2.0;
            (self.limit.map_or(half, |limit| limit.known), half)
        };
        let mut limit = Limit {
            per_second: per_second.max(LEAST),
            known: known.max(LEAST),
            next: 0,
            risen: now,
            objected: now,
        };
        limit.next = now.saturating_add(limit.interval());
        self.limit = Some(limit);
    }

    /// How many it has taken in a second lately: in the last one, or where it takes few, over the time of the last four.
    fn taken_in_a_second(&self, now: u64) -> f64 {
        let interval = self.limit.map_or(0, |limit| limit.interval());
        let known_for = self.taken.front().map_or(0, |first| now.saturating_sub(*first));
        let time = interval.saturating_mul(4).min(known_for).max(SECOND);
        let since = now.saturating_sub(time);
        let taken = self.taken.iter().rev().take_while(|at| **at > since).count();
        #[allow(clippy::cast_precision_loss, reason = "there are few, and a second more or less is none")]
        let (taken, seconds) = (taken as f64, time as f64 / SECOND as f64);
        taken / seconds
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
        let time = now.saturating_sub(self.risen).min(SECOND / 2);
        self.risen = now;
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
