//! Makes a subscription.

use std::borrow::Cow;

use zaqar_model::{Caller, DestinationName, Subscription, SubscriptionId, SubscriptionTtl};
use zaqar_storage::StorageError;

use super::SubscriptionWish;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Error, Failure, Result, Zaqar};

/// A try fails only if a queue or a subscription is deleted between two steps.
const TRIES: usize = 10;

impl Zaqar {
    /// Subscribes to a queue or topic, which is made if there is none. Answers the new subscription's id, or that of one
    /// with the same subscriber, if it waits to be confirmed; that one is left as it was.
    pub async fn create_subscription(
        &self,
        caller: &Caller,
        name: &DestinationName,
        wish: &SubscriptionWish,
    ) -> Result<SubscriptionId> {
        self.permit(caller, Rule::SubscriptionCreate)?;
        let mut wish = Cow::Borrowed(wish);
        let answer = pass!(self.pipelines.subscriptions, stage => stage.create_subscription(caller, name, wish.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::CreateSubscription;
        let (subscriber, terms) = wish.for_creation(&self.limits, self.now())?;
        let store = &self.stores.messages;
        // Before a queue is made for it.
        if !store.capabilities().subscriptions {
            return Err(Error::Unavailable { failure, source: StorageError::Unsupported("subscriptions") });
        }
        let ttl = terms.ttl.unwrap_or(SubscriptionTtl::new(self.limits.default_subscription_ttl.into()));
        let id = SubscriptionId::from_u128(self.ids.next_u128());
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
                options: terms.options.clone().unwrap_or_default(),
                confirmed: false,
            };
            outcome = store.subscribe(subscription, now).await;
            match outcome {
                Err(StorageError::NotFound(_)) => {}
                Err(StorageError::Conflict(_)) => {
                    let other =
                        store.find_subscriber(source, &subscriber, now).await.or_unavailable(failure)?;
                    if let Some(other) = other {
                        return if other.confirmed { Err(exists()) } else { Ok(other.id) };
                    }
                }
                _ => break,
            }
        }
        outcome.map(|()| id).or_unavailable(failure)
    }
}

fn exists() -> Error {
    // Without a space between the sentences, as upstream has it.
    Error::Conflict(
        "Such subscription already exists.Subscriptions are unique by project + queue + subscriber URI."
            .into(),
    )
}
