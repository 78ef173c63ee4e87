//! The one thread that writes the log: takes all that waits, writes it as one commit, makes it durable, shows it, and
//! wakes the callers.
//!
//! A post is shown when it is durable. A claim or a deletion has changed the index before it comes here, so that
//! nobody else takes the same message meanwhile; its caller is answered when it is durable.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;
use zaqar_model::{ClientId, MessageId, NewMessage, StoredMessage, Timestamp};
use zaqar_storage::{StorageError, StorageResult};

use crate::Durability;
use crate::index::{Entry, native_id};
use crate::log::{AppendError, Appender, Client, ENVELOPE_HEADER, Location, MessageRecord, Position, Record};
use crate::queues::{Queue, Queues};

/// How many bytes one commit gathers at most, beyond its last operation.
const LARGEST_BATCH: usize = 4 << 20;

/// The most that a message takes in the log beyond its body: fixed fields, client id, checksum.
const LARGEST_OVERHEAD: usize = 256;

pub(crate) type Reply<T> = oneshot::Sender<StorageResult<T>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(crate) enum Operation {
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
        /// Where they wait as exhausted and are forgotten in the same commit.
        leaving: Option<Arc<Queue>>,
        reply: Reply<()>,
    },
    /// Records of what the index knows already. Empty: wait for what was handed over before.
    Log { records: Vec<u8>, reply: Reply<()> },
    /// Copies a message forward, if it still lies at `from`.
    Relocate { queue: Arc<Queue>, from: Location, record: bytes::Bytes },
    /// Takes a segment in which nothing lives out of the log.
    Retire { segment: u32, reply: Reply<()> },
    /// Where the log stands: all that was committed before is in the index.
    Position { reply: Reply<Position> },
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
    /// Why nothing is taken in: room for what takes out is kept.
    is_full: Option<Arc<str>>,
}

impl Writer {
    pub(crate) fn start(appender: Appender, queues: Arc<Queues>, durability: Durability) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            wake: Condvar::new(),
            committed: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
        });
        let largest_batch = LARGEST_BATCH.min(appender.largest_commit() / 2);
        let thread = WriterThread {
            shared: Arc::clone(&shared),
            queues,
            appender,
            durability,
            largest_batch,
            broken: None,
            is_full: false,
        };
        let handle = std::thread::Builder::new().name("zaqar-log".to_owned()).spawn(move || thread.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(handle)) })
    }

    /// Hands an operation over; answers its ticket. Called under the lock of the queue that it changes, so that the
    /// log has the changes of one queue in the order in which its index saw them.
    pub(crate) fn submit(&self, operation: Operation) -> StorageResult<u64> {
        let mut inbox = self.shared.inbox.lock();
        self.check_open()?;
        inbox.check(matches!(operation, Operation::Post { .. } | Operation::Adopt { .. }))?;
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
        self.shared.inbox.lock().check(false)
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
    fn check(&self, takes_in: bool) -> StorageResult<()> {
        if let Some(reason) = &self.refusal {
            return Err(StorageError::unavailable(reason.to_string()));
        }
        match &self.is_full {
            Some(reason) if takes_in => Err(StorageError::unavailable(reason.to_string())),
            _ => Ok(()),
        }
    }
}

fn closed() -> StorageError {
    StorageError::unavailable("the message store is closed")
}

/// Waits for the writer's answer.
pub(crate) async fn answer<T>(reply: oneshot::Receiver<StorageResult<T>>) -> StorageResult<T> {
    reply.await.unwrap_or_else(|_| Err(closed()))
}

#[derive(Debug)]
struct WriterThread {
    shared: Arc<Shared>,
    queues: Arc<Queues>,
    appender: Appender,
    durability: Durability,
    /// Bytes that one commit gathers, beyond its last operation.
    largest_batch: usize,
    /// Why the log is not written any more.
    broken: Option<String>,
    /// Whether new messages are refused for want of room.
    is_full: bool,
}

/// What one commit will show.
#[derive(Default)]
struct Batch {
    /// The commit's bytes; the header's room comes first.
    buffer: Vec<u8>,
    arrivals: Vec<Arrival>,
    moved: Vec<Moved>,
    answers: Vec<Answer>,
    /// Exhausted messages that the batch has moved elsewhere.
    departures: Vec<(Arc<Queue>, Vec<u64>)>,
    /// The ids that the batch brings with it, not in an index yet.
    adopted: HashSet<(u64, MessageId)>,
    /// The sequence numbers in `departures`, still in an index.
    left: HashSet<(u64, u64)>,
    /// The highest sequence number that it gives out.
    sequence_floor: u64,
}

