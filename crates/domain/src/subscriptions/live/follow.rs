//! Makes a live subscription, and reads the messages for it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::field::display;
use zaqar_model::{
    Address, Caller, Destination, DestinationName, Marker, Message, MessageId, Subscription, SubscriptionId,
    SubscriptionTtl, Timestamp,
};
use zaqar_storage::{
    ListStart, ListedMessage, MessageQuery, StorageError, StorageResult, SubscriptionChange,
};

use super::delayed::Delayed;
use super::registry::{EndReason, Lifetime};
use crate::error::OrUnavailable;
use crate::messages::{is_marker, start_of, write_marker};
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::subscriptions::SubscriptionParams;
use crate::{Error, Failure, Result, Zaqar};

/// How many messages are read at a time.
const AT_ONCE: usize = 32;
/// And how many bytes of them, beyond the last one: that is all the memory that a slow connection costs.
const BYTES_AT_ONCE: usize = 64 << 10;
/// Messages that were read longer ago, in milliseconds, are read again: some may be gone.
const FRESH_FOR: u64 = 1000;

/// Reads what comes to a queue for one subscription, which ends when this is dropped.
#[derive(Debug)]
pub struct Follower {
    zaqar: Arc<Zaqar>,
    source: Destination,
    id: SubscriptionId,
    /// Up to here everything was taken up, but for what is delayed.
    behind: Marker,
    /// Messages behind that, which were read at this time.
    read: VecDeque<ListedMessage>,
    read_at: Timestamp,
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
        wish: &SubscriptionParams,
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
        let start = marker.map_or(ListStart::End, |marker| start_of(source, marker).unwrap_or_default());
        let behind = self.first_behind(source, start).await.or_unavailable(failure)?;
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
        Ok(Following::New(Follower {
            zaqar: Arc::clone(self),
            source: source.clone(),
            id,
            behind,
            read: VecDeque::new(),
            read_at: now,
            delayed: Delayed::default(),
            lifetime,
        }))
    }

    /// Where a follower starts.
    async fn first_behind(&self, source: &Destination, start: ListStart) -> StorageResult<Marker> {
        let (store, now) = (&self.stores.messages, self.now());
        if let ListStart::Behind(marker) = start {
            // One of the first release, from an earlier queue of this name: all of this one is behind it.
            let is_of_another = marker > store.place_of(source, ListStart::End, now).await?;
            return if is_of_another {
                store.place_of(source, ListStart::Start, now).await
            } else {
                Ok(marker)
            };
        }
        store.place_of(source, start, now).await
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
                () = std::future::ready(()), if !self.read.is_empty() && !self.delayed.is_full() => Ok(()),
                waited = self.zaqar.stores.messages.wait_for_messages(&self.source, self.behind),
                    if !self.delayed.is_full() => waited,
                // Its time is over, or the time of a delayed message has come.
                () = tokio::time::sleep(time_left) => Ok(()),
            };
            let read = match waited {
                // What comes behind the end of its time is not for it.
                Ok(()) if until <= self.zaqar.now() => continue,
                Ok(()) => self.take_next().await,
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
    async fn take_next(&mut self) -> StorageResult<Option<Notification>> {
        let now = self.zaqar.now();
        if let Some(id) = self.delayed.due(now) {
            return self.read_delayed(id).await;
        }
        if self.delayed.is_full() {
            return Ok(None);
        }
        if now >= self.read_at.plus_millis(FRESH_FOR) {
            self.read.clear();
        }
        if self.read.is_empty() {
            self.read_more(now).await?;
        }
        let Some(ListedMessage { position, delayed_until, message }) = self.read.pop_front() else {
            return Ok(None);
        };
        self.behind = position;
        if delayed_until > now && self.zaqar.live.respects_delay(&self.source, self.id) {
            self.delayed.put(delayed_until, position, message.id);
            return Ok(None);
        }
        Ok(self.notification(vec![message]))
    }

    async fn read_more(&mut self, now: Timestamp) -> StorageResult<()> {
        let query = MessageQuery {
            start: ListStart::Behind(self.behind),
            limit: AT_ONCE,
            max_bytes: BYTES_AT_ONCE,
            without_client: None,
            include_claimed: true,
            include_delayed: true,
        };
        let page = self.zaqar.stores.messages.list(&self.source, &query, now).await?;
        if page.items.is_empty() {
            // Also behind one that the store could not read and has left out: those behind it still come.
            self.behind = self.behind.max(page.reached);
        }
        self.read = page.items.into();
        self.read_at = now;
        Ok(())
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
