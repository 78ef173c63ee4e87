//! Deliveries whose messages expire before their subscribers have them: they fail, with the reason on record.

use zaqar_domain::{EndpointState, Zaqar};
use zaqar_model::{Address, Delivery, DeliveryOutcome, Excerpt, Timestamp};

use super::conclude::times;
use super::{Engine, Leased};

impl Engine {
    pub(super) fn has_expired(&self, delivery: &Delivery) -> bool {
        delivery.message.expires <= self.now()
    }

    /// Ends a delivery whose message has expired while it waited.
    pub(super) async fn expire(&self, leased: Leased) {
        let Delivery { subscription, attempts, .. } = &leased.owed.delivery;
        let now = self.now();
        let route = self.endpoints.find(&subscription.source, &subscription.subscriber, now);
        let why = match (&subscription.suspended, route.state(now)) {
            (Some(suspension), _) => {
                format!(" The subscription is suspended: {}", suspension.reason.as_str())
            }
            (None, EndpointState::Healthy) => String::new(),
            (None, EndpointState::Slowed { reason, .. } | EndpointState::Open { reason, .. }) => {
                format!(" {reason}")
            }
        };
        let after = times(*attempts);
        let reason = Excerpt::new(&format!(
            "Expired after {after}: its time to live ended before it was delivered.{why}"
        ));
        let outcome = match self.bury(&leased, *attempts, &reason).await {
            Ok(()) => DeliveryOutcome::Expired(reason),
            Err(at) => DeliveryOutcome::Postponed(at),
        };
        self.recorder.record(leased, outcome);
    }

    /// Puts a delivery into its dead-letter queue, if it has one.
    ///
    /// # Errors
    ///
    /// It cannot be put there: when to try it again.
    pub(super) async fn bury(
        &self,
        leased: &Leased,
        attempts: u32,
        reason: &Excerpt,
    ) -> Result<(), Timestamp> {
        let Delivery { subscription, message, .. } = &leased.owed.delivery;
        let (project, queue, id) = (&subscription.source.project, &subscription.source.name, subscription.id);
        let (message, address) = (message.message.id, Address::of(&subscription.subscriber));
        if Zaqar::is_confirmation(&leased.owed.delivery) {
            return Ok(());
        }
        if let Err(error) = self.zaqar.bury_delivery(&leased.owed, attempts, reason.as_str()).await {
            tracing::warn!(%error, %project, %queue, subscription = %id, %address, %message, "a message could not be put into its dead-letter queue yet");
            return Err(self.in_time(super::conclude::UNBURIED_FOR));
        }
        let route = self.endpoints.find(&subscription.source, &subscription.subscriber, self.now());
        if let Some(deliveries) = route.given_up(self.now()) {
            let reason = reason.as_str();
            tracing::info!(%project, %queue, subscription = %id, %address, %message, deliveries, reason, "deliveries are given up");
        }
        Ok(())
    }
}