/// A message that comes into a queue. Its location counts from the start of the records.
struct Arrival {
    queue: Arc<Queue>,
    sequence: u64,
    id: Option<MessageId>,
    entry: Entry,
}

/// A message that was copied forward.
struct Moved {
    queue: Arc<Queue>,
    sequence: u64,
    from: Location,
    to: Location,
}

enum Answer {
    Ids(Reply<Vec<MessageId>>, Vec<MessageId>),
    Done(Reply<()>),
}

impl WriterThread {
    fn run(mut self) {
        let mut waiting = Vec::new();
        let mut batch = Batch::default();
        let mut sequence_floor = 1;
        while self.next_operations(&mut waiting) {
            let mut last_ticket = self.shared.committed.load(Ordering::Acquire);
            let mut operations = waiting.drain(..).peekable();
            while operations.peek().is_some() {
                batch.begin(sequence_floor);
                while batch.buffer.len() < self.largest_batch
                    && let Some(operation) = operations.next()
                {
                    last_ticket += 1;
                    self.prepare(operation, &mut batch);
                }
                sequence_floor = batch.sequence_floor;
                self.commit(&mut batch);
                self.shared.committed.store(last_ticket, Ordering::Release);
            }
        }
        if self.durability == Durability::Relaxed
            && let Err(error) = self.appender.sync()
        {
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

    fn prepare(&mut self, operation: Operation, batch: &mut Batch) {
        match operation {
            Operation::Post { queue, client, messages, now, reply } => {
                if self.fits(&messages) {
                    batch.post(&self.queues, &queue, &client, messages, now, reply);
                } else {
                    let _ = reply
                        .send(Err(StorageError::driver("the messages are larger than a segment of the log")));
                }
            }
            Operation::Adopt { queue, messages, leaving, reply } => {
                batch.adopt(&self.queues, &queue, messages, leaving, reply);
            }
            Operation::Log { records, reply } => {
                batch.buffer.extend_from_slice(&records);
                batch.answers.push(Answer::Done(reply));
            }
            Operation::Relocate { queue, from, record } => {
                batch.relocate(&self.queues, &queue, from, &record);
            }
            Operation::Retire { segment, reply } => {
                let retired = self.appender.retire(segment).map_err(StorageError::driver);
                let _ = reply.send(retired);
            }
            Operation::Position { reply } => {
                self.keep_reserve();
                let _ = reply.send(Ok(self.appender.position()));
            }
        }
    }

    /// Half of a segment, so that it fits behind what the batch has gathered before it.
    fn fits(&self, messages: &[NewMessage]) -> bool {
        let bytes: usize =
            messages.iter().map(|message| message.body.as_bytes().len() + LARGEST_OVERHEAD).sum();
        bytes <= self.appender.largest_commit() / 2
    }

    fn commit(&mut self, batch: &mut Batch) {
        if batch.buffer.len() == ENVELOPE_HEADER {
            batch.succeed();
            return;
        }
        match self.write(batch) {
            Ok(records_at) => {
                batch.show(&self.queues, records_at);
                batch.succeed();
                self.keep_reserve();
            }
            Err(AppendError::NoSpace(error)) => {
                batch.fail(&self.refuse_arrivals(&error));
            }
            Err(AppendError::Broken(error)) => {
                // What is on disk is not known, and a second fsync may report success for data that the first one
                // lost: nothing more is written until a restart has read the log again.
                let reason =
                    format!("the message log failed and takes no more writes until a restart: {error}");
                tracing::error!(%error, "writing the message log failed; restart to recover");
                self.shared.inbox.lock().refusal = Some(reason.as_str().into());
                batch.fail(&reason);
                self.broken = Some(reason);
            }
        }
    }

    fn write(&mut self, batch: &mut Batch) -> Result<Position, AppendError> {
        if let Some(reason) = &self.broken {
            return Err(AppendError::Broken(io::Error::other(reason.clone())));
        }
        let at = self.appender.append(&mut batch.buffer, batch.sequence_floor)?;
        if self.durability == Durability::Fsync {
            self.appender.sync().map_err(AppendError::Broken)?;
        }
        Ok(at)
    }

    /// Makes the next segment ready, and takes messages in again once it is.
    fn keep_reserve(&mut self) {
        if let Err(error) = self.appender.fill_reserve() {
            self.refuse_arrivals(&error);
        } else if std::mem::take(&mut self.is_full) {
            tracing::info!("the message log has room again");
            self.shared.inbox.lock().is_full = None;
        }
    }

    fn refuse_arrivals(&mut self, error: &io::Error) -> String {
        let reason = format!("no room for another segment of the message log: {error}");
        if !std::mem::replace(&mut self.is_full, true) {
            tracing::error!(%error, "no room for another segment of the message log: new messages are refused");
            self.shared.inbox.lock().is_full = Some(reason.as_str().into());
        }
        reason
    }
}

impl Batch {
    fn begin(&mut self, sequence_floor: u64) {
        self.buffer.clear();
        self.buffer.resize(ENVELOPE_HEADER, 0);
        self.adopted.clear();
        self.left.clear();
        self.sequence_floor = sequence_floor;
    }

    fn post(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        client: &ClientId,
        messages: Vec<NewMessage>,
        now: Timestamp,
        reply: Reply<Vec<MessageId>>,
    ) {
        if queues.lock(queue).is_dropped {
            let _ = reply.send(Err(StorageError::NotFound("queue")));
            return;
        }
        self.identify(queue);
        let client = Client::new(client.as_str());
        let ids = messages
            .into_iter()
            .map(|message| {
                let record = MessageRecord {
                    destination: queue.number,
                    sequence: 0,
                    id: None,
                    created: now,
                    expires: message.ttl.after(now),
                    delayed_until: message.delay.after(now),
                    ttl: message.ttl,
                    claim_count: 0,
                    claim: None,
                    exhausted: false,
                    client,
                    checksum: message.checksum.as_deref().unwrap_or_default(),
                    body: message.body.as_bytes(),
                };
                native_id(queue.number, self.arrive(queue, record))
            })
            .collect();
        self.answers.push(Answer::Ids(reply, ids));
    }

    fn adopt(
        &mut self,
        queues: &Queues,
        queue: &Arc<Queue>,
        mut messages: Vec<StoredMessage>,
        leaving: Option<Arc<Queue>>,
        reply: Reply<()>,
    ) {
        let locked = queues.lock(queue);
        if locked.is_dropped {
            let _ = reply.send(Err(StorageError::NotFound("queue")));
            return;
        }
        drop(locked);
        if let Some(source) = leaving {
            self.leave(queues, source, &mut messages);
        }
        let locked = queues.lock(queue);
        messages.retain(|stored| {
            locked.index.find(stored.message.id).is_none()
                && self.adopted.insert((queue.number, stored.message.id))
        });
        drop(locked);
        self.identify(queue);
        for stored in &messages {
            let message = &stored.message;
            self.arrive(
                queue,
                MessageRecord {
                    destination: queue.number,
                    sequence: 0,
                    id: Some(message.id),
                    created: message.created,
                    expires: stored.expires,
                    delayed_until: stored.delayed_until,
                    ttl: message.ttl,
                    claim_count: message.claim_count,
                    claim: None,
                    exhausted: false,
                    client: Client::new(stored.client.as_str()),
                    checksum: message.checksum.as_deref().unwrap_or_default(),
                    body: message.body.as_bytes(),
                },
            );
        }
        self.answers.push(Answer::Done(reply));
    }

    /// Writes down that messages leave the place where they wait as exhausted; those that do not wait there are taken
    /// off the list.
    fn leave(&mut self, queues: &Queues, source: Arc<Queue>, messages: &mut Vec<StoredMessage>) {
        let locked = queues.lock(&source);
        let waiting =
            locked.index.exhausted.keys().map(|sequence| (locked.index.id_of(*sequence), *sequence));
        let waiting: HashMap<MessageId, u64> = waiting.collect();
        drop(locked);
        let mut sequences = Vec::new();
        messages.retain(|stored| {
            let waits = waiting
                .get(&stored.message.id)
                .filter(|sequence| self.left.insert((source.number, **sequence)));
            sequences.extend(waits);
            waits.is_some()
        });
        if !sequences.is_empty() {
            self.encode(&Record::Delete { destination: source.number, sequences: sequences.clone() });
            self.departures.push((source, sequences));
        }
    }

    /// Gives a message its sequence number and writes it down.
    fn arrive(&mut self, queue: &Arc<Queue>, mut record: MessageRecord<'_>) -> u64 {
        record.sequence = queue.tail.fetch_add(1, Ordering::Relaxed);
        self.sequence_floor = self.sequence_floor.max(record.sequence + 1);
        let location = self.encode(&Record::Message(record.clone()));
        self.arrivals.push(Arrival {
            queue: Arc::clone(queue),
            sequence: record.sequence,
            id: record.id,
            entry: Entry {
                location,
                ttl: record.ttl,
                claim_count: record.claim_count,
                claim: None,
                client: record.client.tag(),
                created: record.created,
                expires: record.expires,
                delayed_until: record.delayed_until,
            },
        });
        record.sequence
    }

    /// Says once in the log which queue a number stands for.
    fn identify(&mut self, queue: &Queue) {
        if let Some(identity) = queue.identity.get()
            && !queue.identity_is_logged.swap(true, Ordering::Relaxed)
        {
            self.encode(&Record::Destination {
                destination: queue.number,
                kind: identity.kind,
                project: identity.project.as_str(),
                name: identity.name.as_str(),
            });
        }
    }

    /// Copies a message's record forward, with its state as it is now.
    fn relocate(&mut self, queues: &Queues, queue: &Arc<Queue>, from: Location, record: &[u8]) {
        let Ok(record) = MessageRecord::read(record) else { return };
        let sequence = record.sequence;
        let locked = queues.lock(queue);
        let (entry, exhausted) = match (locked.index.get(sequence), locked.index.exhausted.get(&sequence)) {
            (Some(entry), _) => (*entry, false),
            (None, Some(entry)) => (*entry, true),
            (None, None) => return,
        };
        if entry.location != from {
            return;
        }
        let claim =
            entry.claim.and_then(|key| locked.index.claims.get(key)).map(|claim| (claim.id, claim.hold));
        drop(locked);
        let to = self.encode(&Record::Message(MessageRecord {
            expires: entry.expires,
            ttl: entry.ttl,
            claim_count: entry.claim_count,
            claim,
            exhausted,
            ..record
        }));
        self.moved.push(Moved { queue: Arc::clone(queue), sequence, from, to });
    }

    /// Appends a record; answers where it lies, counted from the start of the records.
    fn encode(&mut self, record: &Record<'_>) -> Location {
        let start = self.buffer.len();
        record.encode(&mut self.buffer);
        let number = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        Location {
            segment: 0,
            offset: number(start - ENVELOPE_HEADER),
            length: number(self.buffer.len() - start),
        }
    }

    /// Brings what is durable into the indexes.
    fn show(&mut self, queues: &Queues, records_at: Position) {
        let commit = records_at.commit;
        let place = |location: Location| Location {
            segment: records_at.segment,
            offset: location.offset.saturating_add(u32::try_from(records_at.offset).unwrap_or(u32::MAX)),
            ..location
        };
        let mut arrivals = self.arrivals.drain(..).peekable();
        while let Some(first) = arrivals.next() {
            let queue = Arc::clone(&first.queue);
            let mut locked = queues.lock(&queue);
            locked.published = commit;
            let mut next = Some(first);
            while let Some(arrival) = next {
                if !locked.is_dropped {
                    let entry = Entry { location: place(arrival.entry.location), ..arrival.entry };
                    queues.segments.note_live(entry.location);
                    locked.index.insert(arrival.sequence, arrival.id, entry);
                }
                next = arrivals.next_if(|arrival| Arc::ptr_eq(&arrival.queue, &queue));
            }
        }
        for (queue, sequences) in self.departures.drain(..) {
            let mut locked = queues.lock(&queue);
            sequences.into_iter().for_each(|sequence| locked.index.remove(sequence));
        }
        for moved in self.moved.drain(..) {
            let mut locked = queues.lock(&moved.queue);
            locked.published = commit;
            let to = place(moved.to);
            queues.segments.note_live(to);
            if locked.is_dropped {
                queues.segments.note_freed(&[to]);
            } else {
                locked.index.relocate(moved.sequence, moved.from, to);
            }
        }
    }

    fn succeed(&mut self) {
        for answer in self.answers.drain(..) {
            match answer {
                Answer::Ids(reply, ids) => drop(reply.send(Ok(ids))),
                Answer::Done(reply) => drop(reply.send(Ok(()))),
            }
        }
    }

    fn fail(&mut self, reason: &str) {
        for arrival in self.arrivals.drain(..) {
            arrival.queue.identity_is_logged.store(false, Ordering::Relaxed);
        }
        self.moved.clear();
        self.departures.clear();
        for answer in self.answers.drain(..) {
            match answer {
                Answer::Ids(reply, _) => drop(reply.send(Err(StorageError::unavailable(reason.to_owned())))),
                Answer::Done(reply) => drop(reply.send(Err(StorageError::unavailable(reason.to_owned())))),
            }
        }
    }
}
