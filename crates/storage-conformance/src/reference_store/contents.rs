//! What is in one queue or topic.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::{
    BatchId, ClaimId, Marker, Message, MessageId, QueueStats, StoredMessage, Subscription, SubscriptionId,
    Timestamp, TtlSeconds,
};
use zaqar_storage::Adoption;

use super::owed::Ledger;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Contents {
    pub(super) last_sequence: u64,
    /// What was posted, by batches, and when.
    pub(super) batches: BTreeMap<BatchId, (Timestamp, Vec<MessageId>)>,
    /// In the order of posting.
    pub(super) entries: Vec<Entry>,
    pub(super) claims: BTreeMap<ClaimId, ClaimRecord>,
    /// In the order in which they were set aside.
    pub(super) dead_letters: Vec<Entry>,
    /// Messages that claims had let go when somebody looked, with how often they had been claimed.
    pub(super) seen: BTreeSet<(MessageId, u32)>,
    pub(super) subscriptions: BTreeMap<SubscriptionId, Subscription>,
    pub(super) ledger: Ledger,
}

/// A message in its place. `stored.message.claim` names the last claim that took it, live or expired.
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

impl Contents {
    pub(super) fn append(&mut self, stored: StoredMessage) -> u64 {
        self.last_sequence += 1;
        self.entries.push(Entry { sequence: self.last_sequence, stored });
        self.last_sequence
    }

    /// Takes messages in behind the others, except those that are here.
    pub(super) fn adopt(
        &mut self,
        messages: impl Iterator<Item = StoredMessage>,
        adoption: Adoption,
        now: Timestamp,
    ) {
        for mut stored in messages {
            if self.entries.iter().any(|entry| entry.stored.message.id == stored.message.id) {
                continue;
            }
            stored.message.claim = None;
            let position = self.append(stored.clone());
            if adoption == Adoption::Arrival && now < stored.expires {
                self.owe(position, &stored, now);
            }
        }
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

    /// The claim that holds a message, or held it last and has expired, with its terms.
    pub(super) fn last_claim(&self, entry: &Entry) -> Option<(ClaimId, ClaimRecord)> {
        let id = entry.stored.message.claim?;
        Some((id, *self.claims.get(&id)?))
    }

    /// Free messages that claims have let go and nobody has looked at since.
    pub(super) fn let_go(&self, now: Timestamp) -> Vec<MessageId> {
        let was_claimed = |entry: &&Entry| entry.stored.message.claim_count > 0 && self.is_free(entry, now);
        let let_go = self.entries.iter().filter(was_claimed).map(|entry| &entry.stored.message);
        let unseen = let_go.filter(|message| !self.seen.contains(&(message.id, message.claim_count)));
        unseen.map(|message| message.id).collect()
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

    /// The subscriptions that are owed what is posted.
    pub(super) fn notified(&self, now: Timestamp) -> Vec<SubscriptionId> {
        let live = self.subscriptions.values().filter(|own| own.notified && is_live(own, now));
        live.map(|subscription| subscription.id).collect()
    }

    /// Owes a message that has come to the queue.
    pub(super) fn owe(&mut self, position: u64, stored: &StoredMessage, now: Timestamp) {
        let notified = self.notified(now).into_iter();
        let owed: Vec<_> = notified.map(|id| (id, self.due_from(id, stored, now))).collect();
        let mut stored = stored.clone();
        stored.message.claim_count = 0;
        self.ledger.owe(&owed, Marker::new(position), &stored);
    }

    /// When a message is first due to a subscription: at once, or at the end of its delay unless it expires before.
    pub(super) fn due_from(&self, id: SubscriptionId, stored: &StoredMessage, now: Timestamp) -> Timestamp {
        let until = stored.delayed_until.min(stored.expires);
        if self.respects_delay(id) { now.max(until) } else { now }
    }

    pub(super) fn respects_delay(&self, id: SubscriptionId) -> bool {
        self.subscriptions.get(&id).is_some_and(Subscription::respects_delay)
    }

    /// Lets nothing of a subscription wait any more but for delays that it respects.
    pub(super) fn hasten(&mut self, id: SubscriptionId) {
        let respects_delay = self.respects_delay(id);
        self.ledger.hasten(id, respects_delay);
    }

    pub(super) fn expire(&mut self, now: Timestamp) {
        self.entries.retain(|entry| now < entry.stored.expires);
        self.dead_letters.retain(|entry| now < entry.stored.expires);
        let last: BTreeSet<_> = self.entries.iter().filter_map(|entry| entry.stored.message.claim).collect();
        self.claims.retain(|id, _| last.contains(id));
        let here: BTreeSet<_> = self.entries.iter().map(|entry| entry.stored.message.id).collect();
        self.seen.retain(|(id, _)| here.contains(id));
        self.subscriptions.retain(|_, subscription| is_live(subscription, now));
        let subscriptions = &self.subscriptions;
        self.ledger.retain(|id| subscriptions.contains_key(&id));
        self.ledger.expire(now);
    }
}

fn is_live(subscription: &Subscription, now: Timestamp) -> bool {
    now < subscription.ttl.after(subscription.renewed)
}
