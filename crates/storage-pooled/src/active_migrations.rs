//! The moves that are under way in this process.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinSet;
use zaqar_model::{Destination, DestinationNumber};

use crate::migrator::Migrator;
use crate::pooled::Pooled;

/// One migrator a queue. They end at the latest with this, wherever they are: a move that was broken off is made again.
#[derive(Debug, Default)]
pub(crate) struct Migrators {
    tasks: Mutex<JoinSet<()>>,
    active: Arc<ActiveMigrations>,
}

/// The queues that this process is moving.
#[derive(Debug, Default)]
pub(crate) struct ActiveMigrations {
    under_way: Mutex<HashMap<DestinationNumber, Arc<AtomicBool>>>,
    /// Queues whose move has failed and is tried again: the log has said so.
    failing: Mutex<HashSet<DestinationNumber>>,
    /// How many are under way.
    count: watch::Sender<usize>,
    /// Nobody is to move any more.
    is_closed: AtomicBool,
}

impl Migrators {
    /// Sees to it that this queue is moved, by the plan as it is now.
    pub(crate) fn start(&self, pooled: &Arc<Pooled>, queue: Destination) {
        let Some(stop) = self.active.enter(queue.number) else { return };
        let mut tasks = self.tasks.lock();
        // Room for those that have ended.
        while tasks.try_join_next().is_some() {}
        let migrator = Migrator::new(Arc::clone(pooled), Arc::clone(&self.active), queue, stop);
        tasks.spawn(migrator.run());
    }

    /// Takes up a move, unless this process carries it out already.
    pub(crate) fn resume(&self, pooled: &Arc<Pooled>, queue: Destination) {
        if !self.active.has(queue.number) {
            self.start(pooled, queue);
        }
    }

    /// The plan for this queue has changed: its migrator reads it again before the next step.
    pub(crate) fn recall(&self, queue: DestinationNumber) {
        self.active.recall(queue);
    }

    /// Waits until each migrator has ended its step; none begins any more. What they leave is taken up by the next run.
    pub(crate) async fn stop(&self) {
        self.active.close();
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        while tasks.join_next().await.is_some() {}
    }

    /// Waits until this process does not move the queue any more.
    pub(crate) async fn is_over(&self, queue: DestinationNumber) {
        let mut count = self.active.count.subscribe();
        // The sender lives as long as this.
        let _ = count.wait_for(|_| !self.active.has(queue)).await;
    }

    /// Waits until nobody is moving.
    pub(crate) async fn none_left(&self) {
        let mut count = self.active.count.subscribe();
        // The sender lives as long as this.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}

impl ActiveMigrations {
    /// `None`: the queue is being moved here already, and its migrator reads the plan again.
    fn enter(&self, queue: DestinationNumber) -> Option<Arc<AtomicBool>> {
        let mut under_way = self.under_way.lock();
        if self.is_closed() {
            return None;
        }
        if let Some(stop) = under_way.get(&queue) {
            stop.store(true, Ordering::Release);
            return None;
        }
        let stop = Arc::default();
        under_way.insert(queue, Arc::clone(&stop));
        self.count.send_replace(under_way.len());
        Some(stop)
    }

    fn close(&self) {
        let under_way = self.under_way.lock();
        self.is_closed.store(true, Ordering::Release);
        for stop in under_way.values() {
            stop.store(true, Ordering::Release);
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    fn has(&self, queue: DestinationNumber) -> bool {
        self.under_way.lock().contains_key(&queue)
    }

    pub(crate) fn leave(&self, queue: DestinationNumber) {
        let mut under_way = self.under_way.lock();
        under_way.remove(&queue);
        self.count.send_replace(under_way.len());
    }

    fn recall(&self, queue: DestinationNumber) {
        if let Some(stop) = self.under_way.lock().get(&queue) {
            stop.store(true, Ordering::Release);
        }
    }

    /// Whether this is the first failure since the last success.
    pub(crate) fn note_failure(&self, queue: DestinationNumber) -> bool {
        self.failing.lock().insert(queue)
    }

    pub(crate) fn note_success(&self, queue: DestinationNumber) {
        self.failing.lock().remove(&queue);
    }
}
