//! The queues in memory, each with its index behind a lock of its own.

use std::collections::{BTreeSet, HashMap};
use std::ops::{Bound, Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, MutexGuard, RwLock};
use tokio::sync::Notify;
use zaqar_model::{Destination, Timestamp};
use zaqar_storage::{StorageError, StorageResult};

use crate::dropped::RecentlyDropped;
use crate::index::{QueueIndex, ScheduleChanges};
use crate::log::Segments;
use crate::schedule::Schedule;
use crate::transit::Transit;

/// One queue or topic that holds, or has held, messages.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) number: u64,
    /// The upper half of the ids of the messages that are posted to it.
    pub(crate) id_prefix: u64,
    /// Its kind, project and name. Unknown after a recovery without a checkpoint, until a caller names it.
    pub(crate) identity: OnceLock<Destination>,
    /// Whether the log has its identity.
    pub(crate) identity_is_logged: AtomicBool,
    /// The next sequence number to assign. Only the writer thread changes it.
    pub(crate) tail: AtomicU64,
    /// Wakes the readers that wait for messages.
    pub(crate) arrivals: Notify,
    state: Mutex<QueueState>,
}

#[derive(Debug)]
pub(crate) struct QueueState {
    pub(crate) index: QueueIndex,
    /// The last operation on this queue that was submitted to the writer.
    pub(crate) last_ticket: u64,
    pub(crate) is_dropped: bool,
    /// Whether the queue lives here, or in another store.
    pub(crate) transit: Transit,
    /// When the queue is due in [`Queues::deadlines`], not later than the next event of the index.
    registered: Timestamp,
    /// Whether the queue is in each of [`Queues::dead_letters`].
    pending: PendingDeadLetters,
}

/// Whether a queue has messages on their way to a dead-letter queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PendingDeadLetters {
    released: bool,
    waiting: bool,
}

impl Queue {
    fn new(number: u64, id_prefix: u64, first_sequence: u64) -> Self {
        let mut index = QueueIndex::new(id_prefix);
        index.next_sequence = first_sequence;
        Self {
            number,
            id_prefix,
            identity: OnceLock::new(),
            identity_is_logged: AtomicBool::new(false),
            tail: AtomicU64::new(first_sequence),
            arrivals: Notify::new(),
            state: Mutex::new(QueueState {
                index,
                last_ticket: 0,
                is_dropped: false,
                transit: Transit::default(),
                registered: Timestamp::NEVER,
                pending: PendingDeadLetters::default(),
            }),
        }
    }
}

/// All queues of the store.
#[derive(Debug)]
pub(crate) struct Queues {
    pub(crate) segments: Arc<Segments>,
    by_number: RwLock<HashMap<u64, Arc<Queue>>>,
    dropped: Mutex<RecentlyDropped>,
    /// Queues by the time of their next event.
    deadlines: Mutex<BTreeSet<(Timestamp, u64)>>,
    dead_letters: Mutex<DeadLetterQueues>,
    /// The subscriptions by the time their next delivery is due.
    pub(crate) schedule: Schedule,
    /// The first sequence number of a new queue. Above 1 only if a checkpoint was lost: an earlier run may have
    /// assigned lower ones.
    first_sequence: AtomicU64,
}

/// The queues with messages on their way to a dead-letter queue: found without a scan of all queues.
#[derive(Debug, Default)]
struct DeadLetterQueues {
    /// Queues with released messages whose claim count has not been checked yet.
    released: BTreeSet<u64>,
    /// Queues with dead-lettered messages that wait to be moved.
    waiting: BTreeSet<u64>,
}

impl DeadLetterQueues {
    fn set(&mut self, queue: u64, pending: PendingDeadLetters) {
        for (queues, is_pending) in
            [(&mut self.released, pending.released), (&mut self.waiting, pending.waiting)]
        {
            if is_pending {
                queues.insert(queue);
            } else {
                queues.remove(&queue);
            }
        }
    }
}

impl Queues {
    pub(crate) fn new(segments: Arc<Segments>) -> Self {
        Self {
            segments,
            by_number: RwLock::default(),
            dropped: Mutex::default(),
            deadlines: Mutex::default(),
            dead_letters: Mutex::default(),
            schedule: Schedule::default(),
            first_sequence: AtomicU64::new(1),
        }
    }

