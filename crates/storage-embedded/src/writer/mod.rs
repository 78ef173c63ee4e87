//! The writer of the log. One thread takes all waiting operations, writes them as one commit, makes it durable,
//! publishes it, and acknowledges the operations.
//!
//! A post is published when it is durable. A claim or a deletion changes the index before its operation is submitted,
//! so that no other caller takes the same message meanwhile. Its caller is acknowledged when it is durable.

mod batch;
mod thread;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;
use zaqar_model::{
    ClientId, ExportedMessage, Marker, MessageId, NewMessage, StoredMessage, SubscriptionId, Timestamp,
};
use zaqar_storage::{Adoption, StorageError, StorageResult};

use crate::Durability;
use crate::index::{AttemptEntry, RecordKey};
use crate::log::{Appender, Location, Position};
use crate::queues::{Queue, Queues};
use thread::WriterThread;

pub(crate) type Reply<T> = oneshot::Sender<StorageResult<T>>;

/// An operation of the writer.
#[derive(Debug)]
pub(crate) enum Operation {
    /// The bodies are shared with the caller, not copied.
    Post {
        queue: Arc<Queue>,
        client: ClientId,
        messages: Vec<NewMessage>,
        now: Timestamp,
        reply: Reply<Vec<MessageId>>,
    },
    Adopt {
        queue: Arc<Queue>,
        messages: Vec<StoredMessage>,
        adoption: Adoption,
        /// The queue whose dead letters they are; they leave it in the same commit.
        leaving: Option<Arc<Queue>>,
        reply: Reply<()>,
    },
    /// Messages of a queue that migrates here. They keep their sequence numbers, and replace what is there.
    Import { queue: Arc<Queue>, messages: Vec<ExportedMessage>, last: Marker, reply: Reply<()> },
    /// Records of changes that the index has already. If there are none, this waits for the operations before it.
    Log { records: Vec<u8>, frees: bool, reply: Reply<()> },
    /// Records of changes that the index has already, with attempts that it does not have yet.
    Attempts { queue: Arc<Queue>, records: Vec<u8>, attempts: Vec<NewAttempt>, reply: Reply<()> },
    /// Copies a record forward, if it is still at `from`.
    Relocate { queue: Arc<Queue>, key: RecordKey, from: Location, record: bytes::Bytes },
    /// Retires a segment without live records.
    Retire { segment: u32, reply: Reply<()> },
    /// Returns the end of the log. Everything before it is in the index.
    Position { reply: Reply<Position> },
}

/// An attempt among the records of one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewAttempt {
    pub(crate) subscription: SubscriptionId,
    pub(crate) number: u64,
    /// Its location is relative to the start of the records.
    pub(crate) entry: AttemptEntry,
}

/// Handle of the writer thread.
#[derive(Debug)]
pub(crate) struct LogWriter {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    inbox: Mutex<Inbox>,
    wake: Condvar,
    /// The ticket of the last operation that is durable and published.
    committed: AtomicU64,
    /// Changed only under the lock of the inbox.
    is_closed: AtomicBool,
}

#[derive(Debug, Default)]
struct Inbox {
    waiting: Vec<Operation>,
    last_ticket: u64,
    /// Why no operation is accepted any more.
    refusal: Option<Arc<str>>,
    space: SpaceState,
}

/// The space that the log has left.
#[derive(Debug, Default)]
enum SpaceState {
    #[default]
    Ample,
    /// There is no next segment: no new messages are accepted.
    NoReserve(Arc<str>),
    /// The current segment is nearly full, too: only operations that free space are accepted.
    DeletionsOnly(Arc<str>),
}

/// How an operation affects the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Arrives,
    ScheduleChanges,
    Frees,
}

impl Operation {
    const fn need(&self) -> Need {
        match self {
            Self::Post { .. }
            | Self::Adopt { leaving: None, .. }
            | Self::Import { .. }
            | Self::Relocate { .. } => Need::Arrives,
            Self::Adopt { .. } | Self::Attempts { .. } | Self::Log { frees: false, .. } => {
                Need::ScheduleChanges
            }
            Self::Log { .. } | Self::Retire { .. } | Self::Position { .. } => Need::Frees,
        }
    }
}

impl LogWriter {
    pub(crate) fn start(
        appender: Appender,
        queues: Arc<Queues>,
        durability: Durability,
        sequence_floor: u64,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            wake: Condvar::new(),
            committed: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
        });
        let thread = WriterThread::new(Arc::clone(&shared), queues, appender, durability, sequence_floor);
        let handle = std::thread::Builder::new().name("zaqar-log".to_owned()).spawn(move || thread.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(handle)) })
    }

    /// Submits an operation and returns its ticket. Called under the lock of the queue that it changes, so that the
    /// log has the changes of a queue in the same order as its index.
    pub(crate) fn submit(&self, operation: Operation) -> StorageResult<u64> {
        let mut inbox = self.shared.inbox.lock();
        self.check_open()?;
        inbox.check(operation.need())?;
        inbox.last_ticket += 1;
        inbox.waiting.push(operation);
        let ticket = inbox.last_ticket;
        drop(inbox);
        self.shared.wake.notify_one();
        Ok(ticket)
    }

    /// Fails if no operation is accepted.
    pub(crate) fn check(&self) -> StorageResult<()> {
        self.check_open()?;
        self.shared.inbox.lock().check(Need::Frees)
    }

    /// Fails if the store is closed. Reading continues when writing has failed.
    pub(crate) fn check_open(&self) -> StorageResult<()> {
        if self.shared.is_closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    pub(crate) fn is_committed(&self, ticket: u64) -> bool {
        self.shared.committed.load(Ordering::Acquire) >= ticket
    }

    /// Writes the waiting operations and ends the thread.
    pub(crate) fn close(&self) {
        {
            let _inbox = self.shared.inbox.lock();
            self.shared.is_closed.store(true, Ordering::Release);
        }
        self.shared.wake.notify_one();
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes the message log panicked");
        }
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inbox {
    fn check(&self, need: Need) -> StorageResult<()> {
        let reason = match (&self.refusal, &self.space) {
            (Some(reason), _) => reason,
            (None, SpaceState::NoReserve(reason)) if need == Need::Arrives => reason,
            (None, SpaceState::DeletionsOnly(reason)) if need != Need::Frees => reason,
            _ => return Ok(()),
        };
        Err(StorageError::unavailable(reason.to_string()))
    }
}

fn closed() -> StorageError {
    StorageError::unavailable("the message store is closed")
}

/// Waits for the writer's reply.
pub(crate) async fn answer<T>(reply: oneshot::Receiver<StorageResult<T>>) -> StorageResult<T> {
    reply.await.unwrap_or_else(|_| Err(closed()))
}
