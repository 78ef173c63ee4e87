//! The move of one queue from where it lives to where it is to live.
//!
//! Until the switch, the old store alone is in use: clients see nothing of the copy. The migrator copies the queue batch by
//! batch, and after each one what clients have changed meanwhile. At the end it has the queue to itself for one short
//! step: it copies what is left, and the catalogue's entry is changed. From then on the new store alone is in use. What
//! the old one has is dropped.
//!
//! Whenever it is broken off, the catalogue says which store counts, and the noted move which others may hold something of
//! the queue: that is dropped, and the move starts over.
//!
//! Of several servers one alone carries a move out: it takes the move for a time, and keeps it for longer while it copies.
//! When it dies, another takes over. The time is checked right before the switch. What is left is a server that is stopped
//! between that check and the switch for longer than the time: the catalogue's compare and set keeps it from switching a queue
//! that has gone elsewhere meanwhile, but not from switching to a copy that another server has just started over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use zaqar_model::{Destination, Marker, QueueMove};
use zaqar_storage::{StorageError, StorageResult, TakenMove};

use crate::active_migrations::ActiveMigrations;
use crate::assignment::Assignment;
use crate::copy::Copy;
use crate::migration_locks::QueueLock;
use crate::pooled::Pooled;

/// A server has a move for this long, and keeps it for longer when half of the time is over: half a minute.
const HELD_FOR_SECONDS: u64 = 30;

/// How often the batch of the last step may double, at most.
const MOST_DOUBLINGS: u32 = 20;

#[derive(Debug)]
pub(crate) struct Migrator {
    pooled: Arc<Pooled>,
    active: Arc<ActiveMigrations>,
    queue: Destination,
    /// Set when the plan has changed: it is to be read again.
    stop: Arc<AtomicBool>,
    /// Until when this server has the move, in milliseconds.
    held_until: AtomicU64,
}

impl Migrator {
    pub(crate) const fn new(
        pooled: Arc<Pooled>,
        active: Arc<ActiveMigrations>,
        queue: Destination,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self { pooled, active, queue, stop, held_until: AtomicU64::new(0) }
    }

    /// Moves the queue, and on if the plan changes on the way. What fails is tried again later.
    pub(crate) async fn run(self) {
        let number = self.queue.number;
        while !self.active.is_closed() {
            match self.follow_the_plan().await {
                Ok(true) => {}
                Ok(false) => return self.active.note_success(number),
                Err(error) => {
                    if self.active.note_failure(number) {
                        let queue = &self.queue.name;
                        tracing::warn!(%error, %queue, "a queue could not be moved yet; it stays in use where it is");
                    }
                    break;
                }
            }
        }
        self.give_back().await;
        self.active.leave(number);
    }

    /// Does what the plan says. `false`: nothing is left to do here, and this migrator is not active any more.
    async fn follow_the_plan(&self) -> StorageResult<bool> {
        self.stop.store(false, Ordering::Release);
        let noted = match self.take().await? {
            TakenMove::Taken(noted) => noted,
            TakenMove::NoMove => return self.finish(None).await,
            TakenMove::HeldByAnother => {
                self.active.leave(self.queue.number);
                return Ok(false);
            }
        };
        let Some(assignment) = self.pooled.assignment_of(self.queue.number).await? else {
            return self.finish(Some(&noted)).await;
        };
        if assignment != Assignment::after(&noted) {
            self.copy(&assignment, &noted).await?;
            return Ok(true);
        }
        let lock = self.pooled.lock_of(self.queue.number);
        let shared = lock.shared().await;
        if !self.goes_on(&noted).await? {
            return Ok(true);
        }
        for other in self.others(&noted, &assignment) {
            self.pooled.store_of(&other).await?.drop_destination(&self.queue).await?;
        }
        drop(shared);
        self.finish(Some(&noted)).await
    }

    /// Takes the move, or keeps it for longer.
    async fn take(&self) -> StorageResult<TakenMove> {
        let now = self.pooled.clock.now();
        let until = now.plus_secs(HELD_FOR_SECONDS);
        let taken =
            self.pooled.registry()?.take_move(self.queue.number, self.pooled.server, until, now).await?;
        self.held_until.store(until.as_millis(), Ordering::Release);
        Ok(taken)
    }

    /// Lets another server have the move at once. If that fails, it waits until the time is over.
    async fn give_back(&self) {
        let now = self.pooled.clock.now();
        if let Ok(registry) = self.pooled.registry() {
            let _ = registry.take_move(self.queue.number, self.pooled.server, now, now).await;
        }
    }

    /// Whether nobody has recalled this migrator, and the move is still for this server to carry out.
    async fn goes_on(&self, noted: &QueueMove) -> StorageResult<bool> {
        let half = self.pooled.clock.now().plus_secs(HELD_FOR_SECONDS / 2);
        if self.is_recalled() || half.as_millis() < self.held_until.load(Ordering::Acquire) {
            return Ok(!self.is_recalled());
        }
        self.is_still_ours(noted).await
    }

