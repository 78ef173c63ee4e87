//! Subscriptions that migrate here with their queue: they are logged and applied to the index.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::{
    DeliveryStanding, Destination, KeptAttempt, Marker, MovingCursor, MovingDelivery, Subscription,
    SubscriptionId, Timestamp,
};
use zaqar_storage::{StorageError, StorageResult};

use crate::EmbeddedMessageStore;
use crate::deliveries::recording::{Acknowledgement, RECORDED_AT_ONCE, encode_attempt};
use crate::index::{Cursor, QueueIndex, logged};
use crate::log::{CursorRecord, DeliveryState, LoggedAttempt, Record};
use crate::queues::{Locked, Queue};
use crate::subscriptions::stored;
use crate::writer::{NewAttempt, Operation, answer};

/// From the first message on: the progress of the subscription comes later.
const FROM_THE_START: u64 = 0;

/// Exports the states of deliveries.
pub(crate) fn deliveries(
    index: &QueueIndex,
    cursor: &Cursor,
    sequences: impl IntoIterator<Item = u64>,
) -> Vec<MovingDelivery> {
    let moving = |sequence| MovingDelivery {
        position: Marker::new(sequence),
        message: index.id_of(sequence),
        standing: cursor.standing(sequence, index.has_expired(sequence)),
    };
    sequences.into_iter().map(moving).collect()
}

impl EmbeddedMessageStore {
    /// Reads from a cursor. Returns the default if there is none.
    pub(crate) fn look_at_cursor<T: Default>(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        now: Timestamp,
        look: impl FnOnce(&QueueIndex, &Cursor) -> T,
    ) -> StorageResult<T> {
        let Some(queue) = self.find(source)? else { return Ok(T::default()) };
        let locked = self.queues.lock_at(&queue, now);
        let cursor = locked.index.cursor(subscription);
        Ok(cursor.map_or_else(T::default, |cursor| look(&locked.index, cursor)))
    }

    pub(crate) async fn take_in_subscriptions(
        &self,
        to: &Destination,
        subscriptions: &[Subscription],
        now: Timestamp,
    ) -> StorageResult<()> {
        let queue = self.queues.reopen(to);
        let mut changes = Vec::new();
        for subscription in subscriptions {
            let mut stored = stored(subscription)?;
            stored.owed_from = subscription.notified.then_some(FROM_THE_START);
            let mut records = Vec::new();
            Record::Subscribe { destination: queue.number, subscription: stored.record() }
                .encode(&mut records);
            Record::Cursor(beginning(&queue, subscription.id)).encode(&mut records);
            let mut locked = self.queues.lock_at(&queue, now);
            self.log_identity(&queue, &mut locked)?;
            changes.push(self.log_moving(&queue, &mut locked, records, Vec::new())?);
            locked.index.subscribe(stored);
            locked.index.resume(subscription.id, true, FROM_THE_START, []);
        }
        all(changes).await
    }

    pub(crate) async fn take_in_deliveries(
        &self,
        to: &Destination,
        subscription: SubscriptionId,
        deliveries: Vec<MovingDelivery>,
        attempts: Vec<KeptAttempt>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let queue = self.find(to)?.ok_or(StorageError::NotFound("queue"))?;
        let mut changes = Vec::new();
        for deliveries in deliveries.chunks(RECORDED_AT_ONCE) {
            changes.push(self.resume(&queue, subscription, FROM_THE_START, deliveries, now)?);
        }
        for attempts in attempts.chunks(RECORDED_AT_ONCE) {
            let mut records = Vec::new();
            let new = attempts.iter().map(|stored| {
                let record = LoggedAttempt {
                    destination: queue.number,
                    subscription,
                    number: stored.number.get(),
                    message: stored.message,
                    confirmation: stored.confirmation,
                    attempt: Cow::Borrowed(&stored.attempt),
                    end: stored.end,
                };
                encode_attempt(&record, &mut records)
            });
            let new = new.collect();
            let mut locked = self.queues.lock_at(&queue, now);
            changes.push(self.log_moving(&queue, &mut locked, records, new)?);
        }
        all(changes).await
    }

    pub(crate) async fn take_in_cursors(
        &self,
        to: &Destination,
        cursors: Vec<MovingCursor>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let queue = self.find(to)?.ok_or(StorageError::NotFound("queue"))?;
        let mut changes = Vec::new();
        for MovingCursor { subscription, front, held_back, leased } in cursors {
            let ended = self.look_at_cursor(to, subscription, now, |index, cursor| {
                let is_leased = |at: &u64| leased.iter().any(|leased| leased.position.get() == *at);
                let ended = deliveries(index, cursor, cursor.under_way().filter(|at| !is_leased(at)));
                let done = |ended| MovingDelivery { standing: DeliveryStanding::Done, ..ended };
                ended.into_iter().map(done).collect::<Vec<_>>()
            })?;
            for ended in ended.chunks(RECORDED_AT_ONCE) {
                changes.push(self.resume(&queue, subscription, FROM_THE_START, ended, now)?);
            }
            for leased in leased.chunks(RECORDED_AT_ONCE) {
                changes.push(self.resume(&queue, subscription, FROM_THE_START, leased, now)?);
            }
            changes.push(self.resume(&queue, subscription, front.get(), &[], now)?);
            self.queues.lock(&queue).index.hold_back(subscription, held_back);
        }
        all(changes).await
    }

    /// Logs the progress of a subscription and the states of some deliveries, and applies them to the index, with the
    /// ends of leases, which the log does not have.
    fn resume(
        &self,
        queue: &Arc<Queue>,
        subscription: SubscriptionId,
        front: u64,
        deliveries: &[MovingDelivery],
        now: Timestamp,
    ) -> StorageResult<Acknowledgement> {
        let states: Vec<(u64, DeliveryState)> =
            deliveries.iter().map(|delivery| (delivery.position.get(), logged(delivery))).collect();
        let mut records = Vec::new();
        let cursor = CursorRecord { reset: false, front, states, ..beginning(queue, subscription) };
        Record::Cursor(cursor.clone()).encode(&mut records);
        let mut locked = self.queues.lock_at(queue, now);
        let change = self.log_moving(queue, &mut locked, records, Vec::new())?;
        locked.index.resume(subscription, false, front, cursor.states);
        for MovingDelivery { position, standing, .. } in deliveries {
            if let DeliveryStanding::Open { due, lease: Some(lease), .. } = standing {
                locked.index.lend(subscription, position.get(), *lease, *due);
            }
        }
        Ok(change)
    }

    fn log_moving(
        &self,
        queue: &Arc<Queue>,
        locked: &mut Locked<'_>,
        records: Vec<u8>,
        attempts: Vec<NewAttempt>,
    ) -> StorageResult<Acknowledgement> {
        if locked.is_dropped {
            return Err(StorageError::NotFound("queue"));
        }
        let (reply, receiver) = oneshot::channel();
        let operation = Operation::Attempts { queue: Arc::clone(queue), records, attempts, reply };
        locked.last_ticket = self.writer.submit(operation)?;
        Ok(receiver)
    }
}

/// A cursor at the beginning, without any delivery.
fn beginning(queue: &Queue, subscription: SubscriptionId) -> CursorRecord {
    CursorRecord {
        destination: queue.number,
        subscription,
        reset: true,
        front: FROM_THE_START,
        states: Vec::new(),
    }
}

/// Waits for several changes, which share as few commits as possible.
async fn all(changes: Vec<Acknowledgement>) -> StorageResult<()> {
    for change in changes {
        answer(change).await?;
    }
    Ok(())
}
