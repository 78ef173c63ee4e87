//! A lock for each queue that is in use right now.
//!
//! Calls that use a queue's store share the lock; a migration holds it alone while it switches the queue to another
//! store. One queue never waits for another's lock.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use zaqar_model::DestinationNumber;

use crate::changes::Changes;

/// As many as there are queues in use: a lock goes with the last who needs it.
#[derive(Debug, Default)]
pub(crate) struct MigrationLocks(Mutex<HashMap<DestinationNumber, (Arc<MigrationLock>, usize)>>);

#[derive(Debug, Default)]
struct MigrationLock {
    lock: Arc<RwLock<()>>,
    /// Where to leave a note of changes, while the queue is being copied.
    changes: Mutex<Option<Arc<Changes>>>,
}

/// The lock of a queue, held or not.
#[derive(Debug)]
pub(crate) struct QueueLock {
    locks: Arc<MigrationLocks>,
    queue: DestinationNumber,
    lock: Arc<MigrationLock>,
}

/// A lock that is held.
#[derive(Debug)]
pub(crate) enum LockGuard {
    Shared { _guard: OwnedRwLockReadGuard<()> },
    Exclusive { _guard: OwnedRwLockWriteGuard<()> },
}

impl MigrationLocks {
    pub(crate) fn lock_of(locks: &Arc<Self>, queue: DestinationNumber) -> QueueLock {
        let mut all = locks.0.lock();
        let (lock, users) = all.entry(queue).or_default();
        *users += 1;
        QueueLock { locks: Arc::clone(locks), queue, lock: Arc::clone(lock) }
    }
}

impl QueueLock {
    pub(crate) async fn shared(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.lock.lock).read_owned().await
    }

    /// Waits until all who hold it have let it go. Those who come later wait in turn.
    pub(crate) async fn exclusive(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.lock.lock).write_owned().await
    }

    /// Shared, but exclusive while changes are noted: whatever others change after this is noted after it.
    pub(crate) async fn exclusive_while_noting(&self) -> LockGuard {
        let guard = self.shared().await;
        if self.changes().is_none() {
            return LockGuard::Shared { _guard: guard };
        }
        drop(guard);
        LockGuard::Exclusive { _guard: self.exclusive().await }
    }

    /// From now on, changes are noted. Called under the exclusive lock, so that no call goes without noting.
    pub(crate) fn begin_noting(&self) -> Arc<Changes> {
        let changes = Arc::new(Changes::default());
        *self.lock.changes.lock() = Some(Arc::clone(&changes));
        changes
    }

    pub(crate) fn end_noting(&self) {
        *self.lock.changes.lock() = None;
    }

    pub(crate) fn changes(&self) -> Option<Arc<Changes>> {
        self.lock.changes.lock().clone()
    }
}

impl Drop for QueueLock {
    fn drop(&mut self) {
        let mut all = self.locks.0.lock();
        if let Some((_, users)) = all.get_mut(&self.queue) {
            *users -= 1;
            if *users == 0 {
                all.remove(&self.queue);
            }
        }
    }
}
