//! Changes a subscription.

use std::borrow::Cow;

use zaqar_model::{Caller, ConfirmationKind, DestinationName, Subscription};
use zaqar_storage::{StorageError, SubscriptionChange};

use super::{SubscriptionParams, absent, exists};
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::{Error, Failure, Result, Zaqar};

impl Zaqar {
    /// What the wish leaves out stays as it is, but any change lifts a suspension. A new time to live counts from now.
    /// Where subscribers must confirm, a new subscriber is asked before being notified.
    pub async fn update_subscription(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
        wish: &SubscriptionParams,
    ) -> Result<()> {
        self.permit(caller, Rule::SubscriptionUpdate)?;
        let mut wish = Cow::Borrowed(wish);
        let answer = pass!(self.pipelines.subscriptions, stage => stage.update_subscription(caller, name, id, wish.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let terms = wish.for_update(&self.limits, self.now())?;
        let mut change = SubscriptionChange {
            subscriber: terms.subscriber,
            ttl: terms.ttl,
            options: terms.options,
            ..SubscriptionChange::default()
        };
        if change == SubscriptionChange::default() {
            return Err(Error::NothingToUpdate { id: id.to_owned() });
        }
        let failure = Failure::UpdateSubscription;
        let there = self.find_subscription(caller, name, id, self.now(), failure).await?;
        if self.live.get(&there.source, there.id, self.now()).is_none() {
            change.options =
                self.checked_options(&there, change.subscriber.as_ref(), change.options.take())?;
        }
        let is_new = |subscriber: &String| *subscriber != there.subscriber;
        let newcomer = change.subscriber.clone().filter(is_new);
        let newcomer = newcomer.filter(|_| self.limits.require_confirmation);
        if let Some(subscriber) = &newcomer {
            self.may_ask(&caller.project, subscriber)?;
            (change.confirmed, change.notified) = (Some(false), Some(false));
            change.declined = Some(false);
        }
        // Whoever changes it has seen to what was wrong.
        change.suspended = Some(None);
        let ttl = change.ttl.unwrap_or(there.ttl);
        self.change_subscription(&there, change, failure).await?;
        if let Some(subscriber) = newcomer {
            let changed = Subscription { subscriber, ..there };
            let expires = ttl.after(self.now());
            let asking = self.ask(ConfirmationKind::Subscription, &changed, expires);
            asking.await.or_unavailable(failure)?;
        }
        Ok(())
    }

    pub(super) async fn change_subscription(
        &self,
        there: &Subscription,
        change: SubscriptionChange,
        failure: Failure,
    ) -> Result<()> {
        let now = self.now();
        if self.live.get(&there.source, there.id, now).is_some() {
            if change.subscriber.is_some() {
                return Err(Error::invalid(
                    "The subscriber of this subscription is a WebSocket connection; that cannot be changed.",
                ));
            }
            let changed = self.live.update(&there.source, there.id, &change, now);
            return if changed { Ok(()) } else { Err(absent(&there.id.to_string())) };
        }
        let store = self.stores.messages.subscriptions_or_unsupported().or_unavailable(failure)?;
        let update = |_| store.update_subscription(&there.source, there.id, change.clone(), now);
        let changed = match repeat(update).await {
            Err(StorageError::Conflict(_)) => return Err(exists()),
            outcome => outcome.or_unavailable(failure)?,
        };
        if changed { Ok(()) } else { Err(absent(&there.id.to_string())) }
    }
}
