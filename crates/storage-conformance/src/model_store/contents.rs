//! What is in one queue or topic.

use std::collections::BTreeMap;

use zaqar_model::{
    ClaimId, LeaseId, Marker, Message, MessageId, QueueStats, StoredMessage, Subscription, SubscriptionId,
    Timestamp, TtlSeconds,
};

#[derive(Debug, Default, PartialEq)]
pub(super) struct Contents {
    pub(super) last_sequence: u64,
    /// In the order of posting.
    pub(super) entries: Vec<Entry>,
    pub(super) claims: BTreeMap<ClaimId, ClaimRecord>,
    /// In the order in which they were set aside.
    pub(super) exhausted: Vec<Entry>,
    pub(super) subscriptions: BTreeMap<SubscriptionId, Subscription>,
    /// In the order of posting.
    pub(super) owed: Vec<Owed>,
}

/// A message in its place. `stored.message.claim` names the last claim that took it, live or not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    pub(super) stored: StoredMessage,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ClaimRecord {
    pub(super) ttl: TtlSeconds,
    pub(super) renewed: Timestamp,
}

/// A message that a subscription has not got yet: a copy, so that it stays when the message is deleted.
#[derive(Debug, PartialEq)]
pub(super) struct Owed {
    pub(super) subscription: SubscriptionId,
    pub(super) position: Marker,
    pub(super) stored: StoredMessage,
    pub(super) attempts: u32,
    pub(super) due: Timestamp,
    pub(super) lease: Option<LeaseId>,
}

impl Contents {
    pub(super) fn append(&mut self, stored: StoredMessage) -> u64 {
        self.last_sequence += 1;
        self.entries.push(Entry { sequence: self.last_sequence, stored });
        self.last_sequence
    }

    /// A claim lives until its time is up or it has no message left.
    pub(super) fn claim_is_live(&self, id: ClaimId, now: Timestamp) -> bool {
        self.visible(now).any(|entry| self.holder(entry, now) == Some(id))
    }

    /// The live claim that holds a message.
    pub(super) fn holder(&self, entry: &Entry, now: Timestamp) -> Option<ClaimId> {
        let id = entry.stored.message.claim?;
        let claim = self.claims.get(&id)?;
        (now < claim.ttl.after(claim.renewed)).then_some(id)
    }

    /// What can be seen, in the order of posting.
    pub(super) fn visible(&self, now: Timestamp) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| now < entry.stored.expires)
    }

    pub(super) fn find(&self, id: MessageId, now: Timestamp) -> Option<&Entry> {
        self.visible(now).find(|entry| entry.stored.message.id == id)
    }

    /// Not claimed, not delayed, not expired.
    pub(super) fn is_free(&self, entry: &Entry, now: Timestamp) -> bool {
        now < entry.stored.expires && now >= entry.stored.delayed_until && self.holder(entry, now).is_none()
    }

    /// A message as a client sees it now.
    pub(super) fn show(&self, entry: &Entry, now: Timestamp) -> Message {
        Message { claim: self.holder(entry, now), ..entry.stored.message.clone() }
    }

    pub(super) fn remove(&mut self, id: MessageId) {
        self.entries.retain(|entry| entry.stored.message.id != id);
    }

    pub(super) fn stats(&self, now: Timestamp) -> QueueStats {
        let mut stats = QueueStats::default();
        for entry in self.visible(now) {
            if self.holder(entry, now).is_some() {
                stats.claimed += 1;
            } else {
                stats.free += 1;
            }
            let this = (entry.stored.message.id, entry.stored.message.created);
            stats.oldest.get_or_insert(this);
            stats.newest = Some(this);
        }
        stats
    }

    /// The subscription, if it has not expired.
    pub(super) fn subscription(&self, id: SubscriptionId, now: Timestamp) -> Option<&Subscription> {
        self.subscriptions.get(&id).filter(|subscription| is_live(subscription, now))
    }

    pub(super) fn subscriber(&self, subscriber: &str, now: Timestamp) -> Option<&Subscription> {
        self.subscriptions.values().find(|own| own.subscriber == subscriber && is_live(own, now))
    }

    /// Whether a delivery can still be made at this time.
    pub(super) fn is_owed(&self, owed: &Owed, now: Timestamp) -> bool {
        now < owed.stored.expires && self.subscription(owed.subscription, now).is_some()
    }

    pub(super) fn expire(&mut self, now: Timestamp) {
        self.entries.retain(|entry| now < entry.stored.expires);
        self.exhausted.retain(|entry| now < entry.stored.expires);
        self.claims.retain(|_, claim| now < claim.ttl.after(claim.renewed));
        self.subscriptions.retain(|_, subscription| is_live(subscription, now));
        let subscriptions = &self.subscriptions;
        self.owed.retain(|owed| now < owed.stored.expires && subscriptions.contains_key(&owed.subscription));
    }
}

fn is_live(subscription: &Subscription, now: Timestamp) -> bool {
    now < subscription.ttl.after(subscription.renewed)
}
