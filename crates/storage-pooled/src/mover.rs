//! The move of one queue from where it lives to where it is to live.
//!
//! Until the switch, the old store alone is in use: clients see nothing of the copy. The mover copies the queue batch by
//! batch, and after each one what clients have changed meanwhile. At the end it has the queue to itself for one short
//! step: it copies what is left, and the catalogue's entry is changed. From then on the new store alone is in use. What
//! the old one has is dropped.
//!
//! Whenever it is broken off, the catalogue says which store counts, and the noted move which others may hold something of
//! the queue: that is dropped, and the move begins anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zaqar_model::{Destination, Marker, PoolName, QueueMove};
use zaqar_storage::{StorageError, StorageResult};

use crate::copy::Copy;
use crate::gates::AtGate;
use crate::home::Home;
use crate::movers::Roll;
use crate::pooled::Pooled;

/// How often the batch of the last step may double, at most.
const MOST_DOUBLINGS: u32 = 20;

#[derive(Debug)]
pub(crate) struct Mover {
    pooled: Arc<Pooled>,
    roll: Arc<Roll>,
    queue: Destination,
    /// Set when the plan has changed: it is to be read again.
    stop: Arc<AtomicBool>,
}

impl Mover {
    pub(crate) const fn new(
        pooled: Arc<Pooled>,
        roll: Arc<Roll>,
        queue: Destination,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self { pooled, roll, queue, stop }
    }

    /// Moves the queue, and on if the plan changes on the way. What fails is tried again later.
    pub(crate) async fn run(self) {
        let number = self.queue.number;
        while !self.roll.is_closed() {
            match self.follow_the_plan().await {
                Ok(true) => {}
                Ok(false) => return self.roll.note_success(number),
                Err(error) => {
                    if self.roll.note_failure(number) {
                        let queue = &self.queue.name;
                        tracing::warn!(%error, %queue, "a queue could not be moved yet; it stays in use where it is");
                    }
                    break;
                }
            }
        }
        self.roll.leave(number);
    }

    /// Does what the plan says. `false`: nothing is left to do, and this mover is off the roll.
    async fn follow_the_plan(&self) -> StorageResult<bool> {
        self.stop.store(false, Ordering::Release);
        let management = &self.pooled.management;
        let noted = management.get_move(self.queue.number).await?;
        let home = self.pooled.home_of(self.queue.number).await?;
        let (Some(noted), Some(home)) = (&noted, home) else {
            return self.finish(noted.as_ref()).await;
        };
        let target = Home::at_the_end_of(noted);
        if home != target {
            self.copy(&home, &target).await?;
            return Ok(true);
        }
        let gate = self.pooled.approach(self.queue.number);
        let inside = gate.with_others().await;
        if self.is_recalled() {
            return Ok(true);
        }
        for other in self.others(noted, &home) {
            self.pooled.store_of(&other).await?.drop_destination(&self.queue).await?;
        }
        drop(inside);
        self.finish(Some(noted)).await
    }

    /// Where else something of the queue may be found.
    fn others(&self, noted: &QueueMove, home: &Home) -> Vec<Home> {
        let pools = noted.pools.iter().cloned().map(Home::Pool);
        let virtual_pool = self.pooled.virtual_pool.is_some().then_some(Home::Virtual);
        pools.chain(virtual_pool).filter(|other| other != home).collect()
    }

    /// Ends the move, unless the plan has changed.
    async fn finish(&self, done: Option<&QueueMove>) -> StorageResult<bool> {
        let _planning = self.pooled.planning.lock().await;
        let management = &self.pooled.management;
        if management.get_move(self.queue.number).await?.as_ref() != done {
            return Ok(true);
        }
        if done.is_some() {
            management.delete_move(self.queue.number).await?;
        }
        // Under the same lock: whoever plans a move later finds nobody on the roll and starts another mover.
        self.roll.leave(self.queue.number);
        Ok(false)
    }

    /// Copies the queue and switches to the copy, unless the plan changes on the way.
    async fn copy(&self, home: &Home, to: &Home) -> StorageResult<()> {
        let source = self.pooled.store_of(home).await?;
        let target = self.pooled.store_of(to).await?;
        let gate = self.pooled.approach(self.queue.number);
        let changes = {
            let _alone = gate.alone().await;
            if self.is_recalled() {
                return Ok(());
            }
            // Nothing that an earlier attempt has left is taken for the queue.
            target.drop_destination(&self.queue).await?;
            target
                .migration_or_unsupported()?
                .import(&self.queue, Vec::new(), Marker::default(), self.pooled.clock.now())
                .await?;
            gate.begin_noting()
        };
        let copy = Copy::new(&self.queue, source, target, changes);
        let result = self.copy_and_switch(copy, &gate, home, to).await;
        gate.end_noting();
        result
    }

    async fn copy_and_switch(
        &self,
        mut copy: Copy<'_>,
        gate: &AtGate,
        home: &Home,
        to: &Home,
    ) -> StorageResult<()> {
        let goal = self.pooled.end_of(&*copy.source, &self.queue).await?;
        let mut subscriptions = Some(None);
        while let Some(behind) = subscriptions {
            let _with_others = gate.with_others().await;
            if self.is_recalled() {
                return Ok(());
            }
            subscriptions = copy.subscriptions(behind, &self.pooled).await?;
        }
        while copy.done < goal {
            let _with_others = gate.with_others().await;
            if self.is_recalled() {
                return Ok(());
            }
            copy.catch_up(&self.pooled).await?;
            if !copy.batch(&self.pooled).await? {
                break;
            }
        }
        while copy.has_more_deliveries() {
            let _with_others = gate.with_others().await;
            if self.is_recalled() {
                return Ok(());
            }
            copy.catch_up(&self.pooled).await?;
            copy.deliveries(&self.pooled).await?;
        }
        // What was posted since: a step is longer than the one before, so that no one posts faster than it copies.
        for doublings in 0.. {
            let _alone = gate.alone().await;
            if self.is_recalled() {
                return Ok(());
            }
            copy.catch_up(&self.pooled).await?;
            for _ in 0..2_u32 << MOST_DOUBLINGS.min(doublings) {
                if !copy.batch(&self.pooled).await? {
                    copy.finish(&self.pooled).await?;
                    self.switch(home, to).await?;
                    // At once, so that nothing is leased from what is left. If it fails, the plan comes to it again.
                    let _ = copy.source.drop_destination(&self.queue).await;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn is_recalled(&self) -> bool {
        self.stop.load(Ordering::Acquire) || self.roll.is_closed()
    }

    /// One change of one entry: before it the queue is in the one store, after it in the other.
    async fn switch(&self, home: &Home, to: &Home) -> StorageResult<()> {
        let (management, number) = (&self.pooled.management, self.queue.number);
        match (home.pool(), to.pool()) {
            (Some(from), Some(to)) => management.remap(number, from, to).await?,
            (None, Some(to)) => management.map(number, to).await.and_then(|mapped| same(&mapped, to))?,
            (_, None) => management.unmap(number).await?,
        }
        self.pooled.note_switch();
        Ok(())
    }
}

fn same(mapped: &PoolName, wanted: &PoolName) -> StorageResult<()> {
    if mapped == wanted { Ok(()) } else { Err(StorageError::Conflict("the queue was mapped meanwhile")) }
}
