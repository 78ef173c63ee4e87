//! Maintenance: reclaims space and writes checkpoints. Segments without live records are retired; live records in the
//! oldest segment are copied forward so that it can be retired, too.
//!
//! A segment is retired only from the tail of the log and only behind a checkpoint, which has the effects of its
//! records. So a message never outlives the record that removed it.

use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::SubscriptionId;
use zaqar_storage::{StorageError, StorageResult};

use crate::checkpoint::{self, BYTES_PER_MESSAGE};
use crate::index::{Entry, RecordKey};
use crate::log::{Location, Position, Segment};
use crate::queues::{Queue, Queues};
use crate::writer::{LogWriter, Operation};

/// Number of segments below which nothing is copied forward.
const SPARED_SEGMENTS: usize = 4;
/// A checkpoint is written once the log has grown by this multiple of its size. That bounds the share of checkpoints
/// in the bytes written.
const GROWTH_PER_CHECKPOINT: u64 = 8;
/// Maximum number of segments whose records are copied forward in one round.
const COPIED_SEGMENTS: usize = 8;
/// Maximum number of messages examined under one lock of a queue.
const LOOKED_AT_ONCE: usize = 4096;
/// Number of bytes copied forward before the round waits for the writer.
const COPIED_AT_ONCE: usize = 1 << 20;
/// A checkpoint below this size is read at once.
const SMALL_CHECKPOINT: u64 = 1 << 20;
/// Number of segments written before a checkpoint is considered, at least.
const SEGMENTS_PER_CHECKPOINT: u64 = 4;

/// The state between two rounds.
#[derive(Debug)]
pub(crate) struct Maintenance {
    queues: Arc<Queues>,
    writer: Arc<LogWriter>,
    /// The position of the last checkpoint.
    checkpoint: Option<Position>,
    /// Size of the last checkpoint in bytes.
    last_size: u64,
}

impl Maintenance {
    pub(crate) const fn new(
        queues: Arc<Queues>,
        writer: Arc<LogWriter>,
        checkpoint: Option<Position>,
    ) -> Self {
        Self { queues, writer, checkpoint, last_size: 0 }
    }

    pub(crate) fn round(&mut self, closing: bool) -> StorageResult<()> {
        // First the part that needs no space: on a full disk the rest may fail.
        self.retire()?;
        let copied = if closing { Ok(()) } else { self.copy_forward() };
        let end = self.position()?;
        if closing || self.wants_checkpoint(end) {
            self.make_checkpoint()?;
            self.retire()?;
        }
        copied
    }

    fn make_checkpoint(&mut self) -> StorageResult<()> {
        let position = self.position()?;
        if self.checkpoint == Some(position) {
            return Ok(());
        }
        let bytes = checkpoint::encode(position, &self.queues);
        // This returns once everything that the queues knew is durable.
        self.position()?;
        let segments = &self.queues.segments;
        checkpoint::write(&*segments.disk, &segments.directory, &bytes).map_err(StorageError::driver)?;
        self.checkpoint = Some(position);
        self.last_size = bytes.len() as u64;
        Ok(())
    }

    fn wants_checkpoint(&self, end: Position) -> bool {
        let size = self.queues.segments.size;
        let sealed = self.sealed(end);
        let covered = self.checkpoint.map_or(0, |checkpoint| checkpoint.segment);
        let grown = sealed.iter().filter(|(number, _)| *number >= covered).count() as u64 * size + end.offset;
        let cost = self.checkpoint_size() * GROWTH_PER_CHECKPOINT;
        let retirable = sealed.iter().take_while(|(_, live)| *live == 0);
        let waiting = retirable.filter(|(number, _)| *number >= covered).count() as u64;
        // The next start need not read the messages that are gone since.
        let shrunk = self.last_size > SMALL_CHECKPOINT && cost < self.last_size;
        shrunk
            || grown >= cost.max(SEGMENTS_PER_CHECKPOINT * size)
            || (waiting >= 2 && waiting * size >= cost)
    }

    /// The segments that are no longer written, oldest first, with the number of live bytes in each.
    fn sealed(&self, end: Position) -> Vec<(u32, u64)> {
        let all = self.queues.segments.all();
        let sealed = all.iter().filter(|segment| segment.number < end.segment);
        sealed.map(|segment| (segment.number, segment.live())).collect()
    }

    fn checkpoint_size(&self) -> u64 {
        let queues = self.queues.all();
        let entries: u64 = queues.iter().map(|queue| self.queues.lock(queue).index.entries()).sum();
        entries * BYTES_PER_MESSAGE + queues.len() as u64 * 200
    }

    /// Retires the segments at the tail that have no live record and are covered by the checkpoint.
    fn retire(&self) -> StorageResult<()> {
        let covered = self.checkpoint.map_or(0, |checkpoint| checkpoint.segment);
        let sealed = self.sealed(self.position()?);
        for (segment, _) in sealed.into_iter().take_while(|(number, live)| *live == 0 && *number < covered) {
            self.ask(|reply| Operation::Retire { segment, reply })?;
        }
        Ok(())
    }

