//! The one thread that writes the log: takes all that waits, writes it as one commit, makes it durable, shows it, and
//! wakes the callers.
//!
//! A post is shown when it is durable. A claim or a deletion has changed the index before it comes here, so that
//! nobody else takes the same message meanwhile; its caller is answered when it is durable.

mod batch;
mod encoded_post;
mod thread;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;
use zaqar_model::{Marker, MessageId, MovingMessage, StoredMessage, SubscriptionId};
use zaqar_storage::{Adoption, StorageError, StorageResult};

use crate::Durability;
use crate::index::{AttemptEntry, RecordKey};
use crate::log::{Appender, Location, Position};
use crate::queues::{Queue, Queues};
pub(crate) use encoded_post::EncodedPost;
use thread::WriterThread;

pub(crate) type Reply<T> = oneshot::Sender<StorageResult<T>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(crate) enum Operation {
    Post {
        queue: Arc<Queue>,
        post: EncodedPost,
        reply: Reply<Vec<MessageId>>,
    },
    Adopt {
        queue: Arc<Queue>,
        messages: Vec<StoredMessage>,
        adoption: Adoption,
        /// Where they wait as exhausted and are forgotten in the same commit.
        leaving: Option<Arc<Queue>>,
        reply: Reply<()>,
    },
    /// Messages keep their places, in place of what is there.
    Import {
        queue: Arc<Queue>,
        messages: Vec<MovingMessage>,
        last: Marker,
        reply: Reply<()>,
    },
    /// Records of what the index knows already. Empty: wait for what was handed over before.
    Log {
        records: Vec<u8>,
        frees: bool,
        reply: Reply<()>,
    },
    /// Records of what the index knows already, with attempts among them that it does not.
    Attempts {
        queue: Arc<Queue>,
        records: Vec<u8>,
        attempts: Vec<NewAttempt>,
        reply: Reply<()>,
    },
    /// Copies a message or an attempt forward, if it still lies at `from`.
    Relocate {
        queue: Arc<Queue>,
        key: RecordKey,
        from: Location,
        record: bytes::Bytes,
    },
    /// Takes a segment in which nothing lives out of the log.
    Retire {
        segment: u32,
        reply: Reply<()>,
    },
    /// Where the log stands: all that was committed before is in the index.
    Position {
        reply: Reply<Position>,
    },
}

/// An attempt among records that are handed over together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewAttempt {
    pub(crate) subscription: SubscriptionId,
    pub(crate) number: u64,
    /// Its location counts from the start of the records.
    pub(crate) entry: AttemptEntry,
}

/// The way to the writer thread.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    inbox: Mutex<Inbox>,
    wake: Condvar,
    /// The last operation that is durable and shown.
    committed: AtomicU64,
    /// Set under the inbox's lock.
    is_closed: AtomicBool,
}

#[derive(Debug, Default)]
struct Inbox {
    waiting: Vec<Operation>,
    last_ticket: u64,
    /// Why nothing is taken any more.
    refusal: Option<Arc<str>>,
    room: Room,
}

/// How much room the log has.
#[derive(Debug, Default)]
enum Room {
    #[default]
    Ample,
    /// There is no next segment: nothing new is taken in.
    Scarce(Arc<str>),
    /// Nor is much left of this one: only what gives space back is taken.
    ForDeletions(Arc<str>),
}

/// What an operation does to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Arrives,
    Changes,
    Frees,
}

impl Operation {
    const fn need(&self) -> Need {
        match self {
            Self::Post { .. }
            | Self::Adopt { leaving: None, .. }
            | Self::Import { .. }
            | Self::Relocate { .. } => Need::Arrives,
            Self::Adopt { .. } | Self::Attempts { .. } | Self::Log { frees: false, .. } => Need::Changes,
            Self::Log { .. } | Self::Retire { .. } | Self::Position { .. } => Need::Frees,
        }
    }
}

impl Writer {
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

    /// Hands an operation over; answers its ticket. Called under the lock of the queue that it changes, so that the
    /// log has the changes of one queue in the order in which its index saw them.
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

    /// Whether anything is written.
    pub(crate) fn check(&self) -> StorageResult<()> {
        self.check_open()?;
        self.shared.inbox.lock().check(Need::Frees)
    }

    /// Whether the store is open: reading goes on when writing has failed, but not when the store was closed.
    pub(crate) fn check_open(&self) -> StorageResult<()> {
        if self.shared.is_closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    pub(crate) fn is_committed(&self, ticket: u64) -> bool {
        self.shared.committed.load(Ordering::Acquire) >= ticket
    }

    /// Writes what waits and ends the thread.
    pub(crate) fn close(&self) {
        {
            let _inbox = self.shared.inbox.lock();
            self.shared.is_closed.store(true, Ordering::Release);
        }
        self.shared.wake.notify_one();
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the log's writer thread has panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inbox {
    fn check(&self, need: Need) -> StorageResult<()> {
        let reason = match (&self.refusal, &self.room) {
            (Some(reason), _) => reason,
            (None, Room::Scarce(reason)) if need == Need::Arrives => reason,
            (None, Room::ForDeletions(reason)) if need != Need::Frees => reason,
            _ => return Ok(()),
        };
        Err(StorageError::unavailable(reason.to_string()))
    }
}

fn closed() -> StorageError {
    StorageError::unavailable("the message store is closed")
}

/// Waits for the writer's answer.
pub(crate) async fn answer<T>(reply: oneshot::Receiver<StorageResult<T>>) -> StorageResult<T> {
    reply.await.unwrap_or_else(|_| Err(closed()))
}
