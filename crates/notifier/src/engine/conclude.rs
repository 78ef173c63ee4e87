//! What follows from an attempt.

use std::time::Duration;

use zaqar_domain::Zaqar;
use zaqar_model::{Address, Attempt, DeliveryOutcome, Excerpt, Timestamp};

use super::deliver::{IN_TIME, Tried};
use super::endpoints::Endpoint;
use super::{Engine, Leased};
use crate::retry::{RetryPolicy, Verdict, with_jitter};

/// When a delivery is tried again that could not be put into its dead-letter queue.
const UNBURIED_FOR: Duration = Duration::from_secs(30);

impl Engine {
    /// Lets the endpoint's breaker know how an attempt ended.
    pub(super) async fn note(&self, endpoint: &Endpoint, leased: &Leased, tried: &Tried) {
        let Tried { latency_ms, answer, .. } = tried;
        // An endpoint that refuses is well.
        if answer.verdict != Verdict::TryAgain {
            return endpoint.answered(u128::from(*latency_ms) <= IN_TIME.as_millis());
        }
        let now = self.now();
        if let Some(until) = endpoint.failed(now, answer.retry_after) {
            let subscription = &leased.owed.delivery.subscription;
            let seconds = until.secs_since(now);
            let (id, queue) = (subscription.id, &subscription.source.name);
            tracing::info!(subscription = %id, %queue, seconds, "an endpoint fails and is left alone for a while");
            // The others that are asked to confirm have endpoints of their own.
            if Zaqar::is_confirmation(&leased.owed.delivery) {
                return;
            }
            let paused = self.zaqar.pause_deliveries(&subscription.source, id, until).await;
            if let Err(error) = paused {
                tracing::debug!(%error, subscription = %id, "a subscription could not be paused");
            }
        }
    }

    /// Records an attempt with what follows from it.
    pub(super) async fn conclude(&self, leased: Leased, tried: Tried) {
        let Tried { at, latency_ms, answer } = tried;
        let excerpt = Excerpt::new(&answer.excerpt);
        let address = Some(Address::of(leased.subscriber()));
        let attempt = Attempt { at, status: answer.status, latency_ms, excerpt, address };
        let outcome = match answer.verdict {
            Verdict::Delivered => DeliveryOutcome::Delivered(attempt),
            Verdict::TryAgain => match self.delay(&leased).await {
                Some(delay) => {
                    let delay = delay.max(answer.retry_after.unwrap_or_default());
                    DeliveryOutcome::RetryAt(self.in_time(delay), attempt)
                }
                None => self.give_up(&leased, attempt).await,
            },
            Verdict::Refused => self.give_up(&leased, attempt).await,
        };
        self.show(&leased, &outcome).await;
        self.recorder.record(leased, outcome);
    }

    /// How long to wait for the next attempt, if there is to be one.
    async fn delay(&self, leased: &Leased) -> Option<Duration> {
        let delivery = &leased.owed.delivery;
        let asking = leased.asking.as_ref();
        let subscription = asking.map_or(&delivery.subscription, |asking| &asking.subscription);
        let queue = match self.zaqar.metadata_of_source(&subscription.source).await {
            Ok(queue) => queue,
            // It is not given up by a policy that is not the queue's.
            Err(error) => {
                tracing::debug!(%error, "a queue's retry policy cannot be read");
                return Some(UNBURIED_FOR);
            }
        };
        let policy = RetryPolicy::for_subscription(&queue, &subscription.options);
        let delay = policy.delay_after(delivery.attempts.saturating_add(1))?;
        let random = self.zaqar.ids().next_u128() & u128::from(u64::MAX);
        Some(with_jitter(delay, u64::try_from(random).unwrap_or_default()))
    }

    fn in_time(&self, delay: Duration) -> Timestamp {
        self.now().plus_millis(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))
    }

    /// The message goes to the dead-letter queue first: a crash in between makes both again.
    async fn give_up(&self, leased: &Leased, attempt: Attempt) -> DeliveryOutcome {
        let delivery = &leased.owed.delivery;
        let attempts = delivery.attempts.saturating_add(1);
        let reason = reason(attempts, &attempt);
        let (id, message) = (delivery.subscription.id, delivery.message.message.id);
        if let Err(error) = self.zaqar.bury_delivery(&leased.owed, attempts, reason.as_str()).await {
            tracing::warn!(%error, subscription = %id, %message, "a message could not be put into its dead-letter queue yet");
            return DeliveryOutcome::RetryAt(self.in_time(UNBURIED_FOR), attempt);
        }
        tracing::debug!(subscription = %id, %message, attempts, "a delivery is given up");
        DeliveryOutcome::Exhausted(reason, attempt)
    }
}

/// For the tenant: what was the last straw.
fn reason(attempts: u32, attempt: &Attempt) -> Excerpt {
    let times = if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    let last = attempt.excerpt.as_str();
    Excerpt::new(&match attempt.status {
        Some(status) => format!("Given up after {times}. The last answer was {status}: {last}"),
        None => format!("Given up after {times}. The last one failed: {last}"),
    })
}
