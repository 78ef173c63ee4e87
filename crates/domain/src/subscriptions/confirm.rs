//! Confirms a subscription, or takes the confirmation back.

use serde_json::Value;
use zaqar_model::{Caller, ConfirmationKind, DestinationName};
use zaqar_storage::SubscriptionChange;

use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Error, Failure, Result, Zaqar};

impl Zaqar {
    /// `confirmed` must be a boolean. Where subscribers must confirm, one whose confirmation is taken back is no longer
    /// notified, and is told so.
    pub async fn confirm_subscription(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
        confirmed: Option<&Value>,
    ) -> Result<()> {
        self.permit(caller, Rule::SubscriptionConfirm)?;
        let answer = pass!(self.pipelines.subscriptions, stage => stage.confirm_subscription(caller, name, id, confirmed));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let confirmed = confirmed.and_then(Value::as_bool);
        let confirmed = confirmed.ok_or_else(|| Error::invalid("The 'confirmed' should be boolean."))?;
        let failure = Failure::ConfirmSubscription;
        let there = self.find_subscription(caller, name, id, self.now(), failure).await?;
        let must_confirm = self.limits.require_confirmation;
        let change = SubscriptionChange {
            confirmed: Some(confirmed),
            declined: Some(!confirmed),
            notified: Some(confirmed || !must_confirm),
            // Who agrees wants to be told.
            suspended: (confirmed && there.suspended.is_some()).then_some(None),
            ..SubscriptionChange::default()
        };
        self.change_subscription(&there, change, failure).await?;
        // Whoever was told too often already has what they want all the same.
        if !confirmed && must_confirm && self.may_ask(&caller.project, &there.subscriber).is_ok() {
            let expires = self.now().plus_secs(self.limits.default_subscription_ttl.into());
            let asking = self.ask(ConfirmationKind::Unsubscription, &there, expires);
            asking.await.or_unavailable(failure)?;
        }
        Ok(())
    }
}
