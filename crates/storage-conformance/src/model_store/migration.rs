//! Migration: a queue goes to another store with everything in it.

use std::collections::BTreeSet;

use zaqar_model::{
    ClaimLease, DeliveryStanding, Destination, HeldBack, KeptAttempt, Marker, MessageId, MovingCursor,
    MovingDelivery, MovingMessage, Page, PageRequest, StoredMessage, Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::{Migration, StorageResult};

use super::contents::{ClaimRecord, Contents, Entry};
use super::owed::Owed;
use super::{ModelStore, page_of};

#[async_trait::async_trait]
impl Migration for ModelStore {
    async fn export(
        &self,
        from: &Destination,
        behind: Marker,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>> {
        let contents = self.contents(from)?;
        Ok(leaving(&contents, now).filter(|moving| moving.position > behind).take(limit).collect())
    }

    async fn export_some(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>> {
        let contents = self.contents(from)?;
        Ok(leaving(&contents, now).filter(|moving| ids.contains(&moving.stored.message.id)).collect())
    }

    async fn import(
        &self,
        to: &Destination,
        messages: Vec<MovingMessage>,
        last: Marker,
        _now: Timestamp,
    ) -> StorageResult<()> {
        self.state()?.dropped.remove(to);
        let mut contents = self.contents(to)?;
        for MovingMessage { position, mut stored, hold, exhausted, posted, kept } in messages {
            let sequence = position.get();
            contents.entries.retain(|entry| entry.sequence != sequence);
            contents.dead_letters.retain(|entry| entry.sequence != sequence);
            if posted {
                contents.ledger.posted.insert(position, as_posted(&stored));
            }
            contents.last_sequence = contents.last_sequence.max(sequence);
            if kept {
                continue;
            }
            stored.message.claim = hold.map(|hold| hold.id);
            if let Some(ClaimLease { id, ttl, renewed }) = hold {
                contents.claims.insert(id, ClaimRecord { ttl, renewed });
            }
            let list = if exhausted { &mut contents.dead_letters } else { &mut contents.entries };
            list.push(Entry { sequence, stored });
            list.sort_by_key(|entry| entry.sequence);
        }
        contents.last_sequence = contents.last_sequence.max(last.get());
        self.changed.notify_waiters();
        Ok(())
    }

    async fn import_subscriptions(
        &self,
        to: &Destination,
        subscriptions: Vec<Subscription>,
        _now: Timestamp,
    ) -> StorageResult<()> {
        self.state()?.dropped.remove(to);
        let mut contents = self.contents(to)?;
        for subscription in subscriptions {
            let id = subscription.id;
            contents.subscriptions.retain(|_, other| other.subscriber != subscription.subscriber);
            contents.subscriptions.insert(id, subscription);
            contents.ledger.retain(|other| other != id);
            contents.ledger.held_back.insert(id, HeldBack::all(Timestamp::NEVER));
        }
        Ok(())
    }

    async fn export_deliveries(
        &self,
        from: &Destination,
        subscription: SubscriptionId,
        behind: Marker,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<MovingDelivery>> {
        let contents = self.contents(from)?;
        let mut deliveries = moving(&contents, now, |owed| owed.subscription == subscription);
        deliveries.retain(|delivery| delivery.position > behind);
        deliveries.truncate(limit);
        Ok(deliveries)
    }

    async fn export_some_deliveries(
        &self,
        from: &Destination,
        subscription: SubscriptionId,
        positions: &[Marker],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingDelivery>> {
        let contents = self.contents(from)?;
        let found = moving(&contents, now, |owed| owed.subscription == subscription);
        let of = |position: &Marker| {
            let known = found.iter().find(|delivery| delivery.position == *position).cloned();
            let (position, standing) = (*position, DeliveryStanding::Done);
            known.unwrap_or_else(|| MovingDelivery {
                position,
                message: id_at(&contents, position),
                standing,
            })
        };
        Ok(positions.iter().map(of).collect())
    }

    async fn import_deliveries(
        &self,
        to: &Destination,
        subscription: SubscriptionId,
        deliveries: Vec<MovingDelivery>,
        attempts: Vec<KeptAttempt>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut contents = self.contents(to)?;
        for delivery in deliveries {
            put(&mut contents, subscription, delivery, now);
        }
        if contents.subscriptions.contains_key(&subscription) {
            contents.ledger.put_attempts(subscription, attempts);
        }
        Ok(())
    }

    async fn export_cursors(
        &self,
        from: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<MovingCursor, SubscriptionId>> {
        let contents = self.contents(from)?;
        // Whatever was posted is owed from then on: nothing lies behind the cursor.
        let front = Marker::new(contents.last_sequence + 1);
        let cursors = contents.notified(now).into_iter().map(|subscription| MovingCursor {
            subscription,
            front,
            held_back: contents.ledger.held_back.get(&subscription).copied().unwrap_or_default(),
            leased: moving(&contents, now, |owed| owed.subscription == subscription && owed.lease.is_some()),
        });
        Ok(page_of(cursors, |cursor| cursor.subscription, page))
    }

    async fn import_cursors(
        &self,
        to: &Destination,
        cursors: Vec<MovingCursor>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut contents = self.contents(to)?;
        for MovingCursor { subscription, front, held_back, leased } in cursors {
            let is_leased = |position| leased.iter().any(|leased| leased.position == position);
            contents.ledger.owed.retain(|owed| {
                owed.subscription != subscription || owed.lease.is_none() || is_leased(owed.position)
            });
            for delivery in leased {
                put(&mut contents, subscription, delivery, now);
            }
            let behind: Vec<Marker> = contents.ledger.posted.range(front..).map(|(at, _)| *at).collect();
            for position in behind {
                if contents.ledger.find(subscription, position).is_none() {
                    let stored = contents.ledger.posted.get(&position).cloned();
                    let due = stored.map_or(now, |stored| contents.due_from(subscription, &stored, now));
                    let standing = DeliveryStanding::Open { attempts: 0, due, lease: None };
                    let message = id_at(&contents, position);
                    put(&mut contents, subscription, MovingDelivery { position, message, standing }, now);
                    if let Some(owed) = contents.ledger.find(subscription, position) {
                        owed.is_new = true;
                    }
                }
            }
            contents.ledger.held_back.insert(subscription, held_back);
        }
        self.owed.notify_one();
        Ok(())
    }
}

/// A message as a subscriber is to see it.
fn as_posted(stored: &StoredMessage) -> StoredMessage {
    let mut stored = stored.clone();
    stored.message.claim = None;
    stored.message.claim_count = 0;
    stored
}

/// The id of the message that was posted here.
fn id_at(contents: &Contents, position: Marker) -> MessageId {
    let posted = contents.ledger.posted.get(&position);
    posted.map_or(MessageId::from_u128(0), |stored| stored.message.id)
}

/// How these deliveries stand, in the order of posting.
fn moving(contents: &Contents, now: Timestamp, which: impl Fn(&Owed) -> bool) -> Vec<MovingDelivery> {
    let found = contents.ledger.owed.iter().filter(|owed| which(owed));
    let mut deliveries: Vec<_> = found
        .map(|owed| MovingDelivery {
            position: owed.position,
            message: id_at(contents, owed.position),
            standing: departing(contents, owed, now),
        })
        .collect();
    deliveries.sort_by_key(|delivery| delivery.position);
    deliveries
}

/// Where a delivery has expired, its standing tells what was put off since then from a retry that was to come later.
fn departing(contents: &Contents, owed: &Owed, now: Timestamp) -> DeliveryStanding {
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

/// Sets how a delivery stands.
fn put(contents: &mut Contents, subscription: SubscriptionId, delivery: MovingDelivery, now: Timestamp) {
    let MovingDelivery { position, standing, .. } = delivery;
    contents.ledger.owed.retain(|owed| (owed.subscription, owed.position) != (subscription, position));
    let is_known =
        contents.subscriptions.contains_key(&subscription) && contents.ledger.posted.contains_key(&position);
    let is_late = contents.ledger.message(position, now).is_none();
    let owed = Owed::new(subscription, position, standing).filter(|_| is_known);
    contents.ledger.owed.extend(owed.map(|owed| Owed { is_late, ..owed }));
}

/// Everything that has not expired, in the order of the positions.
fn leaving(contents: &Contents, now: Timestamp) -> impl Iterator<Item = MovingMessage> {
    let waiting = contents.dead_letters.iter().map(|entry| (entry, true));
    let mut all: Vec<_> = contents.entries.iter().map(|entry| (entry, false)).chain(waiting).collect();
    all.retain(|(entry, _)| now < entry.stored.expires);
    let here: Vec<u64> = all.iter().map(|(entry, _)| entry.sequence).collect();
    let posted = |sequence| contents.ledger.posted.contains_key(&Marker::new(sequence));
    let in_queue = all.into_iter().map(move |(entry, exhausted)| {
        let mut stored = entry.stored.clone();
        let last = contents.last_claim(entry);
        let hold = last.map(|(id, ClaimRecord { ttl, renewed })| ClaimLease { id, ttl, renewed });
        stored.message.claim = contents.holder(entry, now);
        let (position, posted) = (Marker::new(entry.sequence), posted(entry.sequence));
        MovingMessage { position, stored, hold, exhausted, posted, kept: false }
    });
    let owed = contents.ledger.owed.iter().map(|owed| owed.position);
    let kept: BTreeSet<Marker> = owed.filter(|position| !here.contains(&position.get())).collect();
    let kept = kept.into_iter().filter_map(|position| {
        let stored = contents.ledger.posted.get(&position)?.clone();
        Some(MovingMessage { position, stored, hold: None, exhausted: false, posted: true, kept: true })
    });
    let mut all: Vec<_> = in_queue.chain(kept).collect();
    all.sort_by_key(|moving| moving.position);
    all.into_iter()
}
