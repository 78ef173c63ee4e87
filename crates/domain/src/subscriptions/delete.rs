//! Ends a subscription.

use zaqar_model::{Caller, DestinationName};

use super::EndReason;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// No such subscription: nothing to do.
    pub async fn delete_subscription(&self, caller: &Caller, name: &DestinationName, id: &str) -> Result<()> {
        self.permit(caller, Rule::SubscriptionDelete)?;
        let answer =
            pass!(self.pipelines.subscriptions, stage => stage.delete_subscription(caller, name, id));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::DeleteSubscription;
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let (Some(source), Ok(id)) = (found, id.parse()) else { return Ok(()) };
        self.live.end(&source.destination, id, EndReason::Deleted);
        let store = self.stores.messages.subscriptions_or_unsupported().or_unavailable(failure)?;
        repeat(|_| store.unsubscribe(&source.destination, id)).await.or_unavailable(failure)
    }
}
