//! Deliveries: leased, recorded, owed once more.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::{
    AttemptNumber, ConfirmationAttempt, Delivery, DeliveryReport, Destination, FailedDelivery, KeptAttempt,
    LeaseId, Marker, MessageId, Page, PageRequest, StoredMessage, Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::{Deliveries, LeaseLimits, StorageResult};

use crate::EmbeddedMessageStore;
use crate::log::{Failure, Record, Standing, StandingRecord};
use crate::queues::{Locked, Queue};
use crate::read::{Found, stored_messages};
use crate::recording::Recording;
use crate::schedule::Turn;
use crate::subscriptions::shown;

/// How many reports go into the log in one piece: few enough to fit into the smallest segment.
pub(crate) const RECORDED_AT_ONCE: usize = 64;
/// How many failed deliveries one commit owes once more.
const OWED_AT_ONCE: usize = 1000;

#[async_trait::async_trait]
impl Deliveries for EmbeddedMessageStore {
    async fn lease(
        &self,
        lease: LeaseId,
        until: Timestamp,
        limits: LeaseLimits,
        now: Timestamp,
    ) -> StorageResult<Vec<Delivery>> {
        self.writer.check_open()?;
        let mut leased = Leased::default();
        while leased.taken.len() < limits.total && now < until {
            let Some(turn) = self.next_turn(limits.per_subscription, now) else { break };
            let left = limits.total - leased.taken.len();
            let share = (left / turn.ready).max(1);
            let key = (turn.queue.number, turn.id);
            let mut locked = self.queues.lock_at(&turn.queue, now);
            let subscription = locked.index.subscriptions.get(turn.id).cloned();
            let Some((kept, source)) = subscription.zip(turn.queue.identity.get()) else {
                // What the queue is called is lost with a damaged checkpoint: the next post says it again.
                locked.index.wait_for_post(turn.id);
                self.queues.schedule.place(key, None, true, now);
                continue;
            };
            let limit = (share, limits.per_subscription);
            let taken = locked.index.lease(turn.id, (lease, until), limit, now);
            let due = locked.index.next_due(turn.id, limits.per_subscription, now);
            self.queues.schedule.place(key, due, true, now);
            let subscription = shown(source, &kept)?;
            for (sequence, attempts) in taken {
                let id = leased.find(self, &locked, sequence);
                leased.taken.push((subscription.clone(), id, Marker::new(sequence), attempts));
            }
        }
        leased.read().await
    }

    async fn record(
        &self,
        lease: LeaseId,
        reports: Vec<DeliveryReport>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut by_source: BTreeMap<u64, Vec<DeliveryReport>> = BTreeMap::new();
        for report in reports {
            by_source.entry(report.source.number.get()).or_default().push(report);
        }
        let mut changes = Vec::new();
        for (number, reports) in by_source {
            let Some(queue) = self.queues.find(number) else { continue };
            for reports in reports.chunks(RECORDED_AT_ONCE) {
                let mut locked = self.queues.lock_at(&queue, now);
                let recording = Recording::new(&queue, &mut locked.index, lease, reports, now);
                let change = recording.make(&self.writer, &queue, &mut locked)?;
                changes.push((Arc::clone(&queue), change));
            }
        }
        self.writer.check_open()?;
        for (queue, change) in changes {
            self.done(&queue, change).await?;
        }
        Ok(())
    }

    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()> {
        let Some(queue) = self.find(source)? else { return Ok(()) };
        let change = self.keep_confirmation(&queue, subscription, attempt, now)?;
        self.done(&queue, change).await
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        until: Timestamp,
    ) -> StorageResult<()> {
        if let Some(queue) = self.find(source)? {
            self.queues.lock(&queue).index.pause(subscription, until);
        }
        Ok(())
    }

