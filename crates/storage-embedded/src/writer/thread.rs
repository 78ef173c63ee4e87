//! The thread that writes the log.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use zaqar_model::NewMessage;
use zaqar_storage::StorageError;

use super::batch::Batch;
use super::{Operation, Reply, Shared, SpaceState};
use crate::Durability;
use crate::log::{AppendError, Appender, ENVELOPE_HEADER, Position};
use crate::queues::Queues;

/// Maximum bytes of one commit, not counting its last operation.
const MAX_BATCH_BYTES: usize = 4 << 20;
/// Maximum bytes of a message in the log beyond body and client id: fixed fields and checksum.
const MESSAGE_OVERHEAD: usize = 160;
/// Once less than this fraction of the last segment is left, only operations that free space are accepted.
const RESERVED_FOR_DELETIONS: u64 = 8;

#[derive(Debug)]
pub(super) struct WriterThread {
    shared: Arc<Shared>,
    queues: Arc<Queues>,
    appender: Appender,
    durability: Durability,
    /// A sequence number above all that were assigned.
    sequence_floor: u64,
    /// Maximum bytes of one commit, not counting its last operation.
    max_batch_bytes: usize,
    /// Why the log is no longer written.
    broken: Option<String>,
    /// Why there is no reserve.
    no_reserve: Option<String>,
}

/// An operation that runs when everything before it is committed.
enum Barrier {
    Position(Reply<Position>),
    Retire(u32, Reply<()>),
}

impl WriterThread {
    pub(super) fn new(
        shared: Arc<Shared>,
        queues: Arc<Queues>,
        appender: Appender,
        durability: Durability,
        sequence_floor: u64,
    ) -> Self {
        let max_batch_bytes = MAX_BATCH_BYTES.min(appender.largest_commit() / 2);
        Self {
            shared,
            queues,
            appender,
            durability,
            sequence_floor,
            max_batch_bytes,
            broken: None,
            no_reserve: None,
        }
    }

    pub(super) fn run(mut self) {
        let _guard = RefuseOnPanic(Arc::clone(&self.shared));
        let mut waiting = Vec::new();
        let mut batch = Batch::default();
        let mut barriers = Vec::new();
        let mut last_ticket = 0;
        self.keep_reserve();
        while self.next_operations(&mut waiting) {
            let mut operations = waiting.drain(..).peekable();
            while operations.peek().is_some() {
                batch.begin(self.sequence_floor);
                while batch.buffer.len() < self.max_batch_bytes
                    && let Some(operation) = operations.next()
                {
                    last_ticket += 1;
                    self.prepare(operation, &mut batch, &mut barriers);
                }
                self.sequence_floor = batch.sequence_floor;
                if self.commit(&mut batch) {
                    self.shared.committed.store(last_ticket, Ordering::Release);
                }
                barriers.drain(..).for_each(|barrier| self.run_barrier(barrier));
            }
        }
        if let Err(error) = self.appender.sync() {
            tracing::error!(%error, "could not sync the message log at its end");
        }
    }

    /// Takes all waiting operations. Returns `false` once the store is closed and none is left.
    fn next_operations(&mut self, operations: &mut Vec<Operation>) -> bool {
        let mut inbox = self.shared.inbox.lock();
        while inbox.waiting.is_empty() {
            if self.shared.is_closed.load(Ordering::Acquire) {
                return false;
            }
            self.shared.wake.wait(&mut inbox);
        }
        std::mem::swap(&mut inbox.waiting, operations);
        true
    }

    fn prepare(&mut self, operation: Operation, batch: &mut Batch, barriers: &mut Vec<Barrier>) {
        match operation {
            Operation::Post { queue, client, messages, now, reply } => {
                if self.fits(&messages, client.as_str().len()) {
                    batch.post(&self.queues, &queue, &client, &messages, now, reply);
                } else {
                    let error = StorageError::driver("the messages are larger than a segment of the log");
                    let _ = reply.send(Err(error));
                }
            }
            Operation::Adopt { queue, messages, adoption, leaving, reply } => {
                batch.adopt(&self.queues, &queue, messages, (adoption, leaving), reply);
            }
            Operation::Import { queue, messages, last, reply } => {
                batch.import(&self.queues, &queue, &messages, last, reply);
            }
            Operation::Log { records, reply, .. } => batch.log(&records, reply),
            Operation::Attempts { queue, records, attempts, reply } => {
                batch.record(&queue, &records, &attempts, reply);
            }
            Operation::Relocate { queue, key, from, record } => {
                batch.relocate(&self.queues, &queue, key, from, &record);
            }
            Operation::Retire { segment, reply } => barriers.push(Barrier::Retire(segment, reply)),
            Operation::Position { reply } => barriers.push(Barrier::Position(reply)),
        }
    }

