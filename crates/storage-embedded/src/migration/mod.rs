//! Migration: a queue moves to another store with everything in it.

mod subscriptions;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::{
    Destination, KeptAttempt, Marker, MessageId, MovingCursor, MovingDelivery, MovingMessage, Page,
    PageRequest, Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::{Migration, StorageResult};

use crate::EmbeddedMessageStore;
use crate::index::QueueIndex;
use crate::log::{Placement, Segments};
use crate::messages::ADOPTED_AT_ONCE;
use crate::read::{LocatedMessage, stored_messages};
use crate::writer::{Operation, answer};

#[async_trait::async_trait]
impl Migration for EmbeddedMessageStore {
    async fn export(
        &self,
        from: &Destination,
        behind: Marker,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>> {
        let Some(queue) = self.find(from)? else { return Ok(Vec::new()) };
        let mut first = behind.get().saturating_add(1);
        loop {
            let leaving = {
                let locked = self.queues.lock_at(&queue, now);
                Leaving::first(&self.queues.segments, &locked.index, first, limit)
            };
            let Some(last) = leaving.last() else { return Ok(Vec::new()) };
            first = last.sequence.saturating_add(1);
            let messages = read(leaving).await?;
            // All of them are damaged on disk: continue behind them.
            if !messages.is_empty() {
                return Ok(messages);
            }
        }
    }

    async fn export_some(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>> {
        let Some(queue) = self.find(from)? else { return Ok(Vec::new()) };
        let leaving = {
            let locked = self.queues.lock_at(&queue, now);
            let index = &locked.index;
            let sequences = ids.iter().filter_map(|id| {
                let in_queue = index.find(*id).or_else(|| index.dead_letters.find(*id));
                in_queue.or_else(|| index.find_posted(*id))
            });
            sequences.filter_map(|at| Leaving::at(&self.queues.segments, index, at)).collect()
        };
        read(leaving).await
    }

    async fn import(
        &self,
        to: &Destination,
        messages: Vec<MovingMessage>,
        last: Marker,
        now: Timestamp,
    ) -> StorageResult<()> {
        let queue = self.queues.reopen(to);
        // An expired message comes for subscribers that are still owed it.
        let coming = messages.into_iter().filter_map(|moving| {
            let has_expired = moving.stored.expires <= now;
            let kept = moving.kept || has_expired;
            (!has_expired || moving.posted).then_some(MovingMessage { kept, ..moving })
        });
        let mut waiting = coming.peekable();
        loop {
            let mut bytes = 0;
            let mut messages = Vec::new();
            while let Some(moving) = waiting.next_if(|_| bytes < ADOPTED_AT_ONCE) {
                bytes += moving.stored.message.body.as_bytes().len();
                messages.push(moving);
            }
            // `last` may be behind messages that are still to come.
            let is_end = waiting.peek().is_none();
            let last = if is_end { last } else { Marker::default() };
            let (reply, receiver) = oneshot::channel();
            let queue = Arc::clone(&queue);
            self.writer.submit(Operation::Import { queue, messages, last, reply })?;
            answer(receiver).await?;
            if is_end {
                return Ok(());
            }
        }
    }

    async fn import_subscriptions(
        &self,
        to: &Destination,
        subscriptions: Vec<Subscription>,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.take_in_subscriptions(to, &subscriptions, now).await
    }

    async fn export_deliveries(
        &self,
        from: &Destination,
        subscription: SubscriptionId,
        behind: Marker,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<MovingDelivery>> {
        let first = behind.get().saturating_add(1);
        self.look_at_cursor(from, subscription, now, |index, cursor| {
            subscriptions::deliveries(index, cursor, cursor.held_from(first, limit))
        })
    }

    async fn export_some_deliveries(
        &self,
        from: &Destination,
        subscription: SubscriptionId,
        positions: &[Marker],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingDelivery>> {
        self.look_at_cursor(from, subscription, now, |index, cursor| {
            subscriptions::deliveries(index, cursor, positions.iter().map(|position| position.get()))
        })
    }

    async fn import_deliveries(
        &self,
        to: &Destination,
        subscription: SubscriptionId,
        deliveries: Vec<MovingDelivery>,
        attempts: Vec<KeptAttempt>,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.take_in_deliveries(to, subscription, deliveries, attempts, now).await
    }

    async fn export_cursors(
        &self,
        from: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<MovingCursor, SubscriptionId>> {
        let Some(queue) = self.find(from)? else { return Ok(Page::empty()) };
        let locked = self.queues.lock_at(&queue, now);
        let notified = locked.index.subscriptions.iter_behind(page.marker).filter_map(|subscription| {
            let cursor = locked.index.cursor(subscription.id)?;
            Some(MovingCursor {
                subscription: subscription.id,
                front: Marker::new(cursor.front()),
                held_back: cursor.held_back,
                leased: subscriptions::deliveries(
                    &locked.index,
                    cursor,
                    cursor.under_way().chain(cursor.untried()),
                ),
            })
        });
        let items: Vec<_> = notified.take(page.limit).collect();
        Ok(Page { next: items.last().map(|cursor| cursor.subscription), items })
    }

    async fn import_cursors(
        &self,
        to: &Destination,
        cursors: Vec<MovingCursor>,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.take_in_cursors(to, cursors, now).await
    }
}

/// A message that is exported, before it is read.
struct Leaving {
    id: MessageId,
    sequence: u64,
    placement: Placement,
    posted: bool,
    found: LocatedMessage,
}

impl Leaving {
    /// The first messages from a sequence number on.
    fn first(segments: &Segments, index: &QueueIndex, from: u64, limit: usize) -> Vec<Self> {
        let exhausted = index.dead_letters.iter_from(from).take(limit).map(|(sequence, _, _)| sequence);
        let live = index.iter_from(from).take(limit).map(|(sequence, _, _)| sequence);
        let kept = index.retained.iter_from(from).take(limit).map(|(sequence, _)| sequence);
        let mut sequences: Vec<u64> = live.chain(exhausted).chain(kept).collect();
        sequences.sort_unstable();
        sequences.truncate(limit);
        sequences.into_iter().filter_map(|sequence| Self::at(segments, index, sequence)).collect()
    }

    fn at(segments: &Segments, index: &QueueIndex, sequence: u64) -> Option<Self> {
        let (id, posted) = (index.id_of(sequence), index.is_posted(sequence));
        let (entry, placement) = index.locate(sequence)?;
        let found = match placement {
            Placement::Queued | Placement::Claimed(_) => {
                LocatedMessage::new(segments, index, sequence, entry)
            }
            Placement::DeadLettered => LocatedMessage::dead_letter(segments, id, entry),
            Placement::Retained => LocatedMessage::owed(segments, id, entry),
        };
        Some(Self { id, sequence, placement, posted, found })
    }
}

/// Reads the messages. Damaged ones are skipped.
async fn read(leaving: Vec<Leaving>) -> StorageResult<Vec<MovingMessage>> {
    let stored = stored_messages(leaving.iter().map(|leaving| leaving.found.clone()).collect()).await?;
    let state: HashMap<MessageId, Leaving> =
        leaving.into_iter().map(|leaving| (leaving.id, leaving)).collect();
    let moving = stored.into_iter().filter_map(|stored| {
        let Leaving { sequence, placement, posted, .. } = *state.get(&stored.message.id)?;
        let hold = match placement {
            Placement::Claimed(lease) => Some(lease),
            _ => None,
        };
        let (exhausted, kept) = (placement == Placement::DeadLettered, placement == Placement::Retained);
        Some(MovingMessage { position: Marker::new(sequence), stored, hold, exhausted, posted, kept })
    });
    Ok(moving.collect())
}