    async fn next_due(&self, per_subscription: usize, now: Timestamp) -> StorageResult<Option<Timestamp>> {
        self.writer.check_open()?;
        while let Some(turn) = self.next_turn(per_subscription, now) {
            let due = self.look(&turn.queue, turn.id, per_subscription, now);
            if due.is_some_and(|due| due <= now) {
                return Ok(due);
            }
        }
        // What a timer was set for may have expired since.
        while let Some((at, (number, id))) = self.queues.schedule.first_timer() {
            match self.queues.find(number) {
                Some(queue) if self.look(&queue, id, per_subscription, now) == Some(at) => {
                    return Ok(Some(at));
                }
                Some(_) => {}
                None => self.queues.schedule.place((number, id), None, false, now),
            }
        }
        Ok(None)
    }

    async fn wait_for_owed(&self) -> StorageResult<()> {
        let changed = self.queues.schedule.changed.notified();
        self.writer.check_open()?;
        changed.await;
        self.writer.check_open()
    }

    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        message: MessageId,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let Some(queue) = self.find(source)? else { return Ok(false) };
        let receiver = {
            let mut locked = self.queues.lock_at(&queue, now);
            let index = &locked.index;
            let found = index.cursor(subscription).zip(index.find_posted(message));
            let Some((cursor, sequence)) = found else { return Ok(false) };
            if sequence >= cursor.front() || cursor.is_leased(sequence, now) {
                None
            } else {
                Some(self.owe(&queue, &mut locked, subscription, &[sequence], now)?)
            }
        };
        self.done(&queue, receiver).await?;
        Ok(true)
    }

    async fn redeliver_failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        since: Timestamp,
        now: Timestamp,
    ) -> StorageResult<u64> {
        let Some(queue) = self.find(source)? else { return Ok(0) };
        // Each failure once: what is owed again may fail again before all are.
        let (mut owed, mut next) = (0, 0);
        loop {
            let receiver = {
                let mut locked = self.queues.lock_at(&queue, now);
                let cursor = locked.index.cursor(subscription);
                let failed = cursor.into_iter().flat_map(|cursor| cursor.failed().range(next..));
                let since = failed.filter(|(_, failure)| failure.at >= since).map(|(sequence, _)| *sequence);
                let sequences: Vec<u64> = since
                    .filter(|sequence| locked.index.owed_message(*sequence).is_some())
                    .take(OWED_AT_ONCE)
                    .collect();
                owed += sequences.len() as u64;
                match sequences.last() {
                    None => None,
                    Some(last) => {
                        next = last.saturating_add(1);
                        Some(self.owe(&queue, &mut locked, subscription, &sequences, now)?)
                    }
                }
            };
            let is_last = receiver.is_none();
            self.done(&queue, receiver).await?;
            if is_last {
                return Ok(owed);
            }
        }
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        let Some(queue) = self.find(source)? else { return Ok(Page::empty()) };
        let mut read = Leased::default();
        let failed: Vec<(MessageId, Marker, Failure)> = {
            let locked = self.queues.lock_at(&queue, now);
            let Some(cursor) = locked.index.cursor(subscription) else { return Ok(Page::empty()) };
            let from = page.marker.map_or(0, |marker| marker.get().saturating_add(1));
            let behind = cursor.failed().range(from..);
            behind
                .filter(|(sequence, _)| locked.index.owed_message(**sequence).is_some())
                .take(page.limit)
                .map(|(sequence, failure)| {
                    let id = read.find(self, &locked, *sequence);
                    (id, Marker::new(*sequence), failure.clone())
                })
                .collect()
        };
        let next = failed.last().map(|(_, position, _)| *position);
        let messages = read.messages().await?;
        let items = failed.into_iter().filter_map(|(id, position, Failure { at, attempts, reason })| {
            let message = messages.get(&id)?.clone();
            Some(FailedDelivery { message, position, attempts, failed: at, reason })
        });
        Ok(Page { items: items.collect(), next })
    }

    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<KeptAttempt, AttemptNumber>> {
        let below = page.marker.map_or(u64::MAX, AttemptNumber::get);
        let found = self.find_attempts(source, subscription, below, None, page.limit, now)?;
        let next = found.last().map(|found| AttemptNumber::new(found.number));
        Ok(Page { items: crate::attempts::read(found).await?, next })
    }

    async fn attempts_of_message(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        message: MessageId,
        now: Timestamp,
    ) -> StorageResult<Vec<KeptAttempt>> {
        let found = self.find_attempts(source, subscription, u64::MAX, Some(message), usize::MAX, now)?;
        crate::attempts::read(found).await
    }
}

