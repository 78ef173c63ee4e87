//! One commit in the making: what it says, and what it will show when it is durable.

mod arrivals;
mod publish;
mod relocation;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use zaqar_model::MessageId;
use zaqar_storage::StorageError;

use super::{NewAttempt, Reply};
use crate::index::AttemptEntry;
use crate::log::{ENVELOPE_HEADER, Location, Record};
use crate::queues::Queue;
use arrivals::Arrival;
use relocation::{Moved, Unreadable};

/// What one commit will show.
#[derive(Default)]
pub(super) struct Batch {
    /// The commit's bytes; the header's room comes first.
    pub(in crate::writer) buffer: Vec<u8>,
    /// Whether it says what an index knows already.
    pub(in crate::writer) has_changes: bool,
    arrivals: Vec<Arrival>,
    /// Attempts that come on record, by queue. Their locations count from the start of the batch's records.
    attempts: Vec<(Arc<Queue>, Vec<NewAttempt>)>,
    moved: Vec<Moved>,
    unreadable: Vec<Unreadable>,
    /// The sequence numbers from which queues that came from another store go on.
    skips: Vec<(Arc<Queue>, u64)>,
    answers: Vec<Answer>,
    /// The queues that have more than before, once it is shown.
    arrived: Vec<Arc<Queue>>,
    /// Exhausted messages that the batch has moved elsewhere.
    departures: Vec<(Arc<Queue>, Vec<u64>)>,
    /// The ids that the batch brings with it, not in an index yet.
    adopted: HashSet<(u64, MessageId)>,
    /// The sequence numbers in `departures`, still in an index.
    left: HashSet<(u64, u64)>,
    /// Above all sequence numbers that were given out, by it or before.
    pub(in crate::writer) sequence_floor: u64,
}

enum Answer {
    Ids(Reply<Vec<MessageId>>, Vec<MessageId>),
    Done(Reply<()>),
}

impl Batch {
    pub(in crate::writer) fn begin(&mut self, sequence_floor: u64) {
        self.buffer.clear();
        self.buffer.resize(ENVELOPE_HEADER, 0);
        self.adopted.clear();
        self.left.clear();
        self.has_changes = false;
        self.sequence_floor = self.sequence_floor.max(sequence_floor);
    }

    pub(in crate::writer) fn log(&mut self, records: &[u8], reply: Reply<()>) {
        self.has_changes |= !records.is_empty();
        self.buffer.extend_from_slice(records);
        self.answers.push(Answer::Done(reply));
    }

    pub(in crate::writer) fn record(
        &mut self,
        queue: &Arc<Queue>,
        records: &[u8],
        attempts: &[NewAttempt],
        reply: Reply<()>,
    ) {
        let start = number(self.buffer.len() - ENVELOPE_HEADER);
        let attempts = attempts.iter().map(|new| {
            let location = Location { offset: start + new.entry.location.offset, ..new.entry.location };
            NewAttempt { entry: AttemptEntry { location, ..new.entry }, ..*new }
        });
        self.attempts.push((Arc::clone(queue), attempts.collect()));
        self.log(records, reply);
    }

    /// Says once in the log which queue a number stands for.
    fn identify(&mut self, queue: &Queue) {
        if let Some(identity) = queue.identity.get()
            && !queue.identity_is_logged.swap(true, Ordering::Relaxed)
        {
            self.encode(&Record::destination(identity));
        }
    }

    /// Appends a record; answers where it lies, counted from the start of the records.
    fn encode(&mut self, record: &Record<'_>) -> Location {
        let start = self.buffer.len();
        record.encode(&mut self.buffer);
        Location {
            segment: 0,
            offset: number(start - ENVELOPE_HEADER),
            length: number(self.buffer.len() - start),
        }
    }

    pub(in crate::writer) fn succeed(&mut self) {
        for answer in self.answers.drain(..) {
            match answer {
                Answer::Ids(reply, ids) => drop(reply.send(Ok(ids))),
                Answer::Done(reply) => drop(reply.send(Ok(()))),
            }
        }
        // Behind the answers: there may be many who wait.
        self.arrived.drain(..).for_each(|queue| queue.arrivals.notify_waiters());
    }

    pub(in crate::writer) fn fail(&mut self, reason: &str) {
        for arrival in self.arrivals.drain(..) {
            arrival.queue.identity_is_logged.store(false, Ordering::Relaxed);
        }
        self.attempts.clear();
        self.moved.clear();
        self.unreadable.clear();
        self.skips.clear();
        self.departures.clear();
        for answer in self.answers.drain(..) {
            match answer {
                Answer::Ids(reply, _) => drop(reply.send(Err(StorageError::unavailable(reason.to_owned())))),
                Answer::Done(reply) => drop(reply.send(Err(StorageError::unavailable(reason.to_owned())))),
            }
        }
    }
}

/// A number of bytes within a commit, which is far smaller than 4 GiB.
fn number(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
