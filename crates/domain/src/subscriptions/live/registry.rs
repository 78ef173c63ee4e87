//! Which live subscriptions there are, so that they are listed, shown, changed and ended like stored ones.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use zaqar_model::{Destination, PageRequest, Subscription, SubscriptionId, Timestamp};
use zaqar_storage::SubscriptionChange;

/// The live subscriptions of this process, by what they are to.
#[derive(Debug, Default)]
pub(crate) struct LiveSubscriptions(Mutex<HashMap<Destination, BTreeMap<SubscriptionId, Live>>>);

#[derive(Debug)]
struct Live {
    subscription: Subscription,
    /// When it is gone, so is the subscription.
    _lasting: oneshot::Sender<()>,
}

/// Completes when a subscription ends because somebody has ended it.
pub(crate) type Ended = oneshot::Receiver<()>;

impl LiveSubscriptions {
    /// `None`: its subscriber has one to the same source already.
    pub(crate) fn add(&self, subscription: Subscription, now: Timestamp) -> Option<Ended> {
        let mut all = self.0.lock();
        let here = all.entry(subscription.source.clone()).or_default();
        here.retain(|_, live| live.lasts(now));
        if here.values().any(|live| live.subscription.subscriber == subscription.subscriber) {
            return None;
        }
        let (lasting, ended) = oneshot::channel();
        here.insert(subscription.id, Live { subscription, _lasting: lasting });
        Some(ended)
    }

    /// For how long a subscription still lasts.
    pub(crate) fn time_left(&self, source: &Destination, id: SubscriptionId, now: Timestamp) -> Duration {
        let all = self.0.lock();
        let live = all.get(source).and_then(|here| here.get(&id));
        let ends =
            live.map(|live| live.subscription.ttl.after(live.subscription.renewed)).unwrap_or_default();
        Duration::from_millis(ends.as_millis().saturating_sub(now.as_millis()))
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
        let Some(Live { subscription, .. }) = found.filter(|live| live.lasts(now)) else { return false };
        if let Some(ttl) = change.ttl {
            (subscription.ttl, subscription.renewed) = (ttl, now);
        }
        if let Some(options) = &change.options {
            subscription.options = options.clone();
        }
        if let Some(confirmed) = change.confirmed {
            subscription.confirmed = confirmed;
        }
        true
    }

    pub(crate) fn remove(&self, source: &Destination, id: SubscriptionId) {
        let mut all = self.0.lock();
        if let Some(here) = all.get_mut(source) {
            here.remove(&id);
            if here.is_empty() {
                all.remove(source);
            }
        }
    }

    pub(crate) fn remove_all(&self, source: &Destination) {
        self.0.lock().remove(source);
    }
}

impl Live {
    fn lasts(&self, now: Timestamp) -> bool {
        self.subscription.ttl.after(self.subscription.renewed) > now
    }
}
