//! Confirms a subscription, or takes the confirmation back.

use serde_json::Value;
use zaqar_model::{Caller, DestinationName};
use zaqar_storage::SubscriptionChange;

use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Error, Failure, Result, Zaqar};

impl Zaqar {
    /// `confirmed` must be a boolean.
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
        let change = SubscriptionChange { confirmed: Some(confirmed), ..SubscriptionChange::default() };
        self.change_subscription(caller, name, id, change, Failure::ConfirmSubscription).await
    }
}
