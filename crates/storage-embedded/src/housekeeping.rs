//! Giving space back: retires segments in which nothing lives, copies forward what keeps the oldest one from that, and
//! makes checkpoints.
//!
//! A segment is retired only from the tail and only behind a checkpoint: whatever its records did to the queues is
//! then written down elsewhere. So a record is never outlived by a message that it would have removed.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use zaqar_storage::{StorageError, StorageResult};

use crate::EmbeddedMessageStore;
use crate::checkpoint::{self, BYTES_PER_MESSAGE};
use crate::log::{
    ENVELOPE_HEADER, Location, MessageRecord, Position, Record, SEGMENT_BODY, Segment, read_envelope,
};
use crate::queues::Queues;
use crate::writer::{Operation, Writer};

/// Segments that may stand before the cleaner looks at how much of them lives.
const SPARED_SEGMENTS: usize = 4;
/// A checkpoint is made once the log has grown by so many times the size of one: that bounds what it adds to the
/// bytes written.
const GROWTH_PER_CHECKPOINT: u64 = 8;
/// How many bytes are copied forward before others get their turn at the writer.
const COPIED_AT_ONCE: usize = 1 << 20;
/// Segments of log that may have to be read again at the start, at least.
const SEGMENTS_PER_CHECKPOINT: u64 = 4;

/// What the last rounds left.
#[derive(Debug)]
pub(crate) struct Housekeeping {
    queues: Arc<Queues>,
    writer: Arc<Writer>,
    /// Where reading the log would begin now.
    checkpoint: Option<Position>,
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
        Self { queues, writer, checkpoint }
    }

    fn round(&mut self, closing: bool) -> StorageResult<()> {
        let end = self.position()?;
        let sealed = self.sealed(end);
        if !closing {
            self.copy_forward(&sealed)?;
        }
        if closing || self.wants_checkpoint(&sealed, end) {
            let position = self.position()?;
            if self.checkpoint != Some(position) {
                let segments = &self.queues.segments;
                checkpoint::write(&*segments.disk, &segments.directory, position, &self.queues)
                    .map_err(StorageError::driver)?;
                self.checkpoint = Some(position);
            }
        }
        self.retire(&self.sealed(end))
    }

    /// The segments that are not written any more, oldest first.
    fn sealed(&self, end: Position) -> Vec<Arc<Segment>> {
        let mut all = self.queues.segments.all();
        all.retain(|segment| segment.number < end.segment);
        all
    }

    fn wants_checkpoint(&self, sealed: &[Arc<Segment>], end: Position) -> bool {
        let size = self.queues.segments.size;
        let covered = self.checkpoint.map_or(0, |checkpoint| checkpoint.segment);
        let grown =
            sealed.iter().filter(|segment| segment.number >= covered).count() as u64 * size + end.offset;
        let cost = self.checkpoint_size() * GROWTH_PER_CHECKPOINT;
        let retirable = sealed.iter().take_while(|segment| segment.live() == 0);
        let waiting = retirable.filter(|segment| segment.number >= covered).count() as u64;
        grown >= cost.max(SEGMENTS_PER_CHECKPOINT * size) || (waiting >= 2 && waiting * size >= cost)
    }

    fn checkpoint_size(&self) -> u64 {
        let queues = self.queues.all();
        let messages: u64 = queues.iter().map(|queue| self.queues.lock(queue).index.live()).sum();
        messages * BYTES_PER_MESSAGE + queues.len() as u64 * 200
    }

    /// Retires what is dead at the tail and covered by the checkpoint.
    fn retire(&self, sealed: &[Arc<Segment>]) -> StorageResult<()> {
        let covered = self.checkpoint.map_or(0, |checkpoint| checkpoint.segment);
        let dead = sealed.iter().take_while(|segment| segment.live() == 0 && segment.number < covered);
        let numbers: Vec<u32> = dead.map(|segment| segment.number).collect();
        for segment in numbers {
            self.ask(|reply| Operation::Retire { segment, reply })?;
        }
        Ok(())
    }

    /// When less than half of the log lives, and not for want of segments, what lives in the oldest one moves to the
    /// end: one message that stays long never keeps the others' space.
    fn copy_forward(&self, sealed: &[Arc<Segment>]) -> StorageResult<()> {
        let live: u64 = sealed.iter().map(|segment| segment.live()).sum();
        let held = sealed.len() as u64 * self.queues.segments.size;
        let Some(oldest) = sealed.first().filter(|oldest| oldest.live() > 0) else { return Ok(()) };
        if sealed.len() <= SPARED_SEGMENTS || live * 2 >= held {
            return Ok(());
        }
        let bytes = read_whole(oldest).map_err(StorageError::driver)?;
        let mut handed_over = 0;
        self.each_live_message(oldest.number, &bytes, |operation, length| {
            handed_over += length;
            self.writer.submit(operation)?;
            if handed_over > COPIED_AT_ONCE {
                handed_over = 0;
                self.position()?;
            }
            Ok(())
        })?;
        // What was handed over is committed, and the old copies are free, when this is answered.
        self.position().map(|_| ())
    }

    fn each_live_message(
        &self,
        segment: u32,
        bytes: &Bytes,
        mut copy: impl FnMut(Operation, usize) -> StorageResult<()>,
    ) -> StorageResult<()> {
        let mut at = SEGMENT_BODY;
        while let Some(envelope) = bytes.get(at..).and_then(|rest| read_envelope(rest, segment)) {
            let mut record_at = at + ENVELOPE_HEADER;
            let end = record_at + envelope.length;
            while record_at < end {
                let Ok((record, length)) = Record::decode(&bytes[record_at..end]) else { break };
                if let Record::Message(message) = &record
                    && let Some(operation) = self.relocation(
                        message,
                        segment,
                        record_at,
                        bytes.slice(record_at..record_at + length),
                    )
                {
                    copy(operation, length)?;
                }
                record_at += length;
            }
            at += envelope.extent();
        }
        Ok(())
    }

    fn relocation(
        &self,
        message: &MessageRecord<'_>,
        segment: u32,
        offset: usize,
        record: Bytes,
    ) -> Option<Operation> {
        let from = Location {
            segment,
            offset: u32::try_from(offset).ok()?,
            length: u32::try_from(record.len()).ok()?,
        };
        let queue = self.queues.find(message.destination)?;
        let locked = self.queues.lock(&queue);
        let index = &locked.index;
        let entry = index.get(message.sequence).or_else(|| index.exhausted.get(&message.sequence));
        let lives_here = entry.is_some_and(|entry| entry.location == from);
        drop(locked);
        lives_here.then_some(Operation::Relocate { queue, from, record })
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

fn read_whole(segment: &Segment) -> std::io::Result<Bytes> {
    let size = usize::try_from(segment.file.size()?).map_err(std::io::Error::other)?;
    let mut bytes = vec![0; size];
    segment.file.read_at(&mut bytes, 0)?;
    Ok(bytes.into())
}
