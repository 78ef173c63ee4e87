//! How leased deliveries ended: worked out under the queue's lock, logged, and only then brought into the index.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::{Attempt, AttemptEnd, DeliveryOutcome, DeliveryReport, LeaseId, SubscriptionId, Timestamp};
use zaqar_storage::StorageResult;

use crate::index::{AttemptEntry, QueueIndex};
use crate::log::{AttemptRecord, Failure, Location, Record, Standing, StandingRecord};
use crate::queues::{Locked, Queue};
use crate::writer::{NewAttempt, Operation, Writer};

/// What is to be done about the deliveries of one queue.
#[derive(Default)]
pub(crate) struct Recording {
    standings: BTreeMap<SubscriptionId, Vec<(u64, Standing)>>,
    /// Given back untried: the log need not know.
    postponed: Vec<(SubscriptionId, u64, Standing)>,
    attempts: Vec<AttemptRecord>,
}

impl Recording {
    /// Passes over what the lease has no longer.
    pub(crate) fn new(
        queue: &Queue,
        index: &mut QueueIndex,
        lease: LeaseId,
        reports: &[DeliveryReport],
        now: Timestamp,
    ) -> Self {
        let mut recording = Self::default();
        let mut seen = HashSet::new();
        for DeliveryReport { subscription, position, outcome, .. } in reports.iter().cloned() {
            let sequence = position.get();
            let Some(cursor) = index.cursor(subscription) else { continue };
            let Some(open) = cursor.leased_by(sequence, lease) else { continue };
            let is_moot = !cursor.is_leased(sequence, now) && index.owed_message(sequence).is_none();
            if is_moot || !seen.insert((subscription, sequence)) {
                continue;
            }
            let attempts = open.attempts.saturating_add(1);
            let (standing, attempt, end) = match outcome {
                DeliveryOutcome::Postponed(due) => {
                    let standing = Standing::Waiting { due, attempts: open.attempts };
                    recording.postponed.push((subscription, sequence, standing));
                    continue;
                }
                DeliveryOutcome::Delivered(attempt) => (Standing::Done, attempt, AttemptEnd::Delivered),
                DeliveryOutcome::RetryAt(due, attempt) => {
                    (Standing::Waiting { due, attempts }, attempt, AttemptEnd::RetryAt(due))
                }
                DeliveryOutcome::Exhausted(reason, attempt) => {
                    let failure = Failure { at: now, attempts, reason };
                    (Standing::Failed(failure), attempt, AttemptEnd::Exhausted)
                }
            };
            recording.standings.entry(subscription).or_default().push((sequence, standing));
            recording.keep(queue, index, (subscription, sequence), attempt, end);
        }
        recording
    }

    fn keep(
        &mut self,
        queue: &Queue,
        index: &mut QueueIndex,
        (subscription, sequence): (SubscriptionId, u64),
        attempt: Attempt,
        end: AttemptEnd,
    ) {
        let (destination, number) = (queue.number, index.attempts.next_number(subscription));
        let message = index.id_of(sequence);
        self.attempts.push(AttemptRecord {
            destination,
            subscription,
            number,
            message,
            confirmation: None,
            attempt,
            end,
        });
    }

    /// Logs it and brings it into the index; `None` if there is nothing to log.
    pub(crate) fn make(
        self,
        writer: &Writer,
        queue: &Arc<Queue>,
        locked: &mut Locked<'_>,
    ) -> StorageResult<Option<oneshot::Receiver<StorageResult<()>>>> {
        let mut receiver = None;
        if !self.standings.is_empty() {
            let (reply, answer) = oneshot::channel();
            let (records, attempts) = self.encode(queue);
            let queue = Arc::clone(queue);
            locked.last_ticket = writer.submit(Operation::Attempts { queue, records, attempts, reply })?;
            receiver = Some(answer);
        }
        for (subscription, standings) in self.standings {
            for (sequence, standing) in standings {
                locked.index.set_standing(subscription, sequence, standing);
            }
        }
        for (subscription, sequence, standing) in self.postponed {
            locked.index.set_standing(subscription, sequence, standing);
        }
        Ok(receiver)
    }

    fn encode(&self, queue: &Queue) -> (Vec<u8>, Vec<NewAttempt>) {
        let mut records = Vec::with_capacity(256);
        for (subscription, standings) in &self.standings {
            let (subscription, standings) = (*subscription, standings.clone());
            Record::Standing(StandingRecord { destination: queue.number, subscription, standings })
                .encode(&mut records);
        }
        let attempts = self.attempts.iter().map(|attempt| encode_attempt(attempt, &mut records));
        let attempts = attempts.collect();
        (records, attempts)
    }
}

/// Puts an attempt behind other records.
pub(crate) fn encode_attempt(attempt: &AttemptRecord, records: &mut Vec<u8>) -> NewAttempt {
    let number = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let start = records.len();
    Record::Attempt(attempt.clone()).encode(records);
    let location = Location { segment: 0, offset: number(start), length: number(records.len() - start) };
    let entry = AttemptEntry { location, message: attempt.message, at: attempt.attempt.at };
    NewAttempt { subscription: attempt.subscription, number: attempt.number, entry }
}