/// A subscription whose turn it is.
struct SubscriptionTurn {
    queue: Arc<Queue>,
    id: SubscriptionId,
    /// How many subscriptions are ready, this one among them.
    ready: usize,
}

impl EmbeddedMessageStore {
    fn next_turn(&self, per_subscription: usize, now: Timestamp) -> Option<SubscriptionTurn> {
        let schedule = &self.queues.schedule;
        loop {
            match schedule.next_turn(per_subscription, now)? {
                Turn::Posted(number) => {
                    if let Some(queue) = self.queues.find(number) {
                        let mut locked = self.queues.lock(&queue);
                        schedule.make_ready(number, locked.index.take_caught_up());
                    }
                }
                Turn::Ready((number, id), ready) => match self.queues.find(number) {
                    Some(queue) => return Some(SubscriptionTurn { queue, id, ready }),
                    None => schedule.place((number, id), None, true, now),
                },
            }
        }
    }

    /// Puts a subscription into its place; answers when it is due.
    fn look(
        &self,
        queue: &Queue,
        id: SubscriptionId,
        per_subscription: usize,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut locked = self.queues.lock_at(queue, now);
        let due = locked.index.next_due(id, per_subscription, now);
        self.queues.schedule.place((queue.number, id), due, false, now);
        due
    }

    /// Owes messages once more that a subscription was done with, or waits to try.
    fn owe(
        &self,
        queue: &Queue,
        locked: &mut Locked<'_>,
        subscription: SubscriptionId,
        sequences: &[u64],
        now: Timestamp,
    ) -> StorageResult<oneshot::Receiver<StorageResult<()>>> {
        let at_once = Standing::Waiting { due: now, attempts: 0 };
        let standings = sequences.iter().map(|sequence| (*sequence, at_once.clone())).collect();
        let record = StandingRecord { destination: queue.number, subscription, standings };
        let receiver = self.log(locked, &Record::Standing(record))?;
        for sequence in sequences {
            locked.index.set_standing(subscription, *sequence, at_once.clone());
        }
        Ok(receiver)
    }
}

/// What a lease took, on the way from the index to the caller.
#[derive(Default)]
struct Leased {
    taken: Vec<(Subscription, MessageId, Marker, u32)>,
    /// The messages, each once.
    found: Vec<Found>,
    ids: HashSet<MessageId>,
}

impl Leased {
    /// Notes where a message is to be read from; answers its id.
    fn find(&mut self, store: &EmbeddedMessageStore, locked: &Locked<'_>, sequence: u64) -> MessageId {
        let id = locked.index.id_of(sequence);
        if let Some(entry) = locked.index.owed_message(sequence)
            && self.ids.insert(id)
        {
            self.found.push(Found::owed(&store.queues.segments, id, entry));
        }
        id
    }

    async fn messages(&mut self) -> StorageResult<HashMap<MessageId, StoredMessage>> {
        let read = stored_messages(std::mem::take(&mut self.found)).await?;
        Ok(read.into_iter().map(|stored| (stored.message.id, stored)).collect())
    }

    /// A message that cannot be read stays leased, and is tried again when the lease ends.
    async fn read(mut self) -> StorageResult<Vec<Delivery>> {
        let messages = self.messages().await?;
        let deliveries = self.taken.into_iter().filter_map(|(subscription, id, position, attempts)| {
            let message = messages.get(&id)?.clone();
            Some(Delivery { subscription, message, position, attempts })
        });
        Ok(deliveries.collect())
    }
}
