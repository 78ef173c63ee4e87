//! Deliveries that are requests to confirm. Their subscriber is the service itself, which finds out at each attempt what is
//! to be asked of whom.

use zaqar_authentication::SignError;
use zaqar_domain::Zaqar;
use zaqar_model::{Address, AttemptEnd, ConfirmationAttempt, DeliveryOutcome, Subscription, Timestamp};

use super::deliver::Tried;
use super::{Engine, Leased};
use crate::notice::{Answer, Notice};
use crate::retry::Verdict;

/// When to look again for a subscription while the store fails, in seconds.
const UNREADABLE_FOR: u64 = 10;

/// What becomes of a delivery before anything is sent.
pub(super) enum Addressed {
    /// It goes to its own subscriber.
    ToSubscriber,
    /// It is a request to confirm, and this is sent to the one who is asked.
    Asking(Notice),
    /// It is one, and it ends without anything sent.
    Ended(Tried),
    /// It cannot be told yet: when to look again.
    NotNow(Timestamp),
}

impl Engine {
    pub(super) async fn address(&self, leased: &mut Leased) -> Addressed {
        let delivery = &leased.owed.delivery;
        if !Zaqar::is_confirmation(delivery) {
            return Addressed::ToSubscriber;
        }
        let now = self.now();
        let waiting = match self.zaqar.waiting_confirmation(delivery).await {
            Ok(Some(waiting)) => waiting,
            Ok(None) => {
                return Addressed::Ended(
                    self.without(Verdict::Delivered, "there is nothing left to confirm"),
                );
            }
            Err(error) => {
                tracing::debug!(%error, "a subscription that waits to be confirmed cannot be read");
                return Addressed::NotNow(now.plus_secs(UNREADABLE_FOR));
            }
        };
        let waiting = leased.asking.insert(Box::new(waiting));
        match self.confirmations.notice(waiting, delivery.message.message.id, now).await {
            Ok(Some(notice)) => Addressed::Asking(notice),
            Ok(None) => Addressed::NotNow(now.plus_secs(UNREADABLE_FOR)),
            Err(SignError::NoKey) => {
                let Subscription { id, source, subscriber, .. } = &waiting.subscription;
                let (project, queue, address) = (&source.project, &source.name, Address::of(subscriber));
                let reason = "[signed_url] has no key";
                tracing::warn!(%project, %queue, subscription = %id, %address, reason, "a subscriber cannot be asked to confirm");
                Addressed::Ended(self.without(Verdict::Refused, "the service has no key to sign with"))
            }
            Err(error) => Addressed::Ended(self.without(Verdict::Refused, &error.to_string())),
        }
    }

    /// Puts an attempt at a request on record for the subscription that it is about: there, whoever waits for the
    /// confirmation sees it.
    pub(super) async fn show(&self, leased: &Leased, outcome: &DeliveryOutcome) {
        let Some(asking) = &leased.asking else { return };
        let (attempt, end) = match outcome {
            DeliveryOutcome::Delivered(attempt) => (attempt, AttemptEnd::Delivered),
            DeliveryOutcome::RetryAt(at, attempt) => (attempt, AttemptEnd::RetryAt(*at)),
            DeliveryOutcome::GivenUp(_, attempt) => (attempt, AttemptEnd::GivenUp),
            DeliveryOutcome::Expired(_) | DeliveryOutcome::Postponed(_) => return,
        };
        let request = leased.owed.delivery.message.message.id;
        let attempt = ConfirmationAttempt { kind: asking.kind, request, attempt: attempt.clone(), end };
        let Subscription { id, source, .. } = &asking.subscription;
        if let Err(error) = self.zaqar.record_confirmation(source, *id, attempt).await {
            tracing::debug!(%error, subscription = %id, "an attempt to ask a subscriber could not be recorded");
        }
    }

    fn without(&self, verdict: Verdict, reason: &str) -> Tried {
        let answer = Answer { verdict, status: None, excerpt: reason.to_owned(), retry_after: None };
        Tried { at: self.now(), latency_ms: 0, answer }
    }
}
