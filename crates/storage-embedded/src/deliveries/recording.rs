//! The outcomes of leased deliveries: determined under the queue's lock, logged, and only then applied to the index.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::{Attempt, AttemptEnd, DeliveryOutcome, DeliveryReport, LeaseId, SubscriptionId, Timestamp};
use zaqar_storage::StorageResult;

use crate::index::{AttemptEntry, QueueIndex};
use crate::log::{DeliveryFailure, DeliveryState, DeliveryStateRecord, Location, LoggedAttempt, Record};
use crate::queues::{Locked, Queue};
use crate::writer::{LogWriter, NewAttempt, Operation};

/// Resolves when the change is durable.
pub(crate) type Acknowledgement = oneshot::Receiver<StorageResult<()>>;

/// Maximum number of deliveries in one operation: small enough for the smallest segment.
pub(crate) const RECORDED_AT_ONCE: usize = 64;

/// Changes to the deliveries of one queue.
#[derive(Default)]
pub(crate) struct Recording<'a> {
    states: BTreeMap<SubscriptionId, Vec<(u64, DeliveryState)>>,
    attempts: Vec<LoggedAttempt<'a>>,
}

impl<'a> Recording<'a> {
    /// The outcomes of deliveries. Deliveries that the lease no longer has are skipped.
    pub(crate) fn of_reports(
        queue: &Queue,
        index: &mut QueueIndex,
        lease: LeaseId,
        reports: impl IntoIterator<Item = &'a DeliveryReport> + Clone,
        now: Timestamp,
    ) -> Self {
        let mut recording = Self::default();
        let mut seen = HashSet::new();
        let subscriptions: BTreeSet<_> =
            reports.clone().into_iter().map(|report| report.subscription).collect();
        for subscription in subscriptions {
            recording.end_orphaned_leases(queue, index, subscription, now);
        }
        for DeliveryReport { subscription, position, outcome, .. } in reports {
            let (subscription, sequence) = (*subscription, position.get());
            let Some(cursor) = index.cursor(subscription) else { continue };
            let Some(open) = cursor.leased_by(sequence, lease) else { continue };
            if !seen.insert((subscription, sequence)) || index.is_orphaned(cursor, sequence, now) {
                continue;
            }
            let attempts = open.attempts.saturating_add(1);
            let (standing, attempt, end) = match outcome {
                DeliveryOutcome::Postponed(due) => {
                    let waiting = DeliveryState::Waiting { due: *due, attempts: open.attempts };
                    recording.set_state(subscription, sequence, waiting);
                    continue;
                }
                DeliveryOutcome::Expired(reason) => {
                    let failure =
                        DeliveryFailure { at: now, attempts: open.attempts, reason: reason.clone() };
                    recording.set_state(subscription, sequence, DeliveryState::Failed(failure));
                    continue;
                }
                DeliveryOutcome::Delivered(attempt) => (DeliveryState::Done, attempt, AttemptEnd::Delivered),
                DeliveryOutcome::RetryAt(at, attempt) => {
                    let has_expired = index.owed_message(sequence).is_some_and(|own| own.expires <= now);
                    let due = if has_expired { now.min(*at) } else { *at };
                    (DeliveryState::Waiting { due, attempts }, attempt, AttemptEnd::RetryAt(*at))
                }
                DeliveryOutcome::GivenUp(reason, attempt) => {
                    let failure = DeliveryFailure { at: now, attempts, reason: reason.clone() };
                    (DeliveryState::Failed(failure), attempt, AttemptEnd::GivenUp)
                }
            };
            recording.set_state(subscription, sequence, standing);
            recording.keep(queue, index, (subscription, sequence), Cow::Borrowed(attempt), end);
        }
        recording
    }

    /// Sets the state of a delivery.
    pub(crate) fn set_state(&mut self, subscription: SubscriptionId, sequence: u64, standing: DeliveryState) {
        self.states.entry(subscription).or_default().push((sequence, standing));
    }

