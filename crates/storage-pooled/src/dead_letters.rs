//! Dead letters: messages that were claimed too often, on their way to a queue that may be in another pool.

use std::collections::HashSet;
use std::sync::Arc;

use zaqar_model::{Destination, DestinationNumber, MessageId, Page, PageRequest, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, DeadLetters, MessageStore, StorageError, StorageResult};

use crate::PooledMessageStore;
use crate::pooled::Pooled;
use crate::route::forward;

/// Among so many that wait at least, those are looked for that are to be moved.
const FEWEST: usize = 1000;

#[async_trait::async_trait]
impl DeadLetters for PooledMessageStore {
    async fn with_dead_letters(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        let mut items = Vec::new();
        for store in self.pooled.stores_with_dead_letters().await? {
            items.extend(store.with_dead_letters(page).await?.items);
        }
        let mut items = each_once(items);
        items.sort_by_key(|destination| destination.number);
        items.truncate(page.limit);
        Ok(Page { next: items.last().map(|destination| destination.number), items })
    }

    async fn dead_letters(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        forward!(self, from, Vec::new(), store => store.dead_letters(from, limit, now))
    }

    async fn discard_dead_letters(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        forward!(self, from, (), store => store.discard_dead_letters(from, ids))
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
    /// In one pool, in one atomic step. Between two, the messages are first adopted there and then discarded here, and only
    /// those that still wait here. Whoever makes the move again, this server or another, passes over what has arrived.
    pub(crate) async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        let (mut source, mut target) = (self.route(from), self.route(to));
        let outcome = loop {
            let Some(source_store) = source.store().await? else { return Ok(()) };
            let store = target.store_to_write().await?;
            let moved = if Arc::ptr_eq(&source_store, &store) {
                store.move_dead_letters(from, to, messages, now).await
            } else {
                self.move_between((from, &*source_store), (to, &*store), messages, now).await
            };
            match moved {
                Err(StorageError::Moved) => {
                    source.wait().await?;
                    target.wait().await?;
                }
                outcome => break outcome,
            }
        };
        target.end(outcome).await
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
        (from, source): (&Destination, &dyn MessageStore),
        (to, target): (&Destination, &dyn MessageStore),
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        let waiting: HashSet<MessageId> =
            ids(&source.dead_letters(from, messages.len().max(FEWEST), now).await?).into_iter().collect();
        let mut messages: Vec<StoredMessage> = messages.to_vec();
        messages.retain(|stored| waiting.contains(&stored.message.id));
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
