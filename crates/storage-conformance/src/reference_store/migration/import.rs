//! What arrives of a queue takes the place of what is known.

use zaqar_model::{
    ClaimLease, DeliveryStanding, ExportedBatch, ExportedCursor, ExportedDelivery, ExportedItem,
    ExportedMessage, Marker, StoredMessage, SubscriptionId, Timestamp,
};

use crate::reference_store::contents::{ClaimRecord, Contents, Entry};
use crate::reference_store::owed::Owed;

pub(super) fn put(contents: &mut Contents, item: ExportedItem, now: Timestamp) {
    match item {
        ExportedItem::Subscription(subscription) => {
            contents.subscriptions.retain(|_, other| other.subscriber != subscription.subscriber);
            contents.subscriptions.insert(subscription.id, subscription);
        }
        ExportedItem::SubscriptionGone(id) => {
            contents.subscriptions.remove(&id);
            contents.ledger.retain(|other| other != id);
        }
        ExportedItem::Message(moving) => put_message(contents, moving),
        ExportedItem::MessageGone(position) => {
            take_out(contents, position);
            contents.ledger.posted.remove(&position);
        }
        ExportedItem::Delivery(id, delivery) => put_delivery(contents, id, delivery, now),
        ExportedItem::Attempt(id, attempt) => {
            if contents.subscriptions.contains_key(&id) {
                contents.ledger.put_attempts(id, vec![attempt]);
            }
        }
        ExportedItem::Batch(ExportedBatch { id, posted, messages }) => {
            contents.batches.insert(id, (posted, messages));
        }
        ExportedItem::Cursor(cursor) => put_cursor(contents, &cursor, now),
        ExportedItem::End(last) => contents.last_sequence = contents.last_sequence.max(last.get()),
    }
}

fn take_out(contents: &mut Contents, position: Marker) {
    contents.entries.retain(|entry| entry.sequence != position.get());
    contents.dead_letters.retain(|entry| entry.sequence != position.get());
}

fn put_message(contents: &mut Contents, moving: ExportedMessage) {
    let ExportedMessage { position, mut stored, hold, exhausted, posted, kept } = moving;
    take_out(contents, position);
    if posted {
        contents.ledger.posted.insert(position, as_posted(&stored));
    }
    let sequence = position.get();
    contents.last_sequence = contents.last_sequence.max(sequence);
    if kept {
        return;
    }
    stored.message.claim = hold.map(|hold| hold.id);
    if let Some(ClaimLease { id, ttl, renewed }) = hold {
        contents.claims.insert(id, ClaimRecord { ttl, renewed });
    }
    let list = if exhausted { &mut contents.dead_letters } else { &mut contents.entries };
    list.push(Entry { sequence, stored });
    list.sort_by_key(|entry| entry.sequence);
}

/// A message as a subscriber is to see it.
fn as_posted(stored: &StoredMessage) -> StoredMessage {
    let mut stored = stored.clone();
    stored.message.claim = None;
    stored.message.claim_count = 0;
    stored
}

fn put_delivery(contents: &mut Contents, id: SubscriptionId, delivery: ExportedDelivery, now: Timestamp) {
    let ExportedDelivery { position, standing, .. } = delivery;
    contents.ledger.owed.retain(|owed| (owed.subscription, owed.position) != (id, position));
    let is_known = contents.subscriptions.contains_key(&id) && contents.ledger.posted.contains_key(&position);
    let is_late = contents.ledger.message(position, now).is_none();
    let owed = Owed::new(id, position, standing).filter(|_| is_known);
    contents.ledger.owed.extend(owed.map(|owed| Owed { is_late, ..owed }));
}

/// What lies behind the cursor is owed, and was not taken up.
fn put_cursor(contents: &mut Contents, cursor: &ExportedCursor, now: Timestamp) {
    let ExportedCursor { subscription, front, held_back } = *cursor;
    let behind: Vec<_> = contents.ledger.posted.range(front..).map(|(at, own)| (*at, own.clone())).collect();
    for (position, stored) in behind {
        if contents.ledger.find(subscription, position).is_none() {
            let due = contents.due_from(subscription, &stored, now);
            let standing = DeliveryStanding::Open { attempts: 0, due, lease: None };
            let delivery = ExportedDelivery { position, message: stored.message.id, standing };
            put_delivery(contents, subscription, delivery, now);
            if let Some(owed) = contents.ledger.find(subscription, position) {
                owed.is_new = true;
            }
        }
    }
    contents.ledger.held_back.insert(subscription, held_back);
}
