//! Giving space back: retires segments in which nothing lives, copies forward what keeps the oldest one from that, and
//! makes checkpoints.
//!
//! A segment is retired only from the tail and only behind a checkpoint: whatever its records did to the queues is
//! then written down elsewhere. So a record is never outlived by a message that it would have removed.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use zaqar_model::SubscriptionId;
use zaqar_storage::{StorageError, StorageResult};

use crate::EmbeddedMessageStore;
use crate::checkpoint::{self, BYTES_PER_MESSAGE};
use crate::index::{Entry, RecordKey};
use crate::log::{Location, Position, Segment};
use crate::queues::{Queue, Queues};
use crate::writer::{Operation, Writer};

/// Segments that may stand before the cleaner looks at how much of them lives.
const SPARED_SEGMENTS: usize = 4;
/// A checkpoint is made once the log has grown by so many times the size of one: that bounds what it adds to the
/// bytes written.
const GROWTH_PER_CHECKPOINT: u64 = 8;
/// Segments whose messages are copied forward in one round, at most.
const COPIED_SEGMENTS: usize = 8;
/// How many messages of a queue are looked at before others get their turn at it.
const LOOKED_AT_ONCE: usize = 4096;
/// How many bytes are copied forward before others get their turn at the writer.
const COPIED_AT_ONCE: usize = 1 << 20;
/// A checkpoint of so many bytes is read in no time.
const SMALL_CHECKPOINT: u64 = 1 << 20;
/// Segments of log that may have to be read again at the start, at least.
const SEGMENTS_PER_CHECKPOINT: u64 = 4;

/// What the last rounds left.
#[derive(Debug)]
pub(crate) struct Housekeeping {
    queues: Arc<Queues>,
    writer: Arc<Writer>,
    /// Where reading the log would begin now.
    checkpoint: Option<Position>,
    /// How large the last checkpoint was, in bytes.
    last_size: u64,
}

impl EmbeddedMessageStore {
    /// One round; at the end of the store with a checkpoint, needed or not.
    pub(crate) async fn keep_house(&self, closing: bool) -> StorageResult<()> {
        let housekeeping = Arc::clone(&self.housekeeping);
        let round = move || lock(&housekeeping, closing).map_or(Ok(()), |mut held| held.round(closing));
        tokio::task::spawn_blocking(round).await.map_err(StorageError::driver)?
    }
}

/// A round that is under way is enough, unless it is the last.
fn lock(housekeeping: &Mutex<Housekeeping>, wait: bool) -> Option<parking_lot::MutexGuard<'_, Housekeeping>> {
    if wait { Some(housekeeping.lock()) } else { housekeeping.try_lock() }
}

impl Housekeeping {
    pub(crate) const fn new(queues: Arc<Queues>, writer: Arc<Writer>, checkpoint: Option<Position>) -> Self {
        Self { queues, writer, checkpoint, last_size: 0 }
    }

    fn round(&mut self, closing: bool) -> StorageResult<()> {
        // First what needs no room: on a full disk the rest may fail.
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
        // What the queues knew is durable when this is answered.
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
        // What is gone since need not be read at the next start.
        let shrunk = self.last_size > SMALL_CHECKPOINT && cost < self.last_size;
        shrunk
            || grown >= cost.max(SEGMENTS_PER_CHECKPOINT * size)
            || (waiting >= 2 && waiting * size >= cost)
    }

    /// The segments that are not written any more, oldest first, and how many bytes in each of them live.
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

    /// Retires what is dead at the tail and covered by the checkpoint.
    fn retire(&self) -> StorageResult<()> {
        let covered = self.checkpoint.map_or(0, |checkpoint| checkpoint.segment);
        let sealed = self.sealed(self.position()?);
        for (segment, _) in sealed.into_iter().take_while(|(number, live)| *live == 0 && *number < covered) {
            self.ask(|reply| Operation::Retire { segment, reply })?;
        }
        Ok(())
    }

    /// While less than half of the log lives, and not for want of segments, what lives in the oldest one moves to the
    /// end: one message that stays long never keeps the others' space.
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
        // What was handed over is committed, and the old copies are free, when this is answered.
        self.position().map(|_| ())
    }

    /// Some of a queue's messages that lie in a segment, and from where to look for more; `None` at the end.
    fn living_in(&self, queue: &Queue, segment: u32, from: u64) -> Option<(Vec<(u64, Location)>, u64)> {
        let locked = self.queues.lock(queue);
        let mut last = None;
        let mut living = Vec::new();
        if from == 0 {
            let exhausted =
                locked.index.exhausted.iter().map(|(sequence, _, entry)| (sequence, entry.location));
            living.extend(exhausted.filter(|(_, location)| location.segment == segment));
            last = Some(0);
        }
        let queued = locked.index.iter_from(from).map(|(sequence, entry, _)| (sequence, entry));
        for (sequence, entry) in merged(queued, locked.index.kept.iter_from(from)).take(LOOKED_AT_ONCE) {
            last = Some(sequence);
            if entry.location.segment == segment {
                living.push((sequence, entry.location));
            }
        }
        Some((living, last?.saturating_add(1)))
    }

    /// The attempts of a queue's subscriptions that lie in a segment.
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

/// Two lists in the order of their sequence numbers as one.
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
