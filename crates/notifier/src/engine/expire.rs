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
        let attempts = &leased.owed.delivery.attempts;
        let (after, why) = (times(*attempts), self.why_not_yet(&leased));
        let reason = Excerpt::new(&format!(
            "Expired after {after}: its time to live ended before it was delivered. {why}"
        ));
        let outcome = match self.dead_letter(&leased, *attempts, &reason).await {
            Ok(()) => DeliveryOutcome::Expired(reason),
            Err(at) => DeliveryOutcome::Postponed(at),
        };
        self.recorder.record(leased, outcome);
    }

    /// For the tenant: what kept a delivery from being made.
    fn why_not_yet(&self, leased: &Leased) -> String {
        let subscription = &leased.owed.delivery.subscription;
        if let Some(reason) = &leased.owed.unreadable {
            return format!("It could not be decrypted: {reason}");
        }
        if let Some(suspension) = &subscription.suspended {
            return format!("The subscription is suspended: {}", suspension.reason.as_str());
        }
        let now = self.now();
        let route = self.endpoints.find(&subscription.source, &subscription.subscriber, now);
        match route.state(now) {
            EndpointState::Open { .. } => "Its endpoint was not well, and was left alone.".to_owned(),
            EndpointState::Slowed { per_second, .. } => {
                format!("Its endpoint takes only {per_second:.1} deliveries a second.")
            }
            EndpointState::Healthy => "The attempts on record tell what the endpoint answered.".to_owned(),
        }
    }

    /// Puts a delivery into its dead-letter queue, if it has one.
    ///
    /// # Errors
    ///
    /// It cannot be put there: when to try it again.
    pub(super) async fn dead_letter(
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
        if let Err(error) = self.zaqar.dead_letter_delivery(&leased.owed, attempts, reason.as_str()).await {
            tracing::warn!(%error, %project, %queue, subscription = %id, %address, message_id = %message, "a message could not be put into its dead-letter queue yet");
            return Err(self.in_time(super::conclude::UNBURIED_FOR));
        }
        let route = self.endpoints.find(&subscription.source, &subscription.subscriber, self.now());
        if let Some(deliveries) = route.given_up(self.now()) {
            let reason = reason.as_str();
            tracing::info!(%project, %queue, subscription = %id, %address, message_id = %message, deliveries, reason, "deliveries are given up");
        }
        Ok(())
    }
}
