//! Makes a live subscription, and reads the messages for it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use zaqar_model::{
    Caller, Destination, DestinationName, Marker, Message, MessageId, PageRequest, Subscription,
    SubscriptionId, SubscriptionTtl,
};
use zaqar_storage::{MessageQuery, StorageError};

use super::delayed::Delayed;
use super::registry::Ended;
use crate::error::OrUnavailable;
use crate::messages::{is_marker, write_marker};
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::subscriptions::{SubscriptionWish, exists};
use crate::{Error, Failure, Result, Zaqar};

/// One message at a time: that is all the memory that a slow connection costs.
const AT_ONCE: usize = 1;

/// Reads what comes to a queue for one subscription, which ends when this is dropped.
#[derive(Debug)]
pub struct Follower {
    zaqar: Arc<Zaqar>,
    source: Destination,
    id: SubscriptionId,
    /// Up to here everything was read, but for what is delayed.
    behind: Marker,
    delayed: Delayed,
    /// Completes when somebody ends the subscription.
    ended: Ended,
}

/// A message for a subscriber.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    pub source: Destination,
    pub message: Message,
    /// Whoever goes on behind it misses nothing. They see nothing twice, unless the subscription respects delays: then the
    /// marker stays before the first message that waits for its time.
    pub marker: String,
}

impl Zaqar {
    /// Subscribes a connection to a queue or topic, which is made if there is none. From now on, or with a marker from
    /// behind it, everything that comes to the queue comes to the follower.
    pub async fn follow(
        self: &Arc<Self>,
        caller: &Caller,
        name: &DestinationName,
        wish: &SubscriptionWish,
        subscriber: String,
        marker: Option<&str>,
    ) -> Result<Follower> {
        self.permit(caller, Rule::SubscriptionCreate)?;
        let mut wish = Cow::Borrowed(wish);
        let answer = pass!(self.pipelines.subscriptions, stage => stage.create_subscription(caller, name, wish.to_mut()));
        if answer?.is_some() {
            // It has an id for a subscription that it keeps itself; there is nothing to read for the connection.
            return Err(Error::Conflict("A stage of the pipeline has answered instead.".into()));
        }
        let terms = wish.for_following(&self.limits, self.now())?;
        // Before a queue is made for it.
        if marker.is_some_and(|marker| !is_marker(marker)) {
            return Err(Error::invalid("The marker is neither the id of a message nor one of a listing."));
        }
        let failure = Failure::CreateSubscription;
        let found = self.find_or_make(caller, name, failure).await?;
        let source = &found.destination;
        let behind = match marker {
            None => self.stores.messages.last_position(source).await.or_unavailable(failure)?,
            Some(marker) => {
                let place = self.place_of(source, marker).await.or_unavailable(failure)?.unwrap_or_default();
                let last = self.stores.messages.last_position(source).await.or_unavailable(failure)?;
                // One of the first release, from an earlier queue of this name: all of this one is behind it.
                if place > last { Marker::default() } else { place }
            }
        };
        let (id, now) = (self.next_subscription_id(), self.now());
        let default_ttl = SubscriptionTtl::new(self.limits.default_subscription_ttl.into());
        let subscription = Subscription {
            id,
            source: source.clone(),
            subscriber,
            ttl: terms.ttl.unwrap_or(default_ttl),
            renewed: now,
            options: terms.options.unwrap_or_default(),
            confirmed: false,
            declined: false,
            // Not by the store: the connection reads for itself.
            notified: false,
        };
        let ended = self.live.add(subscription, now).ok_or_else(exists)?;
        let (zaqar, source, delayed) = (Arc::clone(self), source.clone(), Delayed::default());
        Ok(Follower { zaqar, source, id, behind, delayed, ended })
    }
}

impl Follower {
    pub const fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Whether its time is not over.
    fn lasts(&self) -> bool {
        !self.time_left().is_zero()
    }

