//! Requests to confirm that are to be delivered now.

use zaqar_model::{
    ConfirmationKind, ConfirmationRequest, Delivery, DestinationKind, Subscription, Timestamp,
};
use zaqar_storage::StorageResult;

use crate::Zaqar;

/// A request, and the subscription that it is about as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingConfirmation {
    pub kind: ConfirmationKind,
    pub subscription: Subscription,
    /// Until when the subscriber may answer.
    pub expires: Timestamp,
}

impl Zaqar {
    /// Whether a delivery is a request to confirm, which goes to another subscriber than the delivery's own.
    pub fn is_confirmation(delivery: &Delivery) -> bool {
        delivery.subscription.source.kind == DestinationKind::Confirmations
    }

    /// What to ask of whom, for a delivery that is a request to confirm. `None`: nothing any more, because the
    /// subscription is gone, or because its subscriber has answered meanwhile: yes or no.
    pub async fn waiting_confirmation(
        &self,
        delivery: &Delivery,
    ) -> StorageResult<Option<WaitingConfirmation>> {
        let project = &delivery.subscription.source.project;
        let Some(request) = ConfirmationRequest::read(project, &delivery.message.message.body) else {
            return Ok(None);
        };
        let ConfirmationRequest { kind, source, subscription, expires } = request;
        let subscriptions = self.stores.messages.subscriptions_or_unsupported()?;
        let found = subscriptions.get_subscription(&source, subscription, self.now()).await?;
        let waits = |found: &Subscription| match kind {
            ConfirmationKind::Subscription => !found.confirmed && !found.declined,
            ConfirmationKind::Unsubscription => found.declined,
        };
        Ok(found.filter(waits).map(|subscription| WaitingConfirmation { kind, subscription, expires }))
    }
}
