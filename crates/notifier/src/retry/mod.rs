//! When a delivery that failed is tried again: upstream's retry policy, as pure functions.
//!
//! After the first attempt a policy goes through four phases: retries at once, retries after the minimum delay, retries
//! after delays that grow from the minimum to the maximum by the backoff function, and retries after the maximum delay.

mod answer;
mod backoff;

use std::time::Duration;

use serde_json::{Map, Value};
use zaqar_domain::{LONGEST_DELAY, MOST_RETRIES};
use zaqar_model::Metadata;

pub use answer::{Verdict, judge, retry_after};
pub use backoff::Backoff;

/// How a failed delivery is tried again. Delays are in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pub retries_with_no_delay: u64,
    pub minimum_delay_retries: u64,
    pub minimum_delay: u64,
    pub maximum_delay: u64,
    pub maximum_delay_retries: u64,
    pub backoff: Backoff,
}

/// Upstream's: fourteen retries within three minutes.
impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries_with_no_delay: 3,
            minimum_delay_retries: 3,
            minimum_delay: 5,
            maximum_delay: 30,
            maximum_delay_retries: 3,
            backoff: Backoff::Linear,
        }
    }
}

impl RetryPolicy {
    /// The policy that holds for a subscription: its own if it has one, otherwise its queue's. `ignore_subscription_override`
    /// in either lets the queue's hold. A policy is all of it: what it leaves out is as in the default.
    pub fn for_subscription(queue: &Metadata, options: &Metadata) -> Self {
        let (queue, own) = (policy(queue), policy(options));
        let ignored = [queue, own].into_iter().flatten().any(ignores_subscriptions);
        let chosen = if ignored { queue } else { own.or(queue) };
        chosen.map_or_else(Self::default, Self::read)
    }

    /// Reads a policy that was checked when it was set. Anything else in it counts as left out.
    fn read(policy: &Map<String, Value>) -> Self {
        let number = |name: &str, otherwise: u64, most: u64| {
            let given = policy.get(name).and_then(Value::as_i64);
            given.map_or(otherwise, |number| u64::try_from(number).unwrap_or(0)).min(most)
        };
        let usual = Self::default();
        let minimum_delay = number("minimum_delay", usual.minimum_delay, LONGEST_DELAY);
        let backoff = policy.get("retry_backoff_function").and_then(Value::as_str);
        Self {
            retries_with_no_delay: number("retries_with_no_delay", usual.retries_with_no_delay, MOST_RETRIES),
            minimum_delay_retries: number("minimum_delay_retries", usual.minimum_delay_retries, MOST_RETRIES),
            minimum_delay,
            maximum_delay: number("maximum_delay", usual.maximum_delay, LONGEST_DELAY).max(minimum_delay),
            maximum_delay_retries: number("maximum_delay_retries", usual.maximum_delay_retries, MOST_RETRIES),
            backoff: backoff.and_then(Backoff::named).unwrap_or_default(),
        }
    }

    /// How long to wait after the `attempts`th attempt has failed, which is at least the first. `None`: it was the last.
    pub fn delay_after(&self, attempts: u32) -> Option<Duration> {
        let mut retry = u64::from(attempts.max(1)) - 1;
        let growing = self.backoff.retries(self.minimum_delay, self.maximum_delay);
        for (retries, phase) in [
            (self.retries_with_no_delay, Phase::AtOnce),
            (self.minimum_delay_retries, Phase::Minimum),
            (growing, Phase::Growing),
            (self.maximum_delay_retries, Phase::Maximum),
        ] {
            if retry < retries {
                return Some(Duration::from_secs(match phase {
                    Phase::AtOnce => 0,
                    Phase::Minimum => self.minimum_delay,
                    Phase::Growing => self.backoff.delay(self.minimum_delay, self.maximum_delay, retry),
                    Phase::Maximum => self.maximum_delay,
                }));
            }
            retry -= retries;
        }
        None
    }
}

enum Phase {
    AtOnce,
    Minimum,
    Growing,
    Maximum,
}

/// Adds up to a tenth to a delay, so that what failed together is not tried again together. `random` is any number.
pub fn with_jitter(delay: Duration, random: u64) -> Duration {
    let tenth = delay.as_millis() / 10;
    let added = u128::from(random) % (tenth + 1);
    delay + Duration::from_millis(u64::try_from(added).unwrap_or(0))
}

fn policy(metadata: &Metadata) -> Option<&Map<String, Value>> {
    metadata.get("_retry_policy").and_then(Value::as_object).filter(|policy| !policy.is_empty())
}

fn ignores_subscriptions(policy: &Map<String, Value>) -> bool {
    policy.get("ignore_subscription_override").and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests;
