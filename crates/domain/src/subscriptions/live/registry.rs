//! Which live subscriptions there are, so that they are listed, shown, changed and ended like stored ones.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;
use tokio::sync::watch;
use zaqar_model::{Destination, PageRequest, Subscription, SubscriptionId, Timestamp};
use zaqar_storage::SubscriptionChange;

/// The live subscriptions of this process, by what they are to.
#[derive(Debug, Default)]
pub(crate) struct LiveSubscriptions(Mutex<HashMap<Destination, BTreeMap<SubscriptionId, Live>>>);

#[derive(Debug)]
struct Live {
    subscription: Subscription,
    /// Tells the follower. It hears of the end before the sender is gone.
    lifetime: watch::Sender<Lifetime>,
}

/// How long a live subscription lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Until(Timestamp),
    Ended(EndReason),
}

/// Why a live subscription has ended while its connection stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its time to live is over.
    Expired,
    /// Somebody has deleted it.
    Deleted,
    /// Somebody has purged the subscriptions of its queue or topic.
    Purged,
    /// Its queue or topic was deleted.
    SourceDeleted,
}

impl LiveSubscriptions {
    pub(crate) fn add(&self, subscription: Subscription) -> watch::Receiver<Lifetime> {
        let (lifetime, followed) = watch::channel(Lifetime::Until(ends(&subscription)));
        let (source, id) = (subscription.source.clone(), subscription.id);
        self.0.lock().entry(source).or_default().insert(id, Live { subscription, lifetime });
        followed
    }

    /// Changes the subscription of a subscriber, and has its time to live count from now. Answers its id, if there is one.
    pub(crate) fn renew(
        &self,
        source: &Destination,
        subscriber: &str,
        change: &SubscriptionChange,
        now: Timestamp,
    ) -> Option<SubscriptionId> {
        let mut all = self.0.lock();
        let mut here = all.get_mut(source)?.values_mut();
        let live = here.find(|live| live.lasts(now) && live.subscription.subscriber == subscriber)?;
        let ttl = change.ttl.or(Some(live.subscription.ttl));
        live.change(&SubscriptionChange { ttl, ..change.clone() }, now);
        Some(live.subscription.id)
    }

    /// Ends a subscription if its time is over. It may have been renewed a moment ago.
    pub(crate) fn expire(&self, source: &Destination, id: SubscriptionId, now: Timestamp) {
        self.end_where(source, EndReason::Expired, |live| live.subscription.id == id && !live.lasts(now));
    }

    /// Ends a subscription, and tells its follower why.
    pub(crate) fn end(&self, source: &Destination, id: SubscriptionId, reason: EndReason) {
        self.end_where(source, reason, |live| live.subscription.id == id);
    }

    pub(crate) fn end_all(&self, source: &Destination, reason: EndReason) {
        self.end_where(source, reason, |_| true);
    }

    fn end_where(&self, source: &Destination, reason: EndReason, ends: impl Fn(&Live) -> bool) {
        let mut all = self.0.lock();
        let Some(here) = all.get_mut(source) else { return };
        here.retain(|_, live| {
            let lasts = !ends(live);
            if !lasts {
                live.lifetime.send_replace(Lifetime::Ended(reason));
            }
            lasts
        });
        if here.is_empty() {
            all.remove(source);
        }
    }

    /// Whether a subscription waits for the delays of messages.
    pub(crate) fn respects_delay(&self, source: &Destination, id: SubscriptionId) -> bool {
        let all = self.0.lock();
        let live = all.get(source).and_then(|here| here.get(&id));
        live.is_some_and(|live| live.subscription.respects_delay())
    }

    pub(crate) fn get(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> Option<Subscription> {
        let all = self.0.lock();
        let live = all.get(source)?.get(&id).filter(|live| live.lasts(now))?;
        Some(live.subscription.clone())
    }

    /// In the order of their ids.
    pub(crate) fn list(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> Vec<Subscription> {
        let all = self.0.lock();
        let here = all.get(source).into_iter().flat_map(BTreeMap::values);
        here.filter(|live| live.lasts(now))
            .map(|live| &live.subscription)
            .filter(|subscription| page.marker.is_none_or(|marker| subscription.id > marker))
            .take(page.limit)
            .cloned()
            .collect()
    }

    /// Changes what is given, but not the subscriber: that is the connection. Answers whether there was one.
    pub(crate) fn update(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: &SubscriptionChange,
        now: Timestamp,
    ) -> bool {
        let mut all = self.0.lock();
        let found = all.get_mut(source).and_then(|here| here.get_mut(&id));
        let Some(live) = found.filter(|live| live.lasts(now)) else { return false };
        live.change(change, now);
        true
    }
}

impl Live {
    fn lasts(&self, now: Timestamp) -> bool {
        ends(&self.subscription) > now
    }

    fn change(&mut self, change: &SubscriptionChange, now: Timestamp) {
        let subscription = &mut self.subscription;
        if let Some(ttl) = change.ttl {
            (subscription.ttl, subscription.renewed) = (ttl, now);
        }
        if let Some(options) = &change.options {
            subscription.options = options.clone();
        }
        if let Some(confirmed) = change.confirmed {
            subscription.confirmed = confirmed;
        }
        self.lifetime.send_replace(Lifetime::Until(ends(subscription)));
    }
}

fn ends(subscription: &Subscription) -> Timestamp {
    subscription.ttl.after(subscription.renewed)
}
