//! Changes a subscription.

use std::borrow::Cow;

use zaqar_model::{Caller, DestinationName};
use zaqar_storage::{StorageError, SubscriptionChange};

use super::{SubscriptionWish, absent, exists};
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Error, Failure, Result, Zaqar};

impl Zaqar {
    /// What the wish leaves out stays as it is. A new time to live counts from now.
    pub async fn update_subscription(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
        wish: &SubscriptionWish,
    ) -> Result<()> {
        self.permit(caller, Rule::SubscriptionUpdate)?;
        let mut wish = Cow::Borrowed(wish);
        let answer = pass!(self.pipelines.subscriptions, stage => stage.update_subscription(caller, name, id, wish.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let terms = wish.for_update(&self.limits, self.now())?;
        let change = SubscriptionChange {
            subscriber: terms.subscriber,
            ttl: terms.ttl,
            options: terms.options,
            confirmed: None,
        };
        if change == SubscriptionChange::default() {
            return Err(Error::NothingToUpdate { id: id.to_owned() });
        }
        self.change_subscription(caller, name, id, change, Failure::UpdateSubscription).await
    }

    pub(super) async fn change_subscription(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
        change: SubscriptionChange,
        failure: Failure,
    ) -> Result<()> {
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let changed = match (found, id.parse()) {
            (Some(source), Ok(id)) if self.live.get(&source.destination, id, self.now()).is_some() => {
                if change.subscriber.is_some() {
                    return Err(Error::invalid(
                        "The subscriber of this subscription is a WebSocket connection; that cannot be changed.",
                    ));
                }
                self.live.update(&source.destination, id, &change, self.now())
            }
            (Some(source), Ok(id)) => {
                let store = &self.stores.messages;
                match store.update_subscription(&source.destination, id, change, self.now()).await {
                    Err(StorageError::Conflict(_)) => return Err(exists()),
                    outcome => outcome.or_unavailable(failure)?,
                }
            }
            _ => false,
        };
        if changed { Ok(()) } else { Err(absent(id)) }
    }
}
