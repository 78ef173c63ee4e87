//! One commit in preparation: its records, and what it publishes once they are durable.

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

/// The operations of one commit.
#[derive(Default)]
pub(super) struct Batch {
    /// The bytes of the commit, beginning with space for its header.
    pub(in crate::writer) buffer: Vec<u8>,
    /// Whether it has changes that an index has already.
    pub(in crate::writer) has_changes: bool,
    arrivals: Vec<Arrival>,
    /// Attempts by queue. Their locations are relative to the start of the batch's records.
    attempts: Vec<(Arc<Queue>, Vec<NewAttempt>)>,
    moved: Vec<Moved>,
    unreadable: Vec<Unreadable>,
    /// The next sequence numbers of queues that migrate here.
    skips: Vec<(Arc<Queue>, u64)>,
    replies: Vec<PendingReply>,
    /// The queues that have new messages once it is published.
    arrived: Vec<Arc<Queue>>,
    /// Dead letters that the batch has moved to another queue.
    departures: Vec<(Arc<Queue>, Vec<u64>)>,
    /// The ids of adopted messages in the batch, not in an index yet.
    adopted: HashSet<(u64, MessageId)>,
    /// The sequence numbers in `departures`, which are still in an index.
    left: HashSet<(u64, u64)>,
    /// A sequence number above all that were assigned, in this batch or before.
    pub(in crate::writer) sequence_floor: u64,
}

enum PendingReply {
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
        self.replies.push(PendingReply::Done(reply));
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

    /// Logs the identity of a queue once.
    fn identify(&mut self, queue: &Queue) {
        if let Some(identity) = queue.identity.get()
            && !queue.identity_is_logged.swap(true, Ordering::Relaxed)
        {
            self.encode(&Record::destination(identity));
        }
    }

    /// Appends a record. Returns its location relative to the start of the records.
    fn encode(&mut self, record: &Record<'_>) -> Location {
        let start = self.buffer.len();
        record.encode(&mut self.buffer);
        Location {
            segment: 0,
            offset: number(start - ENVELOPE_HEADER),
            length: number(self.buffer.len() - start),
        }
    }

    pub(in crate::writer) fn acknowledge(&mut self) {
        for pending in self.replies.drain(..) {
            match pending {
                PendingReply::Ids(reply, ids) => drop(reply.send(Ok(ids))),
                PendingReply::Done(reply) => drop(reply.send(Ok(()))),
            }
        }
        // After the replies: many readers may wait.
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
        for pending in self.replies.drain(..) {
            match pending {
                PendingReply::Ids(reply, _) => {
                    let _ = reply.send(Err(StorageError::unavailable(reason.to_owned())));
                }
                PendingReply::Done(reply) => {
                    let _ = reply.send(Err(StorageError::unavailable(reason.to_owned())));
                }
            }
        }
    }
}

/// A number of bytes within a commit, far below 4 GiB.
fn number(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