    /// While less than half of the log is live and there are segments to spare, copies the live records of the oldest
    /// one to the end: a message that stays long never pins the space of the others.
    fn copy_forward(&self) -> StorageResult<()> {
        let mut done = 0;
        for _ in 0..COPIED_SEGMENTS {
            let sealed: Vec<_> =
                self.sealed(self.position()?).into_iter().filter(|(number, _)| *number > done).collect();
            let live: u64 = sealed.iter().map(|(_, live)| live).sum();
            let held = sealed.len() as u64 * self.queues.segments.size;
            let oldest = sealed.iter().find(|(_, live)| *live > 0);
            let Some((oldest, _)) = oldest.filter(|_| sealed.len() > SPARED_SEGMENTS && live * 2 < held)
            else {
                break;
            };
            done = *oldest;
            if let Some(segment) = self.queues.segments.get(*oldest) {
                self.copy_segment(&segment)?;
            }
        }
        Ok(())
    }

    fn copy_segment(&self, segment: &Segment) -> StorageResult<()> {
        let mut handed_over = 0;
        for queue in self.queues.all() {
            let mut from = 0;
            while let Some((living, next)) = self.living_in(&queue, segment.number, from) {
                from = next;
                for (sequence, location) in living {
                    handed_over += location.length as usize;
                    self.copy(segment, &queue, RecordKey::Message(sequence), location)?;
                }
                if handed_over > COPIED_AT_ONCE {
                    handed_over = 0;
                    self.position()?;
                }
            }
            for (id, number, location) in self.attempts_in(&queue, segment.number) {
                handed_over += location.length as usize;
                self.copy(segment, &queue, RecordKey::Attempt(id, number), location)?;
                if handed_over > COPIED_AT_ONCE {
                    handed_over = 0;
                    self.position()?;
                }
            }
        }
        // This returns once the copies are committed and the old records are free.
        self.position().map(|_| ())
    }

    /// Some of a queue's messages whose records are in a segment, and the sequence number to continue from. `None` at
    /// the end.
    fn living_in(&self, queue: &Queue, segment: u32, from: u64) -> Option<(Vec<(u64, Location)>, u64)> {
        let locked = self.queues.lock(queue);
        let mut last = None;
        let mut living = Vec::new();
        if from == 0 {
            let exhausted =
                locked.index.dead_letters.iter().map(|(sequence, _, entry)| (sequence, entry.location));
            living.extend(exhausted.filter(|(_, location)| location.segment == segment));
            last = Some(0);
        }
        let queued = locked.index.iter_from(from).map(|(sequence, entry, _)| (sequence, entry));
        for (sequence, entry) in merged(queued, locked.index.retained.iter_from(from)).take(LOOKED_AT_ONCE) {
            last = Some(sequence);
            if entry.location.segment == segment {
                living.push((sequence, entry.location));
            }
        }
        Some((living, last?.saturating_add(1)))
    }

    /// The attempts of a queue's subscriptions whose records are in a segment.
    fn attempts_in(&self, queue: &Queue, segment: u32) -> Vec<(SubscriptionId, u64, Location)> {
        let locked = self.queues.lock(queue);
        let attempts = locked.index.attempts.iter().map(|(id, number, entry)| (id, number, entry.location));
        attempts.filter(|(_, _, location)| location.segment == segment).collect()
    }

    /// Hands a record to the writer, which reads it and copies it forward.
    fn copy(
        &self,
        segment: &Segment,
        queue: &Arc<Queue>,
        key: RecordKey,
        from: Location,
    ) -> StorageResult<()> {
        let record = segment.read(from).map_err(StorageError::driver)?;
        let queue = Arc::clone(queue);
        self.writer.submit(Operation::Relocate { queue, key, from, record }).map(|_| ())
    }

    fn position(&self) -> StorageResult<Position> {
        self.ask(|reply| Operation::Position { reply })
    }

    fn ask<T>(
        &self,
        operation: impl FnOnce(oneshot::Sender<StorageResult<T>>) -> Operation,
    ) -> StorageResult<T> {
        let (reply, receiver) = oneshot::channel();
        self.writer.submit(operation(reply))?;
        receiver
            .blocking_recv()
            .unwrap_or_else(|_| Err(StorageError::unavailable("the message store is closed")))
    }
}

/// Merges two lists by sequence number.
fn merged<'a>(
    one: impl Iterator<Item = (u64, &'a Entry)>,
    other: impl Iterator<Item = (u64, &'a Entry)>,
) -> impl Iterator<Item = (u64, &'a Entry)> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some((first, _)), Some((second, _))) if second < first => other.next(),
        (None, _) => other.next(),
        _ => one.next(),
    })
}