    fn time_left(&self) -> Duration {
        self.zaqar.live.time_left(&self.source, self.id, self.zaqar.now())
    }

    /// Waits for the next message. `None`: the subscription has ended. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Option<Result<Notification>> {
        let failure = Failure::ListMessages;
        loop {
            let time_left = self.time_left().min(self.time_to_delayed());
            let waited = tokio::select! {
                biased;
                _ = &mut self.ended => return None,
                waited = self.zaqar.stores.messages.wait_for_arrival(&self.source, self.behind),
                    if !self.delayed.is_full() => waited,
                // Unless it was renewed meanwhile, its time is over; or the time of a delayed message has come.
                () = tokio::time::sleep(time_left) => Ok(()),
            };
            if !self.lasts() || matches!(waited, Err(StorageError::NotFound(_))) {
                self.zaqar.live.remove(&self.source, self.id);
                return None;
            }
            let read = match waited.or_unavailable(failure) {
                Ok(()) => self.read().await,
                Err(error) => Err(error),
            };
            if let Some(read) = read.transpose() {
                return Some(read);
            }
        }
    }

    /// The next message, if it is still there.
    async fn read(&mut self) -> Result<Option<Notification>> {
        if let Some(id) = self.delayed.due(self.zaqar.now()) {
            return self.read_delayed(id).await;
        }
        if self.delayed.is_full() {
            return Ok(None);
        }
        let (store, failure) = (&self.zaqar.stores.messages, Failure::ListMessages);
        // Asked before it is looked: what comes in between is not passed over.
        let last = store.last_position(&self.source).await.or_unavailable(failure)?;
        let query = MessageQuery {
            page: PageRequest { marker: Some(self.behind), limit: AT_ONCE },
            without_client: None,
            include_claimed: true,
            include_delayed: true,
        };
        let mut page = store.list(&self.source, &query, self.zaqar.now()).await.or_unavailable(failure)?;
        let Some(next) = page.next else {
            self.behind = self.behind.max(last);
            return Ok(None);
        };
        if self.zaqar.live.respects_delay(&self.source, self.id)
            && let Some(id) = page.items.first().map(|message| message.id)
        {
            let now = self.zaqar.now();
            let until = store.within_reach_at(&self.source, id, now).await.or_unavailable(failure)?;
            if let Some(until) = until.filter(|until| *until > now) {
                self.delayed.put(until, next, id);
                page.items.clear();
            }
        }
        // Also behind one that the store could not read and has left out: those behind it still come.
        self.behind = next;
        Ok(self.notification(page.items))
    }

    /// A delayed message whose time has come, if it is still there.
    async fn read_delayed(&mut self, id: MessageId) -> Result<Option<Notification>> {
        let store = &self.zaqar.stores.messages;
        let found = store.get(&self.source, &[id], self.zaqar.now()).await;
        let found = found.or_unavailable(Failure::ListMessages)?;
        self.delayed.remove_first();
        Ok(self.notification(found))
    }

    /// Tells of the one message that was read.
    fn notification(&self, mut read: Vec<Message>) -> Option<Notification> {
        if let Err(error) = self.zaqar.open(&self.source, &mut read, Failure::ListMessages) {
            // It would be the first again after each reconnect, and nothing behind it would ever come.
            let cause = std::error::Error::source(&error);
            tracing::error!(queue = %self.source.name, ?cause, "a message cannot be decrypted, and is passed over");
            return None;
        }
        let marker = write_marker(self.delayed.safe_marker(self.behind), self.source.number, false);
        read.pop().map(|message| Notification { source: self.source.clone(), message, marker })
    }

    fn time_to_delayed(&self) -> Duration {
        let now = self.zaqar.now().as_millis();
        let next = self.delayed.next().map(|next| next.as_millis().saturating_sub(now));
        next.map_or(Duration::MAX, Duration::from_millis)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.zaqar.live.remove(&self.source, self.id);
    }
}
