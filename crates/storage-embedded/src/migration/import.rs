//! A queue that migrates here: what arrives is logged and applied to the index, in place of what is known.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::{
    AttemptRecord, DeliveryStanding, Destination, ExportedCursor, ExportedDelivery, ExportedItem,
    ExportedMessage, Marker, MoveId, Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::StorageResult;

use super::not_begun;
use crate::EmbeddedMessageStore;
use crate::deliveries::recording::{Acknowledgement, RECORDED_AT_ONCE, encode_attempt};
use crate::index::logged;
use crate::log::{CursorRecord, DeliveryState, LoggedAttempt, Record};
use crate::messages::ADOPTED_AT_ONCE;
use crate::queues::{Locked, Queue};
use crate::subscriptions::stored;
use crate::transit::{Stage, Transit};
use crate::writer::{NewAttempt, Operation, answer};

/// From the first message on: the progress of the subscription comes last.
const FROM_THE_START: u64 = 0;

impl EmbeddedMessageStore {
    /// Drops what is here of the queue, and makes an empty one that only this mover may fill.
    pub(super) async fn begin_import(
        &self,
        to: &Destination,
        mover: MoveId,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.writer.check()?;
        let mut dropped = None;
        loop {
            let known = self.queues.find(to.number.get());
            if let Some(queue) = &known {
                let mut locked = self.queues.lock(queue);
                locked.transit.hear_of(mover)?;
                if !locked.is_dropped {
                    let left = Some(Transit::new(mover, Stage::Left));
                    dropped = Some(self.drop_locked(queue, &mut locked, left, now)?);
                }
            }
            if self.queues.replace(to, known.as_ref(), Transit::new(mover, Stage::Arriving)).is_some() {
                break;
            }
        }
        match dropped {
            Some(receiver) => answer(receiver).await,
            None => Ok(()),
        }
    }

    /// Locks a queue that this mover brings here.
    pub(super) fn arriving<'a>(
        &'a self,
        queue: &'a Arc<Queue>,
        mover: MoveId,
        now: Timestamp,
    ) -> StorageResult<Locked<'a>> {
        let locked = self.queues.lock_at(queue, now);
        if locked.is_dropped || !locked.transit.is_imported_by(mover) {
            return Err(not_begun());
        }
        Ok(locked)
    }

    pub(super) async fn import_items(
        &self,
        to: &Destination,
        mover: MoveId,
        items: &[ExportedItem],
        now: Timestamp,
    ) -> StorageResult<()> {
        let queue = self.find(to)?.ok_or_else(not_begun)?;
        drop(self.arriving(&queue, mover, now)?);
        let arriving = Arriving { store: self, queue: &queue, mover, now };
        let mut changes = Vec::new();
        for run in items.chunk_by(go_together) {
            match &run[0] {
                ExportedItem::Message(_) | ExportedItem::End(_) => {
                    // What follows is about messages that are in the index.
                    arriving.messages(run).await?;
                }
                ExportedItem::Delivery(id, _) => {
                    for run in run.chunks(RECORDED_AT_ONCE) {
                        changes.push(arriving.deliveries(*id, run)?);
                    }
                }
                ExportedItem::Attempt(id, _) => {
                    for run in run.chunks(RECORDED_AT_ONCE) {
                        changes.push(arriving.attempts(*id, run)?);
                    }
                }
                _ => {
                    for item in run {
                        changes.extend(arriving.one(item)?);
                    }
                }
            }
        }
        for change in changes {
            answer(change).await?;
        }
        Ok(())
    }
}

/// Whether two neighbours are taken in together.
fn go_together(one: &ExportedItem, next: &ExportedItem) -> bool {
    match (one, next) {
        (ExportedItem::Delivery(id, _), ExportedItem::Delivery(other, _))
        | (ExportedItem::Attempt(id, _), ExportedItem::Attempt(other, _)) => id == other,
        _ => std::mem::discriminant(one) == std::mem::discriminant(next),
    }
}

/// A queue that a mover brings here.
struct Arriving<'a> {
    store: &'a EmbeddedMessageStore,
    queue: &'a Arc<Queue>,
    mover: MoveId,
    now: Timestamp,
}

