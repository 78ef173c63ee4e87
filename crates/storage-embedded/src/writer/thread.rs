//! The thread that writes the log.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use zaqar_storage::StorageError;

use super::batch::Batch;
use super::{Operation, Reply, Room, Shared};
use crate::Durability;
use crate::log::{AppendError, Appender, ENVELOPE_HEADER, Position};
use crate::queues::Queues;

/// How many bytes one commit gathers at most, beyond its last operation.
const LARGEST_BATCH: usize = 4 << 20;
/// Once so much of the last segment is left, only what gives space back is written to it.
const KEPT_FOR_DELETIONS: u64 = 8;

#[derive(Debug)]
pub(super) struct WriterThread {
    shared: Arc<Shared>,
    queues: Arc<Queues>,
    appender: Appender,
    durability: Durability,
    /// Above all sequence numbers that were given out.
    sequence_floor: u64,
    /// Bytes that one commit gathers, beyond its last operation.
    largest_batch: usize,
    /// Why the log is not written any more.
    broken: Option<String>,
    /// Why there is no reserve.
    no_reserve: Option<String>,
}

/// What is done once all that came before it is committed.
enum Errand {
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
        let largest_batch = LARGEST_BATCH.min(appender.largest_commit() / 2);
        Self {
            shared,
            queues,
            appender,
            durability,
            sequence_floor,
            largest_batch,
            broken: None,
            no_reserve: None,
        }
    }

    pub(super) fn run(mut self) {
        let _guard = RefuseOnPanic(Arc::clone(&self.shared));
        let mut waiting = Vec::new();
        let mut batch = Batch::default();
        let mut errands = Vec::new();
        let mut last_ticket = 0;
        self.keep_reserve();
        while self.next_operations(&mut waiting) {
            let mut operations = waiting.drain(..).peekable();
            while operations.peek().is_some() {
                batch.begin(self.sequence_floor);
                while batch.buffer.len() < self.largest_batch
                    && let Some(operation) = operations.next()
                {
                    last_ticket += 1;
                    self.prepare(operation, &mut batch, &mut errands);
                }
                self.sequence_floor = batch.sequence_floor;
                if self.commit(&mut batch) {
                    self.shared.committed.store(last_ticket, Ordering::Release);
                }
                errands.drain(..).for_each(|errand| self.run_errand(errand));
            }
        }
        if let Err(error) = self.appender.sync() {
            tracing::error!(%error, "the message log could not be synced at its end");
        }
    }

    /// Takes all that waits; `false` when the store was closed and nothing does.
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

    fn prepare(&mut self, operation: Operation, batch: &mut Batch, errands: &mut Vec<Errand>) {
        match operation {
            // Half of a segment at most, so that it fits behind what the batch has gathered before it.
            Operation::Post { post, reply, .. }
                if post.records.len() > self.appender.largest_commit() / 2 =>
            {
                let error = StorageError::driver("the messages are larger than a segment of the log");
                let _ = reply.send(Err(error));
            }
            Operation::Post { queue, post, reply } => batch.post(&self.queues, &queue, &post, reply),
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
            Operation::Retire { segment, reply } => errands.push(Errand::Retire(segment, reply)),
            Operation::Position { reply } => errands.push(Errand::Position(reply)),
        }
    }

    /// Writes what the batch has gathered, shows it and answers. Answers whether all of it is durable.
    fn commit(&mut self, batch: &mut Batch) -> bool {
        match self.write(batch) {
            Ok(records_at) => {
                if let Some(records_at) = records_at {
                    batch.show(&self.queues, records_at);
                }
                batch.succeed();
                self.keep_reserve();
                true
            }
            Err(AppendError::NoSpace(error)) if !batch.has_changes => {
                batch.fail(&self.note_full(&error));
                true
            }
            // What is on disk is not known, or an index is ahead of it. A second fsync may report success for data
            // that the first one lost: nothing more is written until a restart has read the log again.
            Err(AppendError::NoSpace(error) | AppendError::Broken(error)) => {
                let reason = self.broken.get_or_insert_with(|| {
                    tracing::error!(%error, "writing the message log failed; restart to recover");
                    format!("the message log failed and takes no more writes until a restart: {error}")
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

    /// Both rest on what is on the device: a checkpoint begins at the position, and a retired segment is gone.
    fn run_errand(&mut self, errand: Errand) {
        let synced = match &self.broken {
            Some(reason) => Err(StorageError::unavailable(reason.clone())),
            None => self.appender.sync().map_err(StorageError::driver),
        };
        match errand {
            Errand::Position(reply) => {
                self.keep_reserve();
                let _ = reply.send(synced.map(|()| self.appender.position()));
            }
            Errand::Retire(segment, reply) => {
                let retired =
                    synced.and_then(|()| self.appender.retire(segment).map_err(StorageError::driver));
                let _ = reply.send(retired);
            }
        }
    }

    /// Makes the next segment ready, and says what is taken: everything once it is.
    fn keep_reserve(&mut self) {
        if let Err(error) = self.appender.fill_reserve() {
            self.note_full(&error);
        } else if self.no_reserve.take().is_some() {
            tracing::info!("the message log has room again");
            self.shared.inbox.lock().room = Room::Ample;
        }
    }

    fn note_full(&mut self, error: &io::Error) -> String {
        let reason = self.no_reserve.get_or_insert_with(|| {
            tracing::error!(%error, "no room for another segment of the message log: new messages are refused");
            format!("no room for another segment of the message log: {error}")
        });
        let is_last = self.appender.room() < self.queues.segments.size / KEPT_FOR_DELETIONS;
        let why = reason.as_str().into();
        self.shared.inbox.lock().room = if is_last { Room::ForDeletions(why) } else { Room::Scarce(why) };
        reason.clone()
    }
}

/// A writer that is gone answers nobody: then the callers must be told.
struct RefuseOnPanic(Arc<Shared>);

impl Drop for RefuseOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut inbox = self.0.inbox.lock();
            inbox.refusal =
                Some("the thread that writes the message log has failed: restart to recover".into());
            inbox.waiting.clear();
        }
    }
}
