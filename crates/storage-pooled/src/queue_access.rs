//! The use of one queue's store by one call.

use std::sync::Arc;

use zaqar_model::{Destination, Marker, MessageId, SubscriptionId};
use zaqar_storage::{MessageStore, StorageError, StorageResult};

use crate::assignment::Assignment;
use crate::changes::Changed;
use crate::migration_locks::{LockGuard, QueueLock};
use crate::pooled::Pooled;

/// While it lasts, the queue lives where it does. What it has touched is noted at its end, however it ends: a call that is
/// given up halfway may have had its effect.
#[derive(Debug)]
pub(crate) struct QueueAccess {
    pub(crate) store: Arc<dyn MessageStore>,
    lock: QueueLock,
    touched: Changed,
    /// The queue was assigned by this access.
    pub(crate) is_new: bool,
    _guard: LockGuard,
}

impl Pooled {
    /// Enters a queue that lives somewhere.
    pub(crate) async fn access(&self, queue: &Destination) -> StorageResult<Option<QueueAccess>> {
        self.pools.check_open()?;
        let lock = self.lock_of(queue.number);
        let guard = LockGuard::Shared { _guard: lock.shared().await };
        self.open_access(queue, lock, guard).await
    }

    /// Enters a queue to change a subscription. While the queue is being copied, the copy must hear of a subscription
    /// before it hears of a message that stays for it.
    pub(crate) async fn access_subscriptions(
        &self,
        queue: &Destination,
    ) -> StorageResult<Option<QueueAccess>> {
        self.pools.check_open()?;
        let lock = self.lock_of(queue.number);
        let guard = lock.exclusive_while_noting().await;
        self.open_access(queue, lock, guard).await
    }

    async fn open_access(
        &self,
        queue: &Destination,
        lock: QueueLock,
        guard: LockGuard,
    ) -> StorageResult<Option<QueueAccess>> {
        let Some(assignment) = self.assignment_of(queue.number).await? else { return Ok(None) };
        let store = self.store_of(&assignment).await?;
        Ok(Some(QueueAccess::new(store, lock, guard)))
    }

    /// Enters a queue to put something into it: one that lives nowhere yet gets a pool.
    pub(crate) async fn access_to_write(&self, queue: &Destination) -> StorageResult<QueueAccess> {
        self.pools.check_open()?;
        let lock = self.lock_of(queue.number);
        let guard = LockGuard::Shared { _guard: lock.shared().await };
        self.settle(queue, lock, guard).await
    }

    /// The same, to put subscriptions into it.
    pub(crate) async fn access_to_subscribe(&self, queue: &Destination) -> StorageResult<QueueAccess> {
        self.pools.check_open()?;
        let lock = self.lock_of(queue.number);
        let guard = lock.exclusive_while_noting().await;
        self.settle(queue, lock, guard).await
    }

    async fn settle(
        &self,
        queue: &Destination,
        lock: QueueLock,
        guard: LockGuard,
    ) -> StorageResult<QueueAccess> {
        let Found { assignment, is_new } = self.find_assignment(queue).await?;
        let store = self.store_of(&assignment).await?;
        let mut access = QueueAccess::new(store, lock, guard);
        access.is_new = is_new;
        Ok(access)
    }

    /// Where a queue lives, from now on if it lived nowhere. Called under its lock.
    pub(crate) async fn find_assignment(&self, queue: &Destination) -> StorageResult<Found> {
        if let Some(assignment) = self.assignment_of(queue.number).await? {
            return Ok(Found { assignment, is_new: false });
        }
        let pool = self.default_pool(queue).await?.ok_or_else(no_pool)?;
        let pool = self.assign_new(queue, &pool).await?;
        Ok(Found { assignment: Assignment::Pool(pool), is_new: true })
    }

    /// A queue that was dropped is not kept in the catalogue for a message that came too late.
    pub(crate) async fn forget_if_dropped<T>(
        &self,
        is_new: bool,
        queue: &Destination,
        result: StorageResult<T>,
    ) -> StorageResult<T> {
        if is_new && matches!(result, Err(StorageError::NotFound(_))) {
            let assigned = self.registry()?.pool_of(queue.number).await?;
            self.unassign(queue.number, assigned).await?;
        }
        result
    }

    /// The end of an access that has put something into the queue.
    pub(crate) async fn end<T>(
        &self,
        access: QueueAccess,
        queue: &Destination,
        result: StorageResult<T>,
    ) -> StorageResult<T> {
        self.forget_if_dropped(access.is_new, queue, result).await
    }
}

/// Where a queue lives, and whether that was decided just now.
pub(crate) struct Found {
    pub(crate) assignment: Assignment,
    pub(crate) is_new: bool,
}

/// The refusal of a queue that no pool takes.
pub(crate) fn no_pool() -> StorageError {
    StorageError::unavailable(
        "no pool without a flavor takes queues: register one with a weight above 0, \
         or set [pooling:catalog] enable_virtual_pool",
    )
}

impl QueueAccess {
    pub(crate) fn new(store: Arc<dyn MessageStore>, lock: QueueLock, guard: LockGuard) -> Self {
        Self { store, lock, touched: Changed::default(), is_new: false, _guard: guard }
    }

    pub(crate) fn touch(&mut self, messages: impl IntoIterator<Item = MessageId>) {
        self.touched.messages.extend(messages);
    }

    pub(crate) fn touch_subscription(&mut self, subscription: SubscriptionId) {
        self.touched.subscriptions.insert(subscription);
    }

    pub(crate) fn touch_delivery(&mut self, subscription: SubscriptionId, position: Marker) {
        self.touched.deliveries.entry(subscription).or_default().insert(position);
    }

    /// Any delivery to this subscription.
    pub(crate) fn touch_cursor(&mut self, subscription: SubscriptionId) {
        self.touched.cursors.insert(subscription);
    }

    pub(crate) const fn touch_all(&mut self) {
        self.touched.purged = true;
    }

    /// Whether the queue is being copied, so that it matters what is touched.
    pub(crate) fn is_noted(&self) -> bool {
        self.lock.changes().is_some()
    }
}

impl Drop for QueueAccess {
    fn drop(&mut self) {
        // Before the lock is let go: a switch that comes next must know.
        if let Some(changes) = self.lock.changes() {
            changes.add(std::mem::take(&mut self.touched));
        }
    }
}
