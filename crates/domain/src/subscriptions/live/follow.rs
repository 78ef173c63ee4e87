//! Makes a live subscription, and reads the messages for it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::field::display;
use zaqar_model::{
    Address, Caller, Destination, DestinationName, Marker, Message, MessageId, PageRequest, Subscription,
    SubscriptionId, SubscriptionTtl,
};
use zaqar_storage::{MessageQuery, StorageError, StorageResult, SubscriptionChange};

use super::delayed::Delayed;
use super::registry::{EndReason, Lifetime};
use crate::error::OrUnavailable;
use crate::messages::{is_marker, write_marker};
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::subscriptions::SubscriptionWish;
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
    lifetime: watch::Receiver<Lifetime>,
}

/// What becomes of a wish to follow.
#[derive(Debug)]
pub enum Following {
    New(Follower),
    /// The subscriber had this one already. It goes on where it is.
    Renewed(SubscriptionId),
}

/// What a follower tells its connection.
#[derive(Clone, Debug, PartialEq)]
pub enum LiveEvent {
    Notification(Notification),
    /// The last one. A new subscription behind the marker misses nothing.
    Ended {
        reason: EndReason,
        marker: String,
    },
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
    /// behind it, everything that comes to the queue comes to the follower. A subscriber that follows it already goes on
    /// where it is: its time begins again, and what the wish leaves out stays as it is.
    pub async fn follow(
        self: &Arc<Self>,
        caller: &Caller,
        name: &DestinationName,
        wish: &SubscriptionWish,
        subscriber: String,
        marker: Option<&str>,
    ) -> Result<Following> {
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
        let (source, now) = (&found.destination, self.now());
        let change = SubscriptionChange {
            ttl: terms.ttl,
            options: terms.options.clone(),
            ..SubscriptionChange::default()
        };
        if let Some(id) = self.live.renew(source, &subscriber, &change, now) {
            return Ok(Following::Renewed(id));
        }
        let behind = match marker {
            None => self.stores.messages.last_position(source).await.or_unavailable(failure)?,
            Some(marker) => {
                let place = self.place_of(source, marker).await.or_unavailable(failure)?.unwrap_or_default();
                let last = self.stores.messages.last_position(source).await.or_unavailable(failure)?;
                // One of the first release, from an earlier queue of this name: all of this one is behind it.
                if place > last { Marker::default() } else { place }
            }
        };
        let id = self.next_subscription_id();
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
            suspended: None,
        };
        let lifetime = self.live.add(subscription);
        let (zaqar, source, delayed) = (Arc::clone(self), source.clone(), Delayed::default());
        Ok(Following::New(Follower { zaqar, source, id, behind, delayed, lifetime }))
    }
}

impl Follower {
    pub const fn id(&self) -> SubscriptionId {
        self.id
    }

    pub const fn source(&self) -> &Destination {
        &self.source
    }

    /// Waits for the next message, or the end. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Result<LiveEvent> {
        loop {
            let lifetime = *self.lifetime.borrow_and_update();
            let until = match lifetime {
                Lifetime::Until(end) => end,
                Lifetime::Ended(reason) => return Ok(LiveEvent::Ended { reason, marker: self.marker() }),
            };
            let time_left = until.as_millis().saturating_sub(self.zaqar.now().as_millis());
            if time_left == 0 {
                self.zaqar.live.expire(&self.source, self.id, self.zaqar.now());
                continue;
            }
            let time_left = Duration::from_millis(time_left).min(self.time_to_delayed());
            let waited = tokio::select! {
                biased;
                _ = self.lifetime.changed() => continue,
                waited = self.zaqar.stores.messages.wait_for_arrival(&self.source, self.behind),
                    if !self.delayed.is_full() => waited,
                // Its time is over, or the time of a delayed message has come.
                () = tokio::time::sleep(time_left) => Ok(()),
            };
            let read = match waited {
                // What comes behind the end of its time is not for it.
                Ok(()) if until <= self.zaqar.now() => continue,
                Ok(()) => self.read().await,
                Err(error) => Err(error),
            };
            match read {
                Ok(Some(notification)) => return Ok(LiveEvent::Notification(notification)),
                Ok(None) => {}
                Err(StorageError::NotFound(_)) => {
                    self.zaqar.live.end(&self.source, self.id, EndReason::SourceDeleted);
                }
                Err(error) => return Err(error).or_unavailable(Failure::ListMessages),
            }
        }
    }

    /// The next message, if it is still there.
    async fn read(&mut self) -> StorageResult<Option<Notification>> {
        if let Some(id) = self.delayed.due(self.zaqar.now()) {
            return self.read_delayed(id).await;
        }
        if self.delayed.is_full() {
            return Ok(None);
        }
        let store = &self.zaqar.stores.messages;
        // Asked before it is looked: what comes in between is not passed over.
        let last = store.last_position(&self.source).await?;
        let query = MessageQuery {
            page: PageRequest { marker: Some(self.behind), limit: AT_ONCE },
            without_client: None,
            include_claimed: true,
            include_delayed: true,
        };
        let mut page = store.list(&self.source, &query, self.zaqar.now()).await?;
        let Some(next) = page.next else {
            self.behind = self.behind.max(last);
            return Ok(None);
        };
        if self.zaqar.live.respects_delay(&self.source, self.id)
            && let Some(id) = page.items.first().map(|message| message.id)
        {
            let now = self.zaqar.now();
            let until = store.within_reach_at(&self.source, id, now).await?;
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
    async fn read_delayed(&mut self, id: MessageId) -> StorageResult<Option<Notification>> {
        let found = self.zaqar.stores.messages.get(&self.source, &[id], self.zaqar.now()).await?;
        self.delayed.remove_first();
        Ok(self.notification(found))
    }

    /// Tells of the one message that was read.
    fn notification(&self, mut read: Vec<Message>) -> Option<Notification> {
        if let Err(error) = self.zaqar.open(&self.source, &mut read, Failure::ListMessages) {
            // It would be the first again after each reconnect, and nothing behind it would ever come.
            let Destination { project, name: queue, .. } = &self.source;
            let subscription = self.zaqar.live.get(&self.source, self.id, self.zaqar.now());
            let address = subscription.map(|there| display(Address::of(&there.subscriber)));
            let reason = std::error::Error::source(&error).map(display);
            tracing::error!(
                %project, %queue, subscription = %self.id, address, reason,
                "a message cannot be decrypted, and is passed over"
            );
            return None;
        }
        let (source, marker) = (self.source.clone(), self.marker());
        read.pop().map(|message| Notification { source, message, marker })
    }

    /// Whoever goes on behind it misses nothing.
    fn marker(&self) -> String {
        write_marker(self.delayed.safe_marker(self.behind), self.source.number, false)
    }

    fn time_to_delayed(&self) -> Duration {
        let now = self.zaqar.now().as_millis();
        let next = self.delayed.next().map(|next| next.as_millis().saturating_sub(now));
        next.map_or(Duration::MAX, Duration::from_millis)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Nobody is left to hear of it.
        self.zaqar.live.end(&self.source, self.id, EndReason::Deleted);
    }
}