    /// At most half of a segment fits, behind the other operations of the batch.
    fn fits(&self, messages: &[NewMessage], client: usize) -> bool {
        let size = |message: &NewMessage| message.body.as_bytes().len() + client + MESSAGE_OVERHEAD;
        messages.iter().map(size).sum::<usize>() <= self.appender.largest_commit() / 2
    }

    /// Writes, publishes and acknowledges the batch. Returns whether all of it is durable.
    fn commit(&mut self, batch: &mut Batch) -> bool {
        match self.write(batch) {
            Ok(records_at) => {
                if let Some(records_at) = records_at {
                    batch.publish(&self.queues, records_at);
                }
                batch.acknowledge();
                self.keep_reserve();
                true
            }
            Err(AppendError::NoSpace(error)) if !batch.has_changes => {
                batch.fail(&self.note_full(&error));
                true
            }
            // The content of the disk is unknown, or an index is ahead of it. A second fsync may report success for
            // data that the first one lost: nothing more is written until a restart has read the log again.
            Err(AppendError::NoSpace(error) | AppendError::Broken(error)) => {
                let reason = self.broken.get_or_insert_with(|| {
                    tracing::error!(%error, "could not write the message log: it accepts no more changes until a restart");
                    format!("the message log failed and accepts no more changes until a restart: {error}")
                });
                self.shared.inbox.lock().refusal = Some(reason.as_str().into());
                batch.fail(reason);
                false
            }
        }
    }

    fn write(&mut self, batch: &mut Batch) -> Result<Option<Position>, AppendError> {
        if let Some(reason) = &self.broken {
            return Err(AppendError::Broken(io::Error::other(reason.clone())));
        }
        if batch.buffer.len() == ENVELOPE_HEADER {
            return Ok(None);
        }
        let at = self.appender.append(&mut batch.buffer, batch.sequence_floor)?;
        if self.durability == Durability::Fsync {
            self.appender.sync().map_err(AppendError::Broken)?;
        }
        Ok(Some(at))
    }

    /// Both rely on what is on the device: a checkpoint begins at the position, and a retired segment is gone.
    fn run_barrier(&mut self, barrier: Barrier) {
        let synced = match &self.broken {
            Some(reason) => Err(StorageError::unavailable(reason.clone())),
            None => self.appender.sync().map_err(StorageError::driver),
        };
        match barrier {
            Barrier::Position(reply) => {
                self.keep_reserve();
                let _ = reply.send(synced.map(|()| self.appender.position()));
            }
            Barrier::Retire(segment, reply) => {
                let retired =
                    synced.and_then(|()| self.appender.retire(segment).map_err(StorageError::driver));
                let _ = reply.send(retired);
            }
        }
    }

    /// Prepares the next segment. Once there is one, all operations are accepted.
    fn keep_reserve(&mut self) {
        if let Err(error) = self.appender.fill_reserve() {
            self.note_full(&error);
        } else if self.no_reserve.take().is_some() {
            tracing::info!("the message log has space again");
            self.shared.inbox.lock().space = SpaceState::Ample;
        }
    }

    fn note_full(&mut self, error: &io::Error) -> String {
        let reason = self.no_reserve.get_or_insert_with(|| {
            tracing::error!(%error, "no space for another segment of the message log: new messages are refused");
            format!("no space for another segment of the message log: {error}")
        });
        let is_last = self.appender.room() < self.queues.segments.size / RESERVED_FOR_DELETIONS;
        let why = reason.as_str().into();
        self.shared.inbox.lock().space =
            if is_last { SpaceState::DeletionsOnly(why) } else { SpaceState::NoReserve(why) };
        reason.clone()
    }
}

/// Refuses operations when the thread panics: nothing would ever acknowledge them.
struct RefuseOnPanic(Arc<Shared>);

impl Drop for RefuseOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut inbox = self.0.inbox.lock();
            inbox.refusal = Some(
                "the thread that writes the message log failed: it accepts no more changes until a restart"
                    .into(),
            );
            inbox.waiting.clear();
        }
    }
}
