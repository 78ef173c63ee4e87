//! Dead letters: messages that were claimed too often, on their way to a queue that may be in another pool.

use std::collections::HashSet;
use std::sync::Arc;

use zaqar_model::{Destination, DestinationNumber, MessageId, Page, PageRequest, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, DeadLetters, MessageStore, StorageError, StorageResult};

use crate::PooledMessageStore;
use crate::migration_locks::LockGuard;
use crate::pooled::Pooled;
use crate::queue_access::QueueAccess;

#[async_trait::async_trait]
impl DeadLetters for PooledMessageStore {
    async fn with_dead_letters(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        loop {
            let switches = self.pooled.switches();
            let mut items = Vec::new();
            for store in self.pooled.stores_with_dead_letters().await? {
                items.extend(store.with_dead_letters(page).await?.items);
            }
            // Otherwise a queue has moved meanwhile, perhaps to a pool that was asked before it came.
            if switches == self.pooled.switches() {
                let mut items = each_once(items);
                items.sort_by_key(|destination| destination.number);
                items.truncate(page.limit);
                return Ok(Page { next: items.last().map(|destination| destination.number), items });
            }
        }
    }

    async fn dead_letters(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        let Some(access) = self.pooled.access(from).await? else { return Ok(Vec::new()) };
        access.store.dead_letters(from, limit, now).await
    }

    async fn discard_dead_letters(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        let Some(mut access) = self.pooled.access(from).await? else { return Ok(()) };
        access.touch(ids.iter().copied());
        access.store.discard_dead_letters(from, ids).await
    }

    async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        self.pooled.move_dead_letters(from, to, messages, now).await
    }
}

impl Pooled {
    /// In one pool, in one atomic step. Between two, the messages are first adopted there and then discarded here, and
    /// nobody else comes to the other queue meanwhile: so no consumer can delete one there which a second attempt would
    /// bring back. A crash between the two leaves them in both, and the move is made again before anybody is served.
    pub(crate) async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        if from.number == to.number {
            let Some(mut access) = self.access(from).await? else { return Ok(()) };
            access.touch(ids(messages));
            return access.store.move_dead_letters(from, to, messages, now).await;
        }
        let (from_lock, to_lock) = (self.lock_of(from.number), self.lock_of(to.number));
        // In the order of the numbers, so that two who move in opposite directions do not wait for each other.
        let (shared, exclusive);
        if from.number < to.number {
            shared = LockGuard::Shared { _guard: from_lock.shared().await };
            exclusive = to_lock.exclusive().await;
        } else {
            exclusive = to_lock.exclusive().await;
            shared = LockGuard::Shared { _guard: from_lock.shared().await };
        }
        let Some(source) = self.assignment_of(from.number).await? else { return Ok(()) };
        let mut source = QueueAccess::new(self.store_of(&source).await?, from_lock, shared);
        let target = self.find_assignment(to).await?;
        let store = self.store_of(&target.assignment).await?;
        source.touch(ids(messages));
        let result = if Arc::ptr_eq(&source.store, &store) {
            store.move_dead_letters(from, to, messages, now).await
        } else {
            let migration = source.store.migration_or_unsupported()?;
            let waiting = migration.export_some(from, &ids(messages), now).await?;
            let waiting: HashSet<MessageId> = waiting
                .iter()
                .filter(|moving| moving.exhausted)
                .map(|moving| moving.stored.message.id)
                .collect();
            let is_waiting = |stored: &&StoredMessage| waiting.contains(&stored.message.id);
            let waiting = messages.iter().filter(is_waiting).cloned().collect();
            self.move_between(from, &*source.store, to, &*store, waiting, now).await
        };
        let result = self.forget_if_dropped(target.is_new, to, result).await;
        drop((source, exclusive));
        result
    }

    /// The stores to ask for dead letters. One that cannot be opened keeps its own waiting, and not those of the others.
    pub(crate) async fn stores_with_dead_letters(&self) -> StorageResult<Vec<Arc<dyn MessageStore>>> {
        let opened = self.all_stores().await?.into_iter();
        let warn = |error: &StorageError| tracing::warn!(%error, "dead letters of a pool wait");
        Ok(opened.filter_map(|store| store.inspect_err(warn).ok()).collect())
    }

    /// First they arrive, then they are discarded. What has arrived when the second step fails is kept in mind: a
    /// consumer may have deleted it when the move is made again.
    async fn move_between(
        &self,
        from: &Destination,
        source: &dyn MessageStore,
        to: &Destination,
        target: &dyn MessageStore,
        mut messages: Vec<StoredMessage>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let moved = ids(&messages);
        let arrived = self.arrived.lock().get(&from.number).cloned().unwrap_or_default();
        messages.retain(|stored| !arrived.contains(&stored.message.id));
        target.adopt(to, &messages, Adoption::Arrival, now).await?;
        let discarded = source.discard_dead_letters(from, &moved).await;
        let mut all_arrived = self.arrived.lock();
        match discarded {
            Ok(()) => drop(all_arrived.remove(&from.number)),
            Err(_) => drop(all_arrived.insert(from.number, moved.into_iter().collect())),
        }
        discarded
    }
}

/// A queue that moves may be in two pools.
pub(crate) fn each_once(mut destinations: Vec<Destination>) -> Vec<Destination> {
    destinations.sort_unstable();
    destinations.dedup();
    destinations
}

fn ids(messages: &[StoredMessage]) -> Vec<MessageId> {
    messages.iter().map(|stored| stored.message.id).collect()
}
