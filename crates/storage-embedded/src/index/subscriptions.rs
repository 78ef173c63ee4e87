//! The subscriptions to one queue or topic.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use zaqar_model::{Excerpt, Metadata, RESPECT_DELAY, SubscriptionId, SubscriptionTtl, Suspension, Timestamp};

use crate::log::SubscriptionRecord;

/// A subscription without its source, which is this queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredSubscription {
    pub(crate) id: SubscriptionId,
    pub(crate) renewed: Timestamp,
    pub(crate) ttl: SubscriptionTtl,
    pub(crate) confirmed: bool,
    pub(crate) declined: bool,
    /// It is owed messages from this sequence number on. `None`: it is not notified.
    pub(crate) owed_from: Option<u64>,
    pub(crate) subscriber: Arc<str>,
    /// A JSON object.
    pub(crate) options: Arc<str>,
    pub(crate) suspended: Option<Suspension>,
    /// Whether the options ask to respect delays.
    pub(crate) respects_delay: bool,
}

impl StoredSubscription {
    pub(crate) const fn expires(&self) -> Timestamp {
        self.ttl.after(self.renewed)
    }

    pub(crate) fn record(&self) -> SubscriptionRecord<'_> {
        SubscriptionRecord {
            id: self.id,
            renewed: self.renewed,
            ttl: self.ttl,
            confirmed: self.confirmed,
            declined: self.declined,
            owed_from: self.owed_from,
            subscriber: &self.subscriber,
            options: &self.options,
            suspended: self.suspended.as_ref().map(|own| (own.since, own.reason.as_str())),
        }
    }
}

impl From<&SubscriptionRecord<'_>> for StoredSubscription {
    fn from(record: &SubscriptionRecord<'_>) -> Self {
        Self {
            id: record.id,
            renewed: record.renewed,
            ttl: record.ttl,
            confirmed: record.confirmed,
            declined: record.declined,
            owed_from: record.owed_from,
            subscriber: record.subscriber.into(),
            options: record.options.into(),
            suspended: record
                .suspended
                .map(|(since, reason)| Suspension { since, reason: Excerpt::new(reason) }),
            respects_delay: respects_delay(record.options),
        }
    }
}

/// Whether options ask to respect delays. Most do not name that, and need not be parsed.
pub(crate) fn respects_delay(options: &str) -> bool {
    options.contains(RESPECT_DELAY)
        && serde_json::from_str(options)
            .is_ok_and(|options| zaqar_model::respects_delay(&Metadata::new(options)))
}

/// Subscriptions by id, by subscriber, and by the time they expire.
#[derive(Debug, Default)]
pub(crate) struct SubscriptionTable {
    subscriptions: BTreeMap<SubscriptionId, StoredSubscription>,
    by_subscriber: HashMap<Arc<str>, SubscriptionId>,
    by_expiry: BTreeSet<(Timestamp, SubscriptionId)>,
}

impl SubscriptionTable {
    /// Inserts a subscription, and replaces the one with its id.
    pub(super) fn put(&mut self, subscription: StoredSubscription) {
        self.remove(subscription.id);
        self.by_subscriber.insert(Arc::clone(&subscription.subscriber), subscription.id);
        self.by_expiry.insert((subscription.expires(), subscription.id));
        self.subscriptions.insert(subscription.id, subscription);
    }

    pub(super) fn remove(&mut self, id: SubscriptionId) {
        let Some(removed) = self.subscriptions.remove(&id) else { return };
        self.by_expiry.remove(&(removed.expires(), id));
        if self.by_subscriber.get(&removed.subscriber) == Some(&id) {
            self.by_subscriber.remove(&removed.subscriber);
        }
    }

    pub(crate) fn get(&self, id: SubscriptionId) -> Option<&StoredSubscription> {
        self.subscriptions.get(&id)
    }

    pub(crate) fn find(&self, subscriber: &str) -> Option<&StoredSubscription> {
        self.subscriptions.get(self.by_subscriber.get(subscriber)?)
    }

    /// Iterates in the order of ids, from behind `after`.
    pub(crate) fn iter_behind(
        &self,
        after: Option<SubscriptionId>,
    ) -> impl Iterator<Item = &StoredSubscription> {
        self.subscriptions.range((after.map_or(Unbounded, Excluded), Unbounded)).map(|(_, kept)| kept)
    }

    /// Iterates in the order of ids, from this one on.
    pub(crate) fn iter_from(&self, from: SubscriptionId) -> impl Iterator<Item = &StoredSubscription> {
        self.subscriptions.range(from..).map(|(_, kept)| kept)
    }

    pub(crate) fn len(&self) -> usize {
        self.subscriptions.len()
    }

    pub(crate) fn next_expiry(&self) -> Timestamp {
        self.by_expiry.first().map_or(Timestamp::NEVER, |(at, _)| *at)
    }

    /// Removes the subscriptions that have expired by `now`. Returns their ids.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<SubscriptionId> {
        let mut expired = Vec::new();
        while let Some((_, id)) = self.by_expiry.first().copied().filter(|(at, _)| *at <= now) {
            self.remove(id);
            expired.push(id);
        }
        expired
    }
}