    /// Raises the next sequence number of all queues to at least this one.
    pub(crate) fn raise_sequences(&self, floor: u64) {
        self.first_sequence.fetch_max(floor, Ordering::Relaxed);
        for queue in self.all() {
            queue.tail.fetch_max(floor, Ordering::Relaxed);
            let mut locked = self.lock(&queue);
            locked.index.next_sequence = locked.index.next_sequence.max(floor);
        }
    }

    pub(crate) fn find(&self, number: u64) -> Option<Arc<Queue>> {
        self.by_number.read().get(&number).cloned()
    }

    /// Returns the queue, and creates it if it is new. `None` if it was dropped.
    pub(crate) fn find_or_create(&self, destination: &Destination) -> Option<Arc<Queue>> {
        let number = destination.number.get();
        let queue = match self.find(number) {
            Some(queue) => queue,
            None => {
                let mut by_number = self.by_number.write();
                if self.dropped.lock().contains(number) {
                    return None;
                }
                Arc::clone(by_number.entry(number).or_insert_with(|| self.make(number)))
            }
        };
        queue.identity.get_or_init(|| destination.clone());
        Some(queue)
    }

    /// Makes an empty queue in place of the one that is known, which was dropped. `None` if that is another by now.
    pub(crate) fn replace(
        &self,
        destination: &Destination,
        known: Option<&Arc<Queue>>,
        transit: Transit,
    ) -> Option<Arc<Queue>> {
        let number = destination.number.get();
        let mut by_number = self.by_number.write();
        let is_known = match (by_number.get(&number), known) {
            (Some(queue), Some(known)) => Arc::ptr_eq(queue, known),
            (queue, known) => queue.is_none() && known.is_none_or(|known| known.state.lock().is_dropped),
        };
        if !is_known {
            return None;
        }
        self.dropped.lock().remove(number);
        let queue = self.make(number);
        queue.identity.get_or_init(|| destination.clone());
        {
            let mut state = queue.state.lock();
            (state.transit, state.index.is_arriving) = (transit, true);
        }
        by_number.insert(number, Arc::clone(&queue));
        Some(queue)
    }

    /// For recovery: the queue with this number, with or without an identity.
    pub(crate) fn recover(&self, number: u64) -> Arc<Queue> {
        Arc::clone(self.by_number.write().entry(number).or_insert_with(|| self.make(number)))
    }

    fn make(&self, number: u64) -> Arc<Queue> {
        // Salted: another store assigns the same sequence numbers to the same queue, and a queue may migrate.
        let id_prefix = number ^ self.segments.salt();
        Arc::new(Queue::new(number, id_prefix, self.first_sequence.load(Ordering::Relaxed)))
    }

    /// A sequence number above all that the queues have assigned.
    pub(crate) fn sequence_floor(&self) -> u64 {
        let tails = self.all().into_iter().map(|queue| queue.tail.load(Ordering::Relaxed));
        tails.max().unwrap_or(1).max(self.first_sequence.load(Ordering::Relaxed))
    }

    /// Removes everything that was recovered.
    pub(crate) fn reset(&self) {
        for queue in self.all() {
            self.lock(&queue).index.clear();
        }
        self.by_number.write().clear();
        *self.dropped.lock() = RecentlyDropped::default();
        self.deadlines.lock().clear();
    }

    /// Removes entries whose records are in segments before this one, which are gone.
    pub(crate) fn remove_before(&self, segment: u32) {
        for queue in self.all() {
            self.lock(&queue).index.remove_before(segment);
        }
    }

    /// Removes a queue from the store. A post that is still on its way is refused.
    pub(crate) fn forget(&self, number: u64) {
        let mut by_number = self.by_number.write();
        by_number.remove(&number);
        self.dropped.lock().add(number);
    }

    /// Remembers a queue that lives in another store, after everything in it was dropped.
    pub(crate) fn keep_as_left(&self, number: u64, now: Timestamp) {
        self.dropped.lock().add_left(number, now);
    }

    /// Forgets the queues that live in another store for longer than a day.
    pub(crate) fn forget_left(&self, now: Timestamp) {
        loop {
            let taken = self.dropped.lock().take_left(now);
            let Some(number) = taken else { return };
            let mut by_number = self.by_number.write();
            // It may have come back meanwhile.
            if by_number.get(&number).is_some_and(|queue| queue.state.lock().is_dropped) {
                by_number.remove(&number);
            }
        }
    }