    /// Ends the deliveries of a subscription whose messages expired while they were under way, and whose outcome was
    /// never reported. Called before any other attempt of the subscription is recorded, so that attempts are in
    /// order.
    pub(crate) fn end_orphaned_leases(
        &mut self,
        queue: &Queue,
        index: &mut QueueIndex,
        subscription: SubscriptionId,
        now: Timestamp,
    ) {
        for sequence in index.orphaned_leases(subscription, now) {
            self.end_unknown(queue, index, subscription, sequence);
            self.set_state(subscription, sequence, DeliveryState::Done);
        }
    }

    /// Records an attempt with an unknown outcome, if the delivery is under a lease: that lease has ended, and its
    /// outcome will not be reported.
    pub(crate) fn end_unknown(
        &mut self,
        queue: &Queue,
        index: &mut QueueIndex,
        subscription: SubscriptionId,
        sequence: u64,
    ) {
        let open = index.cursor(subscription).and_then(|cursor| cursor.get(sequence));
        if let Some(lease) = open.and_then(|open| open.lease) {
            let attempt = Cow::Owned(Attempt::without_end(lease.since));
            self.keep(queue, index, (subscription, sequence), attempt, AttemptEnd::Unknown);
        }
    }

    fn keep(
        &mut self,
        queue: &Queue,
        index: &mut QueueIndex,
        (subscription, sequence): (SubscriptionId, u64),
        attempt: Cow<'a, Attempt>,
        end: AttemptEnd,
    ) {
        let (destination, number) = (queue.number, index.attempts.next_number(subscription));
        let message = index.id_of(sequence);
        self.attempts.push(LoggedAttempt {
            destination,
            subscription,
            number,
            message,
            confirmation: None,
            attempt,
            end,
        });
    }

    /// Logs the changes and applies them to the index. `None` if there are none.
    pub(crate) fn make(
        self,
        writer: &LogWriter,
        queue: &Arc<Queue>,
        locked: &mut Locked<'_>,
    ) -> StorageResult<Option<Acknowledgement>> {
        if self.states.is_empty() {
            return Ok(None);
        }
        let change = self.log(writer, queue, locked)?;
        for (subscription, states) in self.states {
            for (sequence, standing) in states {
                locked.index.set_state(subscription, sequence, standing);
            }
        }
        Ok(Some(change))
    }

    /// Submits the changes to the writer. The attempts are visible when they are durable.
    pub(crate) fn log(
        &self,
        writer: &LogWriter,
        queue: &Arc<Queue>,
        locked: &mut Locked<'_>,
    ) -> StorageResult<Acknowledgement> {
        let (reply, change) = oneshot::channel();
        let (records, attempts) = self.encode(queue);
        let queue = Arc::clone(queue);
        locked.last_ticket = writer.submit(Operation::Attempts { queue, records, attempts, reply })?;
        Ok(change)
    }

    fn encode(&self, queue: &Queue) -> (Vec<u8>, Vec<NewAttempt>) {
        let mut records = Vec::with_capacity(256);
        for (subscription, states) in &self.states {
            let (subscription, states) = (*subscription, Cow::Borrowed(states.as_slice()));
            Record::DeliveryState(DeliveryStateRecord { destination: queue.number, subscription, states })
                .encode(&mut records);
        }
        let attempts = self.attempts.iter().map(|attempt| encode_attempt(attempt, &mut records));
        let attempts = attempts.collect();
        (records, attempts)
    }
}

/// Appends an attempt to other records.
pub(crate) fn encode_attempt(attempt: &LoggedAttempt<'_>, records: &mut Vec<u8>) -> NewAttempt {
    let number = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let start = records.len();
    Record::Attempt(LoggedAttempt { attempt: Cow::Borrowed(&attempt.attempt), ..*attempt }).encode(records);
    let location = Location { segment: 0, offset: number(start), length: number(records.len() - start) };
    let entry = AttemptEntry { location, message: attempt.message, at: attempt.attempt.at };
    NewAttempt { subscription: attempt.subscription, number: attempt.number, entry }
}
