//! Shows a subscription.

use zaqar_model::{Caller, DestinationName, Subscription, Timestamp};

use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Failure, Result, Zaqar};

/// A subscription, and the moment at which its age is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownSubscription {
    pub subscription: Subscription,
    pub now: Timestamp,
}

impl Zaqar {
    pub async fn get_subscription(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
    ) -> Result<ShownSubscription> {
        self.permit(caller, Rule::SubscriptionGet)?;
        let answer = pass!(self.pipelines.subscriptions, stage => stage.get_subscription(caller, name, id));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let subscription = self.find_subscription(caller, name, id, Failure::GetSubscription).await?;
        Ok(ShownSubscription { subscription, now: self.now() })
    }
}