    /// A plan that leads elsewhere by now does no harm, as long as it still covers the pool that this one leads to: the queue
    /// goes on from there.
    async fn is_still_ours(&self, noted: &QueueMove) -> StorageResult<bool> {
        Ok(match self.take().await? {
            TakenMove::Taken(current) => noted.to.as_ref().is_none_or(|to| current.pools.contains(to)),
            TakenMove::HeldByAnother | TakenMove::NoMove => false,
        })
    }

    /// Where else something of the queue may be found.
    fn others(&self, noted: &QueueMove, assignment: &Assignment) -> Vec<Assignment> {
        let pools = noted.pools.iter().cloned().map(Assignment::Pool);
        let virtual_pool = self.pooled.virtual_pool.is_some().then_some(Assignment::Virtual);
        pools.chain(virtual_pool).filter(|other| other != assignment).collect()
    }

    /// Ends the move, unless the plan has changed.
    async fn finish(&self, done: Option<&QueueMove>) -> StorageResult<bool> {
        let _planning = self.pooled.planning.lock().await;
        let registry = self.pooled.registry()?;
        let is_over = match done {
            Some(done) => registry.end_move(done).await?,
            None => registry.get_move(self.queue.number).await?.is_none(),
        };
        if is_over {
            // Under the same lock: a later plan finds none active and starts another migrator.
            self.active.leave(self.queue.number);
        }
        Ok(!is_over)
    }

    /// Copies the queue and switches to the copy, unless the plan changes on the way.
    async fn copy(&self, assignment: &Assignment, noted: &QueueMove) -> StorageResult<()> {
        let to = &Assignment::after(noted);
        let source = self.pooled.store_of(assignment).await?;
        let target = self.pooled.store_of(to).await?;
        let lock = self.pooled.lock_of(self.queue.number);
        let changes = {
            let _exclusive = lock.exclusive().await;
            if !self.goes_on(noted).await? {
                return Ok(());
            }
            // Nothing that an earlier attempt has left is taken for the queue.
            target.drop_destination(&self.queue).await?;
            target
                .migration_or_unsupported()?
                .import(&self.queue, Vec::new(), Marker::default(), self.pooled.clock.now())
                .await?;
            lock.begin_noting()
        };
        let copy = Copy::new(&self.queue, source, target, changes);
        let result = self.copy_and_switch(copy, &lock, assignment, noted).await;
        lock.end_noting();
        result
    }

    async fn copy_and_switch(
        &self,
        mut copy: Copy<'_>,
        lock: &QueueLock,
        assignment: &Assignment,
        noted: &QueueMove,
    ) -> StorageResult<()> {
        let goal = self.pooled.end_of(&*copy.source, &self.queue).await?;
        let mut subscriptions = Some(None);
        while let Some(behind) = subscriptions {
            let _shared = lock.shared().await;
            if !self.goes_on(noted).await? {
                return Ok(());
            }
            subscriptions = copy.subscriptions(behind, &self.pooled).await?;
        }
        while copy.done < goal {
            let _shared = lock.shared().await;
            if !self.goes_on(noted).await? {
                return Ok(());
            }
            copy.catch_up(&self.pooled).await?;
            if !copy.batch(&self.pooled).await? {
                break;
            }
        }
        while copy.has_more_deliveries() {
            let _shared = lock.shared().await;
            if !self.goes_on(noted).await? {
                return Ok(());
            }
            copy.catch_up(&self.pooled).await?;
            copy.deliveries(&self.pooled).await?;
        }
        // What was posted since: a step is longer than the one before, so that no one posts faster than it copies.
        for doublings in 0.. {
            let _exclusive = lock.exclusive().await;
            if !self.goes_on(noted).await? {
                return Ok(());
            }
            copy.catch_up(&self.pooled).await?;
            for _ in 0..2_u32 << MOST_DOUBLINGS.min(doublings) {
                if !copy.batch(&self.pooled).await? {
                    copy.finish(&self.pooled).await?;
                    if !self.is_still_ours(noted).await? {
                        return Ok(());
                    }
                    self.switch(assignment, &Assignment::after(noted)).await?;
                    // At once, so that nothing is leased from what is left. If it fails, the plan comes to it again.
                    let _ = copy.source.drop_destination(&self.queue).await;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn is_recalled(&self) -> bool {
        self.stop.load(Ordering::Acquire) || self.active.is_closed()
    }

    /// One change of one entry: before it the queue is in the one store, after it in the other.
    async fn switch(&self, assignment: &Assignment, to: &Assignment) -> StorageResult<()> {
        let registry = self.pooled.registry()?;
        let assigned = registry.assign(self.queue.number, assignment.pool(), to.pool()).await?;
        if assigned.as_ref() != to.pool() {
            return Err(StorageError::Conflict("the queue was assigned to another pool meanwhile"));
        }
        self.pooled.note_switch();
        Ok(())
    }
}
