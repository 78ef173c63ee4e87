//! An export: what is there is compared with what was exported, each time from end to end.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::{
    AttemptNumber, BatchId, ClaimLease, DeliveryStanding, ExportedBatch, ExportedCursor, ExportedDelivery,
    ExportedItem, ExportedMessage, Marker, MessageId, SubscriptionId, Timestamp,
};
use zaqar_storage::{ExportCursor, ExportPage};

use crate::reference_store::contents::{ClaimRecord, Contents};
use crate::reference_store::owed::Owed;

/// What the importer has. Its cursors are the numbers of the pages.
#[derive(Debug, Default)]
pub(super) struct Export {
    exported: BTreeMap<Key, ExportedItem>,
    last: ExportPage,
}

/// What an item is about, in the order of the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Subscription(SubscriptionId),
    Message(Marker),
    Delivery(SubscriptionId, Marker),
    Attempt(SubscriptionId, AttemptNumber),
    Batch(BatchId),
    Cursor(SubscriptionId),
    End,
}

impl Export {
    /// The next page, or the last one once more.
    pub(super) fn page(
        &mut self,
        contents: &Contents,
        cursor: &ExportCursor,
        limit: usize,
        is_sealed: bool,
        now: Timestamp,
    ) -> ExportPage {
        if *cursor != self.last.next {
            return self.last.clone();
        }
        let current = current(contents, is_sealed, now);
        let keys: BTreeSet<Key> = self.exported.keys().chain(current.keys()).copied().collect();
        let (mut items, mut is_caught_up) = (Vec::new(), true);
        for key in keys {
            let (known, item) = (self.exported.get(&key), current.get(&key));
            if known == item {
                continue;
            }
            if items.len() == limit {
                is_caught_up = false;
                break;
            }
            items.extend(item.cloned().or_else(|| gone(key, known)));
            match item {
                Some(item) => drop(self.exported.insert(key, item.clone())),
                None => drop(self.exported.remove(&key)),
            }
        }
        let number: u64 = cursor.0.parse().unwrap_or_default();
        self.last = ExportPage { items, next: ExportCursor((number + 1).to_string()), is_caught_up };
        self.last.clone()
    }
}

/// Says that something is no more that was exported.
fn gone(key: Key, known: Option<&ExportedItem>) -> Option<ExportedItem> {
    match (key, known) {
        (Key::Subscription(id), _) => Some(ExportedItem::SubscriptionGone(id)),
        (Key::Message(position), _) => Some(ExportedItem::MessageGone(position)),
        (Key::Delivery(id, _), Some(ExportedItem::Delivery(_, delivery))) => {
            let done = ExportedDelivery { standing: DeliveryStanding::Done, ..delivery.clone() };
            Some(ExportedItem::Delivery(id, done))
        }
        // Attempts and batches go by themselves, by their age.
        _ => None,
    }
}

/// Everything that is there.
fn current(contents: &Contents, is_sealed: bool, now: Timestamp) -> BTreeMap<Key, ExportedItem> {
    let mut all = BTreeMap::new();
    for id in contents.subscriptions.keys() {
        let Some(subscription) = contents.subscription(*id, now) else { continue };
        all.insert(Key::Subscription(*id), ExportedItem::Subscription(subscription.clone()));
        for kept in contents.ledger.attempts(*id, now) {
            all.insert(Key::Attempt(*id, kept.number), ExportedItem::Attempt(*id, kept));
        }
    }
    for moving in messages(contents, now) {
        all.insert(Key::Message(moving.position), ExportedItem::Message(moving));
    }
    for owed in &contents.ledger.owed {
        let delivery = ExportedDelivery {
            position: owed.position,
            message: id_at(contents, owed.position),
            standing: standing(contents, owed, now),
        };
        let key = Key::Delivery(owed.subscription, owed.position);
        all.insert(key, ExportedItem::Delivery(owed.subscription, delivery));
    }
    for (id, (posted, messages)) in &contents.batches {
        let (id, posted, messages) = (*id, *posted, messages.clone());
        all.insert(Key::Batch(id), ExportedItem::Batch(ExportedBatch { id, posted, messages }));
    }
    if is_sealed {
        // Whatever was posted is owed from then on: nothing lies behind the cursors.
        let front = Marker::new(contents.last_sequence + 1);
        for subscription in contents.notified(now) {
            let held_back = contents.ledger.held_back.get(&subscription).copied().unwrap_or_default();
            let cursor = ExportedCursor { subscription, front, held_back };
            all.insert(Key::Cursor(subscription), ExportedItem::Cursor(cursor));
        }
        all.insert(Key::End, ExportedItem::End(Marker::new(contents.last_sequence)));
    }
    all
}

/// The messages that have not expired, and those that stay for subscribers.
fn messages(contents: &Contents, now: Timestamp) -> Vec<ExportedMessage> {
    let dead_letters = contents.dead_letters.iter().map(|entry| (entry, true));
    let mut in_queue: Vec<_> =
        contents.entries.iter().map(|entry| (entry, false)).chain(dead_letters).collect();
    in_queue.retain(|(entry, _)| now < entry.stored.expires);
    let here: BTreeSet<u64> = in_queue.iter().map(|(entry, _)| entry.sequence).collect();
    let mut all = Vec::new();
    for (entry, exhausted) in in_queue {
        let mut stored = entry.stored.clone();
        let last = contents.last_claim(entry);
        let hold = last.map(|(id, ClaimRecord { ttl, renewed })| ClaimLease { id, ttl, renewed });
        stored.message.claim = contents.holder(entry, now);
        let position = Marker::new(entry.sequence);
        let posted = contents.ledger.posted.contains_key(&position);
        all.push(ExportedMessage { position, stored, hold, exhausted, posted, kept: false });
    }
    let owed: BTreeSet<Marker> = contents.ledger.owed.iter().map(|owed| owed.position).collect();
    for position in owed.into_iter().filter(|position| !here.contains(&position.get())) {
        if let Some(stored) = contents.ledger.posted.get(&position).cloned() {
            let (exhausted, posted, kept) = (false, true, true);
            all.push(ExportedMessage { position, stored, hold: None, exhausted, posted, kept });
        }
    }
    all
}

/// The id of the message that was posted here.
fn id_at(contents: &Contents, position: Marker) -> MessageId {
    let posted = contents.ledger.posted.get(&position);
    posted.map_or(MessageId::from_u128(0), |stored| stored.message.id)
}

/// Where a message has expired, this tells what was put off since then from a retry that was to come later.
fn standing(contents: &Contents, owed: &Owed, now: Timestamp) -> DeliveryStanding {
    let expires = contents.ledger.posted.get(&owed.position).map(|stored| stored.expires);
    match (owed.standing(), expires) {
        (DeliveryStanding::Open { attempts, due, lease: None }, Some(expires))
            if !owed.is_late && expires <= now =>
        {
            DeliveryStanding::Open { attempts, due: due.min(expires), lease: None }
        }
        (standing, _) => standing,
    }
}