impl Arriving<'_> {
    /// Messages go to the writer, which gives them their places in the log, a bounded number of bytes at a time.
    async fn messages(&self, items: &[ExportedItem]) -> StorageResult<()> {
        let mut waiting = items.iter().peekable();
        while waiting.peek().is_some() {
            let (mut bytes, mut messages, mut last): (_, Vec<ExportedMessage>, _) =
                (0, Vec::new(), Marker::default());
            while let Some(item) = waiting.next_if(|_| bytes < ADOPTED_AT_ONCE) {
                match item {
                    ExportedItem::Message(moving) => {
                        bytes += moving.stored.message.body.as_bytes().len();
                        messages.push(moving.clone());
                    }
                    ExportedItem::End(end) => last = last.max(*end),
                    _ => {}
                }
            }
            let (reply, receiver) = oneshot::channel();
            {
                let mut locked = self.store.arriving(self.queue, self.mover, self.now)?;
                let queue = Arc::clone(self.queue);
                locked.last_ticket =
                    self.store.writer.submit(Operation::Import { queue, messages, last, reply })?;
            }
            answer(receiver).await?;
        }
        Ok(())
    }

    fn one(&self, item: &ExportedItem) -> StorageResult<Option<Acknowledgement>> {
        Ok(Some(match item {
            ExportedItem::Subscription(subscription) => self.subscription(subscription)?,
            ExportedItem::SubscriptionGone(id) => {
                let destination = self.queue.number;
                let record = Record::Unsubscribe { destination, subscription: *id };
                let mut locked = self.store.arriving(self.queue, self.mover, self.now)?;
                let change = self.log(&mut locked, &record)?;
                locked.index.unsubscribe(*id);
                change
            }
            ExportedItem::MessageGone(position) => {
                let sequences = Cow::Owned(vec![position.get()]);
                let record = Record::Discard { destination: self.queue.number, sequences };
                let mut locked = self.store.arriving(self.queue, self.mover, self.now)?;
                let change = self.log(&mut locked, &record)?;
                locked.index.discard(position.get());
                change
            }
            ExportedItem::Cursor(ExportedCursor { subscription, front, held_back }) => {
                let change = self.resume(*subscription, front.get(), &[])?;
                let mut locked = self.store.arriving(self.queue, self.mover, self.now)?;
                locked.index.hold_back(*subscription, *held_back);
                change
            }
            // The answer of a post to this store is never lost, so no batch is posted again.
            _ => return Ok(None),
        }))
    }

    fn subscription(&self, subscription: &Subscription) -> StorageResult<Acknowledgement> {
        let mut stored = stored(subscription)?;
        let mut locked = self.store.arriving(self.queue, self.mover, self.now)?;
        // How far one has come that is known already does not change.
        let known = locked.index.subscriptions.get(subscription.id).and_then(|known| known.owed_from);
        stored.owed_from = subscription.notified.then_some(known.unwrap_or(FROM_THE_START));
        self.store.log_identity(self.queue, &mut locked)?;
        let record = Record::Subscribe { destination: self.queue.number, subscription: stored.record() };
        let change = self.log(&mut locked, &record)?;
        locked.index.subscribe(stored);
        Ok(change)
    }

    fn deliveries(&self, id: SubscriptionId, items: &[ExportedItem]) -> StorageResult<Acknowledgement> {
        let deliveries = items.iter().filter_map(|item| match item {
            ExportedItem::Delivery(_, delivery) => Some(delivery),
            _ => None,
        });
        self.resume(id, FROM_THE_START, &deliveries.collect::<Vec<_>>())
    }

    /// Logs the progress of a subscription and the states of some deliveries, and applies them to the index, with the
    /// ends of leases, which the log does not have.
    fn resume(
        &self,
        subscription: SubscriptionId,
        front: u64,
        deliveries: &[&ExportedDelivery],
    ) -> StorageResult<Acknowledgement> {
        let states: Vec<(u64, DeliveryState)> =
            deliveries.iter().map(|delivery| (delivery.position.get(), logged(delivery))).collect();
        let (destination, reset) = (self.queue.number, false);
        let cursor = CursorRecord { destination, subscription, reset, front, states };
        let mut locked = self.store.arriving(self.queue, self.mover, self.now)?;
        let change = self.log(&mut locked, &Record::Cursor(cursor.clone()))?;
        locked.index.resume(subscription, reset, front, cursor.states);
        for ExportedDelivery { position, standing, .. } in deliveries {
            if let DeliveryStanding::Open { due, lease: Some(lease), .. } = standing {
                locked.index.lend(subscription, position.get(), *lease, *due);
            }
        }
        Ok(change)
    }

    fn attempts(
        &self,
        subscription: SubscriptionId,
        items: &[ExportedItem],
    ) -> StorageResult<Acknowledgement> {
        let mut records = Vec::new();
        let attempts = items.iter().filter_map(|item| match item {
            ExportedItem::Attempt(_, attempt) => Some(attempt),
            _ => None,
        });
        let encode = |kept: &AttemptRecord| {
            let record = LoggedAttempt {
                destination: self.queue.number,
                subscription,
                number: kept.number.get(),
                message: kept.message,
                confirmation: kept.confirmation,
                attempt: Cow::Borrowed(&kept.attempt),
                end: kept.end,
            };
            encode_attempt(&record, &mut records)
        };
        let new: Vec<NewAttempt> = attempts.map(encode).collect();
        let mut locked = self.store.arriving(self.queue, self.mover, self.now)?;
        self.submit(&mut locked, records, new)
    }

    fn log(&self, locked: &mut Locked<'_>, record: &Record<'_>) -> StorageResult<Acknowledgement> {
        let mut records = Vec::new();
        record.encode(&mut records);
        self.submit(locked, records, Vec::new())
    }

    fn submit(
        &self,
        locked: &mut Locked<'_>,
        records: Vec<u8>,
        attempts: Vec<NewAttempt>,
    ) -> StorageResult<Acknowledgement> {
        let (reply, receiver) = oneshot::channel();
        let operation = Operation::Attempts { queue: Arc::clone(self.queue), records, attempts, reply };
        locked.last_ticket = self.store.writer.submit(operation)?;
        Ok(receiver)
    }
}
