//! Deliveries: leasing them, recording their outcomes, and redelivering.

pub(crate) mod attempts;
mod confirmations;
mod leasing;
mod orphaned_leases;
pub(crate) mod recording;

use std::collections::BTreeMap;
use std::sync::Arc;

use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, ConfirmationAttempt, DeliveryReport, Destination,
    FailedDelivery, LeaseId, Marker, MessageId, Page, PageRequest, Paused, SubscriptionId, Timestamp,
};
use zaqar_storage::{Deliveries, Due, LeaseRequest, Leased, Redelivery, StorageResult, SubscriptionShare};

use crate::EmbeddedMessageStore;
use crate::deliveries::leasing::OwedMessages;
use crate::deliveries::recording::{Acknowledgement, RECORDED_AT_ONCE, Recording};
use crate::log::{DeliveryFailure, DeliveryState};
use crate::queues::{Locked, Queue};

/// Maximum number of failed deliveries redelivered in one commit.
const OWED_AT_ONCE: usize = 1000;

#[async_trait::async_trait]
impl Deliveries for EmbeddedMessageStore {
    async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due> {
        self.writer.check_open()?;
        Ok(self.due_now(share, limit, now))
    }

    async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Leased> {
        Ok(self.lease_due(request, now).await?.into())
    }

    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
        let mut by_source: BTreeMap<u64, Vec<&DeliveryReport>> = BTreeMap::new();
        for report in reports {
            by_source.entry(report.source.number.get()).or_default().push(report);
        }
        let (mut changes, mut result) = (Vec::new(), Ok(()));
        for (number, reports) in by_source {
            let Some(queue) = self.queues.find(number) else { continue };
            for reports in reports.chunks(RECORDED_AT_ONCE) {
                let mut locked = match self.queues.lock_at(&queue, now).here() {
                    Ok(locked) => locked,
                    Err(moved) => {
                        result = Err(moved);
                        continue;
                    }
                };
                let recording =
                    Recording::of_reports(&queue, &mut locked.index, lease, reports.iter().copied(), now);
                let change = recording.make(&self.writer, &queue, &mut locked)?;
                changes.push((Arc::clone(&queue), change));
            }
        }
        self.writer.check_open()?;
        for (queue, change) in changes {
            self.done(&queue, change).await?;
        }
        result
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
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        if let Some(queue) = self.find(source)? {
            self.queues.lock(&queue).here()?.index.pause(subscription, paused, until);
        }
        Ok(())
    }

    async fn wait_for_due(&self) -> StorageResult<()> {
        let changed = self.queues.schedule.changed.notified();
        self.writer.check_open()?;
        changed.await;
        self.writer.check_open()
    }

    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        which: Redelivery,
        now: Timestamp,
    ) -> StorageResult<u64> {
        let Some(queue) = self.find(source)? else { return Ok(0) };
        match which {
            Redelivery::Message(message) => self.redeliver_message(&queue, subscription, message, now).await,
            Redelivery::FailedSince(since) => self.redeliver_failed(&queue, subscription, since, now).await,
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
        let mut messages = OwedMessages::default();
        let failed: Vec<(MessageId, Marker, DeliveryFailure)> = {
            let locked = self.queues.lock_at(&queue, now).here()?;
            let Some(cursor) = locked.index.cursor(subscription) else { return Ok(Page::empty()) };
            let from = page.marker.map_or(0, |marker| marker.get().saturating_add(1));
            let behind = cursor.failed().range(from..);
            behind
                .filter(|(sequence, _)| locked.index.owed_message(**sequence).is_some())
                .take(page.limit)
                .map(|(sequence, failure)| {
                    let id = messages.find(self, &locked, *sequence);
                    (id, Marker::new(*sequence), failure.clone())
                })
                .collect()
        };
        let next = failed.last().map(|(_, position, _)| *position);
        let messages = messages.read().await?;
        let items =
            failed.into_iter().filter_map(|(id, position, DeliveryFailure { at, attempts, reason })| {
                let message = messages.get(&id)?.clone();
                Some(FailedDelivery { message, position, attempts, failed: at, reason })
            });
        Ok(Page { items: items.collect(), next })
    }

    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<AttemptRecord, AttemptNumber>> {
        self.record_orphaned_leases(source, subscription, now).await?;
        let below = page.marker.map_or(u64::MAX, AttemptNumber::get);
        let found = self.find_attempts(source, subscription, below, filter, now)?;
        attempts::read(found, *filter, page.limit).await
    }
}

impl EmbeddedMessageStore {
    async fn redeliver_message(
        &self,
        queue: &Arc<Queue>,
        subscription: SubscriptionId,
        message: MessageId,
        now: Timestamp,
    ) -> StorageResult<u64> {
        let receiver = {
            let mut locked = self.queues.lock_at(queue, now).here()?;
            let index = &locked.index;
            let found = index.cursor(subscription).zip(index.find_posted(message));
            let is_live = |at| index.owed_message(at).is_some_and(|entry| now < entry.expires);
            let Some((cursor, sequence)) = found.filter(|(_, at)| is_live(*at)) else { return Ok(0) };
            let is_due_already = sequence >= cursor.front() && index.due_from(subscription, sequence) <= now;
            if is_due_already || cursor.is_leased(sequence, now) {
                None
            } else {
                self.owe(queue, &mut locked, subscription, &[sequence], now)?
            }
        };
        self.done(queue, receiver).await?;
        Ok(1)
    }

    async fn redeliver_failed(
        &self,
        queue: &Arc<Queue>,
        subscription: SubscriptionId,
        since: Timestamp,
        now: Timestamp,
    ) -> StorageResult<u64> {
        // Under one lock, so that the queue does not move in the middle. No more failures are kept than FAILURES_KEPT.
        let (owed, changes) = {
            let mut locked = self.queues.lock_at(queue, now).here()?;
            let cursor = locked.index.cursor(subscription);
            let failed = cursor.into_iter().flat_map(|cursor| cursor.failed().iter());
            let since = failed.filter(|(_, failure)| failure.at >= since).map(|(sequence, _)| *sequence);
            let sequences: Vec<u64> = since
                .filter(|sequence| {
                    locked.index.owed_message(*sequence).is_some_and(|entry| now < entry.expires)
                })
                .collect();
            let mut changes = Vec::new();
            for sequences in sequences.chunks(OWED_AT_ONCE) {
                changes.push(self.owe(queue, &mut locked, subscription, sequences, now)?);
            }
            if changes.is_empty() {
                // Another call may just be making the same change: it is waited for.
                changes.push(None);
            }
            (sequences.len() as u64, changes)
        };
        for change in changes {
            self.done(queue, change).await?;
        }
        Ok(owed)
    }

    /// Redelivers messages that a subscription had, or waits to retry.
    fn owe(
        &self,
        queue: &Arc<Queue>,
        locked: &mut Locked<'_>,
        subscription: SubscriptionId,
        sequences: &[u64],
        now: Timestamp,
    ) -> StorageResult<Option<Acknowledgement>> {
        let mut recording = Recording::default();
        recording.end_orphaned_leases(queue, &mut locked.index, subscription, now);
        for sequence in sequences {
            recording.end_unknown(queue, &mut locked.index, subscription, *sequence);
            recording.set_state(subscription, *sequence, DeliveryState::Waiting { due: now, attempts: 0 });
        }
        recording.make(&self.writer, queue, locked)
    }
}
