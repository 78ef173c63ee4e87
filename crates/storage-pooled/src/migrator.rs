//! The move of one queue from where it lives to where it is to live.
//!
//! Until the switch, the old store alone is in use: clients see nothing of the copy. The migrator carries the queue over page
//! by page, with what clients have changed meanwhile. Then it seals the queue where it is, carries the rest over, and changes
//! the catalogue's entry. From then on the new store alone is in use. The fence is in the stores
//! ([`Migration`](zaqar_storage::Migration) says how).
//!
//! Of several servers one alone carries a move out: it takes the move for a time, and keeps it for longer while it copies.
//! When it dies, another takes over. Each attempt has an id of its own, greater than all before, and is noted in the catalogue
//! before it begins. So the catalogue and the stores refuse an attempt that was overtaken, however late it goes on.
//!
//! Whenever it is broken off, the catalogue says which store counts, and the noted move which others may hold something of
//! the queue: that is dropped, and the move starts over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use zaqar_model::{Destination, ExportedItem, MoveId, QueueMove};
use zaqar_storage::{
    ExportCursor, ImportStep, MessageStore, Migration, StorageError, StorageResult, TakenMove,
};

use crate::active_migrations::ActiveMigrations;
use crate::assignment::Assignment;
use crate::pooled::Pooled;

/// A server has a move for this long, and keeps it for longer when half of the time is over.
const HELD_FOR_SECONDS: u64 = 10;
/// How many items are carried over at once.
const BATCH: usize = 500;
/// A queue is sealed after this many times as many pages as its messages fill, and a few more: clients that change it faster
/// than it is carried over do not keep it from moving.
const PATIENCE: u64 = 3;
const FEWEST_PAGES: u64 = 16;

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

/// How an attempt to carry a queue over has ended.
enum Copied {
    /// Everything is there.
    Whole,
    /// The plan is another by now, or another server carries it out.
    BrokenOff,
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
        // From here on no earlier attempt can switch the queue: so it lives where the catalogue says next.
        let (noted, attempt) = match self.begin_attempt(&noted).await {
            Err(StorageError::Conflict(_)) => return Ok(true),
            begun => begun?,
        };
        let Some(assignment) = self.pooled.assignment_now(self.queue.number).await? else {
            return self.finish(Some(&noted)).await;
        };
        if assignment != Assignment::after(&noted) {
            self.carry_over(&assignment, &noted, attempt).await?;
            return Ok(true);
        }
        let now = self.pooled.clock.now();
        if let Some(migration) = self.pooled.store_of(&assignment).await?.migration() {
            migration.open(&self.queue, attempt, now).await?;
            // An attempt to move it away may have left its seal here: it stays after all.
            migration.begin_export(&self.queue, attempt, now).await?;
            migration.abandon_export(&self.queue, attempt, now).await?;
        }
        for other in self.others(&noted, &assignment) {
            // A store that queues cannot leave has nothing of one that came from it.
            if let Some(migration) = self.pooled.store_of(&other).await?.migration() {
                migration.leave(&self.queue, attempt, now).await?;
            }
        }
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

    /// Notes that this is the latest attempt.
    async fn begin_attempt(&self, noted: &QueueMove) -> StorageResult<(QueueMove, MoveId)> {
        let attempt = self.pooled.next_attempt(noted.attempt);
        let next = QueueMove { attempt: Some(attempt), ..noted.clone() };
        self.pooled.registry()?.put_move(&next, Some(noted)).await?;
        Ok((next, attempt))
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
        if self.stop.load(Ordering::Acquire) || self.active.is_closed() {
            return Ok(false);
        }
        let half = self.pooled.clock.now().plus_secs(HELD_FOR_SECONDS / 2);
        if half.as_millis() < self.held_until.load(Ordering::Acquire) {
            return Ok(true);
        }
        Ok(matches!(self.take().await?, TakenMove::Taken(current) if current == *noted))
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

    /// Carries the queue over and switches to the copy. If that comes to nothing before the switch, the queue stays in use
    /// where it is. Once the switch was asked for, only the catalogue knows: whoever takes the move up next asks it.
    async fn carry_over(
        &self,
        assignment: &Assignment,
        noted: &QueueMove,
        attempt: MoveId,
    ) -> StorageResult<()> {
        let source = self.pooled.store_of(assignment).await?;
        let target = self.pooled.store_of(&Assignment::after(noted)).await?;
        let stores = Carrying {
            source: source.migration_or_unsupported()?,
            target: target.migration_or_unsupported()?,
            attempt,
        };
        let copied = self.copy(&stores, &*source, noted).await;
        if !matches!(copied, Ok(Copied::Whole)) {
            let now = self.pooled.clock.now();
            // What cannot be undone now is undone by the next attempt.
            let _ = stores.source.abandon_export(&self.queue, attempt, now).await;
            let _ = stores.target.leave(&self.queue, attempt, now).await;
            return copied.map(|_| ());
        }
        if !self.pooled.registry()?.switch(noted, assignment.pool()).await? {
            // The plan has changed. If it was another mover that has switched, it has left this seal behind.
            return stores.source.abandon_export(&self.queue, attempt, self.pooled.clock.now()).await;
        }
        // At once; if it fails, the plan comes to it again.
        let now = self.pooled.clock.now();
        if stores.target.open(&self.queue, attempt, now).await.is_ok() {
            let _ = stores.source.leave(&self.queue, attempt, now).await;
        }
        Ok(())
    }

    /// Everything up to the switch.
    async fn copy(
        &self,
        stores: &Carrying<'_>,
        source: &dyn MessageStore,
        noted: &QueueMove,
    ) -> StorageResult<Copied> {
        let now = self.pooled.clock.now();
        // A seal that an earlier attempt has left is off from here on.
        stores.source.begin_export(&self.queue, stores.attempt, now).await?;
        let depth = source.stats(&self.queue, now).await?.total();
        let most_pages = FEWEST_PAGES + PATIENCE * depth / BATCH as u64;
        self.import(stores, ImportStep::Begin, &[]).await?;
        let (mut cursor, mut pages) = (ExportCursor::default(), 0_u64);
        let mut is_sealed = false;
        loop {
            if !self.goes_on(noted).await? {
                return Ok(Copied::BrokenOff);
            }
            let now = self.pooled.clock.now();
            let page = stores.source.export(&self.queue, stores.attempt, &cursor, BATCH, now).await?;
            if !page.items.is_empty() {
                self.import(stores, ImportStep::More, &page.items).await?;
            }
            cursor = page.next;
            pages += 1;
            if is_sealed && page.is_caught_up {
                break;
            }
            if !is_sealed && (page.is_caught_up || pages >= most_pages) {
                stores.source.seal(&self.queue, stores.attempt, self.pooled.clock.now()).await?;
                is_sealed = true;
            }
        }
        tracing::debug!(queue = %self.queue.name, pages, "a queue was carried over to another pool");
        self.import(stores, ImportStep::End, &[]).await?;
        Ok(Copied::Whole)
    }

    async fn import(
        &self,
        stores: &Carrying<'_>,
        step: ImportStep,
        items: &[ExportedItem],
    ) -> StorageResult<()> {
        let now = self.pooled.clock.now();
        stores.target.import(&self.queue, stores.attempt, step, items, now).await
    }
}

/// Between which stores.
struct Carrying<'a> {
    source: &'a dyn Migration,
    target: &'a dyn Migration,
    attempt: MoveId,
}