    /// Drops retained messages that no subscriber needs. For the end of recovery.
    pub(crate) fn release_unneeded(&self) {
        for queue in self.all() {
            self.lock(&queue).index.release_unneeded();
        }
    }

    /// The numbers of the dropped queues that are remembered, oldest first.
    pub(crate) fn remembered_drops(&self) -> Vec<u64> {
        self.dropped.lock().in_order()
    }

    /// The queues in which claims have let messages go that nobody has looked at.
    pub(crate) fn with_released(&self, limit: usize) -> Vec<Arc<Queue>> {
        let numbers: Vec<u64> = self.dead_letters.lock().released.iter().copied().take(limit).collect();
        numbers.into_iter().filter_map(|number| self.find(number)).collect()
    }

    /// The queues in which messages wait to be moved to a dead-letter queue, in the order of their numbers.
    pub(crate) fn with_exhausted(&self, behind: Option<u64>, limit: usize) -> Vec<Arc<Queue>> {
        let behind = behind.map_or(Bound::Unbounded, Bound::Excluded);
        let numbers: Vec<u64> = {
            let dead_letters = self.dead_letters.lock();
            dead_letters.waiting.range((behind, Bound::Unbounded)).copied().take(limit).collect()
        };
        numbers.into_iter().filter_map(|number| self.find(number)).collect()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Queue>> {
        self.by_number.read().values().cloned().collect()
    }

    /// Locks a queue. Releasing the lock passes on the space that its index has freed and its next event.
    pub(crate) fn lock<'a>(&'a self, queue: &'a Queue) -> Locked<'a> {
        Locked { queues: self, number: queue.number, state: queue.state.lock() }
    }

    /// Locks a queue and advances it to `now`.
    pub(crate) fn lock_at<'a>(&'a self, queue: &'a Queue, now: Timestamp) -> Locked<'a> {
        let mut locked = self.lock(queue);
        locked.index.advance(now);
        locked
    }

    /// Advances all queues with events up to `now`.
    pub(crate) fn advance(&self, now: Timestamp) {
        while let Some((_, number)) = self.pop_due(now) {
            if let Some(queue) = self.find(number) {
                let mut locked = self.lock(&queue);
                locked.registered = Timestamp::NEVER;
                locked.index.advance(now);
            }
        }
    }

    fn pop_due(&self, now: Timestamp) -> Option<(Timestamp, u64)> {
        let mut deadlines = self.deadlines.lock();
        let due = deadlines.first().copied().filter(|(at, _)| *at <= now)?;
        deadlines.remove(&due);
        Some(due)
    }
}

impl QueueState {
    /// Why calls about the queue are refused.
    pub(crate) fn refusal(&self) -> Option<StorageError> {
        if self.transit.is_elsewhere() {
            return Some(StorageError::Moved);
        }
        self.is_dropped.then_some(StorageError::NotFound("queue"))
    }
}

/// A queue under its lock.
pub(crate) struct Locked<'a> {
    queues: &'a Queues,
    number: u64,
    state: MutexGuard<'a, QueueState>,
}

impl Locked<'_> {
    /// The queue, if it lives here.
    pub(crate) fn here(self) -> StorageResult<Self> {
        if self.state.transit.is_elsewhere() { Err(StorageError::Moved) } else { Ok(self) }
    }
}

impl Deref for Locked<'_> {
    type Target = QueueState;

    fn deref(&self) -> &QueueState {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut QueueState {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let freed = self.state.index.take_freed();
        self.queues.segments.mark_freed(&freed);
        let changes = self.state.index.take_changes();
        if changes != ScheduleChanges::default() {
            self.queues.schedule.apply(self.number, &changes);
        }
        let (index, is_elsewhere) = (&self.state.index, self.state.transit.is_elsewhere());
        let pending = PendingDeadLetters {
            released: index.released.has_unseen() && !is_elsewhere,
            waiting: !index.dead_letters.is_empty() && !is_elsewhere,
        };
        if pending != self.state.pending {
            self.queues.dead_letters.lock().set(self.number, pending);
            self.state.pending = pending;
        }
        let next = self.state.index.next_event();
        if next < self.state.registered {
            let mut deadlines = self.queues.deadlines.lock();
            deadlines.remove(&(self.state.registered, self.number));
            deadlines.insert((next, self.number));
            self.state.registered = next;
        }
    }
}
