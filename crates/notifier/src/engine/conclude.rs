//! What follows from an attempt.

use std::time::Duration;

use zaqar_domain::Zaqar;
use zaqar_model::{Address, Attempt, Delivery, DeliveryOutcome, Excerpt, Paused, Timestamp};

use super::deliver::{IN_TIME, Tried};
use super::endpoints::Route;
use super::health::{Sign, Turn};
use super::{Engine, Leased};
use crate::retry::{RetryPolicy, Verdict, with_jitter};

/// When a delivery is tried again that could not be put into its dead-letter queue.
pub(super) const UNBURIED_FOR: Duration = Duration::from_secs(30);

impl Engine {
    /// Lets the endpoint's health know how an attempt ended.
    pub(super) async fn note(&self, route: &Route, turn: Turn, leased: &Leased, tried: &Tried) {
        let Tried { latency_ms, answer, .. } = tried;
        let now = self.now();
        let in_time = u128::from(*latency_ms) <= IN_TIME.as_millis();
        let Some(sign) = Sign::of(answer) else { return };
        let Delivery { subscription, message, .. } = &leased.owed.delivery;
        let at = (turn, message.message.id);
        let Some(until) = route.note(sign, at, in_time, answer.retry_after, now) else { return };
        let id = subscription.id;
        let asking = leased.asking.as_ref().map_or(&**subscription, |asking| &asking.subscription);
        let (project, queue) = (&asking.source.project, &asking.source.name);
        let (address, seconds) = (Address::of(&asking.subscriber), until.secs_since(now));
        let (status, reason) = (answer.status, answer.excerpt.as_str());
        if let Some(times) = route.left_alone(now) {
            tracing::info!(%project, %queue, subscription = %asking.id, %address, seconds, times, status, reason, "an endpoint is left alone for a while");
        }
        // The others that are asked to confirm have endpoints of their own.
        if !Zaqar::is_confirmation(&leased.owed.delivery) {
            self.pause(&subscription.source, id, Paused::All, until).await;
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
            Verdict::TryAgain | Verdict::NotMade => match self.delay(&leased).await {
                Some(delay) => {
                    let at = self.in_time(delay.max(answer.retry_after.unwrap_or_default()));
                    if at < leased.owed.delivery.message.expires {
                        DeliveryOutcome::RetryAt(at, attempt)
                    } else {
                        self.give_up(&leased, attempt, Last::Expires).await
                    }
                }
                None => self.give_up(&leased, attempt, Last::Failed).await,
            },
            Verdict::Gone if !Zaqar::is_confirmation(&leased.owed.delivery) => {
                self.suspend(&leased, attempt).await
            }
            Verdict::Refused | Verdict::Gone => self.give_up(&leased, attempt, Last::Failed).await,
        };
        self.show(&leased, &outcome).await;
        self.recorder.record(leased, outcome);
    }

    /// How long to wait for the next attempt, if there is to be one.
    async fn delay(&self, leased: &Leased) -> Option<Duration> {
        let delivery = &leased.owed.delivery;
        let asking = leased.asking.as_ref();
        let subscription = asking.map_or(&*delivery.subscription, |asking| &asking.subscription);
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

    pub(super) fn in_time(&self, delay: Duration) -> Timestamp {
        self.now().plus_millis(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))
    }

    /// The message goes to the dead-letter queue first: a crash in between makes both again.
    async fn give_up(&self, leased: &Leased, attempt: Attempt, last: Last) -> DeliveryOutcome {
        let attempts = leased.owed.delivery.attempts.saturating_add(1);
        let reason = reason(attempts, &attempt, last);
        match self.dead_letter(leased, attempts, &reason).await {
            Ok(()) => DeliveryOutcome::GivenUp(reason, attempt),
            Err(at) => DeliveryOutcome::RetryAt(at, attempt),
        }
    }

    /// The endpoint wants nothing any more. The message waits with all others for somebody who lifts that.
    async fn suspend(&self, leased: &Leased, attempt: Attempt) -> DeliveryOutcome {
        let subscription = &leased.owed.delivery.subscription;
        let (project, queue, id) = (&subscription.source.project, &subscription.source.name, subscription.id);
        let address = Address::of(&subscription.subscriber);
        let seen = &subscription.subscriber;
        match self.zaqar.suspend_subscription(&subscription.source, id, seen, GONE).await {
            Ok(is_suspended) => {
                if is_suspended {
                    tracing::info!(%project, %queue, subscription = %id, %address, reason = GONE, "a subscription is suspended");
                }
                // What waits in its lane was leased before, maybe for another subscriber.
                self.drain_and_pause(&subscription.source, id, self.now(), None).await;
                DeliveryOutcome::RetryAt(self.now(), attempt)
            }
            Err(error) => {
                tracing::warn!(%error, %project, %queue, subscription = %id, %address, "a subscription could not be suspended yet");
                DeliveryOutcome::RetryAt(self.in_time(UNBURIED_FOR), attempt)
            }
        }
    }
}

const GONE: &str = "The endpoint has answered 410 Gone: it wants no more.";

/// Why an attempt was the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Failed,
    /// The message expires before the next attempt.
    Expires,
}

/// For the tenant: what was the last straw.
fn reason(attempts: u32, attempt: &Attempt, last: Last) -> Excerpt {
    let times = times(attempts);
    let why = match last {
        Last::Failed => format!("Given up after {times}."),
        Last::Expires => format!("Expired after {times}: its time to live ends before the next one."),
    };
    let answer = attempt.excerpt.as_str();
    Excerpt::new(&match attempt.status {
        Some(status) => format!("{why} The last answer was {status}: {answer}"),
        None => format!("{why} The last one failed: {answer}"),
    })
}

pub(super) fn times(attempts: u32) -> String {
    if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") }
}
