//! Shows a subscription.

use zaqar_model::{Caller, DestinationName, Subscription, Timestamp};

use super::absent;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{EndpointState, Failure, Result, Zaqar};

/// A subscription, and the moment at which its age is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownSubscription {
    pub subscription: Subscription,
    /// `None` where it is not known, or nothing is sent to it.
    pub endpoint: Option<EndpointState>,
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
        let now = self.now();
        let subscription = self.find_subscription(caller, name, id, now, Failure::GetSubscription).await?;
        let endpoint = self.endpoint_of(&subscription, now);
        Ok(ShownSubscription { subscription, endpoint, now })
    }

    /// A text that is no id names no subscription.
    pub(crate) async fn find_subscription(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
        now: Timestamp,
        failure: Failure,
    ) -> Result<Subscription> {
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let subscription = match (found, id.parse()) {
            (Some(source), Ok(id)) => match self.live.get(&source.destination, id, now) {
                Some(live) => Some(live),
                None => {
                    let store =
                        self.stores.messages.subscriptions_or_unsupported().or_unavailable(failure)?;
                    store.get_subscription(&source.destination, id, now).await.or_unavailable(failure)?
                }
            },
            _ => None,
        };
        subscription.ok_or_else(|| absent(id))
    }
}
