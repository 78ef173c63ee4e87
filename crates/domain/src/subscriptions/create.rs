//! Makes a subscription.

use std::borrow::Cow;

use zaqar_model::{
    Caller, ConfirmationKind, DestinationName, Subscription, SubscriptionId, SubscriptionTtl, Timestamp,
};
use zaqar_storage::{StorageError, SubscriptionChange};

use super::SubscriptionParams;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::{Error, Failure, Result, Zaqar};

/// A try fails only if a queue or a subscription is deleted between two steps.
const TRIES: usize = 10;

impl Zaqar {
    /// Subscribes to a queue or topic, which is made if there is none. Answers the new subscription's id, or that of one
    /// with the same subscriber, if it waits to be confirmed; that one keeps its terms, and stays suspended if it is. Where
    /// subscribers must confirm, they are asked, again if need be: the request is kept before the answer.
    pub async fn create_subscription(
        &self,
        caller: &Caller,
        name: &DestinationName,
        wish: &SubscriptionParams,
    ) -> Result<SubscriptionId> {
        self.permit(caller, Rule::SubscriptionCreate)?;
        let mut wish = Cow::Borrowed(wish);
        let answer = pass!(self.pipelines.subscriptions, stage => stage.create_subscription(caller, name, wish.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::CreateSubscription;
        let (subscriber, terms) = wish.for_creation(&self.limits, self.now())?;
        // Before a queue is made for it.
        let store = self.stores.messages.subscriptions_or_unsupported().or_unavailable(failure)?;
        let ttl = terms.ttl.unwrap_or(SubscriptionTtl::new(self.limits.default_subscription_ttl.into()));
        let options = terms.options.unwrap_or_default();
        self.check_subscriber(&subscriber, &options)?;
        let must_confirm = self.limits.require_confirmation;
        if must_confirm {
            self.may_ask(&caller.project, &subscriber)?;
        }
        let options = self.lend_rights(caller, name, &subscriber, ttl, options).await?;
        let id = self.next_subscription_id();
        let mut outcome = Err(StorageError::Conflict("what is subscribed to comes and goes"));
        for _ in 0..TRIES {
            let found = self.find_or_make(caller, name, failure).await?;
            let source = &found.destination;
            let now = self.now();
            let subscription = Subscription {
                id,
                source: source.clone(),
                subscriber: subscriber.clone(),
                ttl,
                renewed: now,
                options: options.clone(),
                confirmed: false,
                declined: false,
                notified: !must_confirm,
                suspended: None,
            };
            outcome = repeat(|_| store.subscribe(subscription.clone(), now)).await;
            match outcome {
                Ok(()) if must_confirm => {
                    let asking = self.ask(ConfirmationKind::Subscription, &subscription, ttl.after(now));
                    asking.await.or_unavailable(failure)?;
                    break;
                }
                Err(StorageError::NotFound(_)) => {}
                Err(StorageError::Conflict(_)) => {
                    let other =
                        store.find_subscriber(source, &subscriber, now).await.or_unavailable(failure)?;
                    if let Some(other) = other {
                        return self.create_again(other, ttl.after(now)).await;
                    }
                }
                _ => break,
            }
        }
        outcome.map(|()| id).or_unavailable(failure)
    }

    /// What becomes of a wish for a subscription that there is already.
    async fn create_again(&self, there: Subscription, expires: Timestamp) -> Result<SubscriptionId> {
        let failure = Failure::CreateSubscription;
        if there.confirmed {
            return Err(exists());
        }
        let must_confirm = self.limits.require_confirmation;
        let change = SubscriptionChange {
            // They may think again.
            declined: there.declined.then_some(false),
            // It was made while subscribers had to confirm.
            notified: (!must_confirm && !there.notified).then_some(true),
            ..SubscriptionChange::default()
        };
        if change != SubscriptionChange::default() {
            let store = self.stores.messages.subscriptions_or_unsupported().or_unavailable(failure)?;
            let now = self.now();
            let changing =
                repeat(|_| store.update_subscription(&there.source, there.id, change.clone(), now)).await;
            changing.or_unavailable(failure)?;
        }
        if must_confirm {
            let asking = self.ask(ConfirmationKind::Subscription, &there, expires);
            asking.await.or_unavailable(failure)?;
        }
        Ok(there.id)
    }
}

fn exists() -> Error {
    // Without a space between the sentences, as upstream has it.
    Error::Conflict(
        "Such subscription already exists.Subscriptions are unique by project + queue + subscriber URI."
            .into(),
    )
}
