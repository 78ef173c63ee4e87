//! The copy of a queue: made batch by batch, and again where something has changed since.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use zaqar_model::{Destination, Marker, MessageId, SubscriptionId};
use zaqar_storage::{Guard, MessageStore, StorageResult};

use crate::changes::{Changed, Changes};
use crate::pooled::Pooled;

/// How much of anything is copied in one step.
pub(crate) const BATCH: usize = 200;

/// What a copy is made from and to.
pub(crate) struct Copy<'a> {
    pub(crate) queue: &'a Destination,
    pub(crate) source: Arc<dyn MessageStore>,
    pub(crate) target: Arc<dyn MessageStore>,
    changes: Arc<Changes>,
    /// The position of the last message that was copied.
    pub(crate) done: Marker,
    /// Whose deliveries are still to be copied, and from where on.
    pub(crate) undelivered: BTreeMap<SubscriptionId, Marker>,
    /// Deliveries that have changed since, or whose messages are still to come.
    pub(crate) changed: HashMap<SubscriptionId, HashSet<Marker>>,
}

impl<'a> Copy<'a> {
    pub(crate) fn new(
        queue: &'a Destination,
        source: Arc<dyn MessageStore>,
        target: Arc<dyn MessageStore>,
        changes: Arc<Changes>,
    ) -> Self {
        let done = Marker::default();
        let (undelivered, changed) = (BTreeMap::new(), HashMap::new());
        Self { queue, source, target, changes, done, undelivered, changed }
    }
}

impl Copy<'_> {
    /// Copies a batch of messages; `false`: there are no more.
    pub(crate) async fn batch(&mut self, pooled: &Pooled) -> StorageResult<bool> {
        let now = pooled.clock.now();
        let messages =
            self.source.migration_or_unsupported()?.export(self.queue, self.done, BATCH, now).await?;
        let Some(last) = messages.last() else { return Ok(false) };
        self.done = last.position;
        self.target.migration_or_unsupported()?.import(self.queue, messages, Marker::default(), now).await?;
        Ok(true)
    }

    /// The last step, which nobody disturbs: how far the subscriptions have come.
    pub(crate) async fn finish(&mut self, pooled: &Pooled) -> StorageResult<()> {
        self.go_on_behind(pooled).await?;
        self.done = Marker::new(u64::MAX);
        while self.has_more_deliveries() {
            self.deliveries(pooled).await?;
        }
        self.changed_deliveries(pooled).await?;
        self.cursors(pooled).await
    }

    /// What is posted later comes behind all that was ever posted.
    async fn go_on_behind(&self, pooled: &Pooled) -> StorageResult<()> {
        let last = pooled.end_of(&*self.source, self.queue).await?;
        self.target.migration_or_unsupported()?.import(self.queue, Vec::new(), last, pooled.clock.now()).await
    }

    /// Copies what has changed since it was copied.
    pub(crate) async fn catch_up(&mut self, pooled: &Pooled) -> StorageResult<()> {
        let Changed { messages, subscriptions, deliveries, cursors, purged } = self.changes.take();
        // First those for whom messages may stay.
        self.subscriptions_again(&subscriptions, pooled).await?;
        if purged {
            // What was posted since goes too, and is copied again.
            self.target.purge(self.queue, pooled.clock.now()).await?;
            self.done = Marker::default();
        }
        let messages: Vec<MessageId> = messages.into_iter().collect();
        for ids in messages.chunks(BATCH) {
            self.copy_again(ids, pooled).await?;
        }
        self.note_deliveries(cursors.into_iter().chain(subscriptions), deliveries);
        self.changed_deliveries(pooled).await
    }

    async fn copy_again(&self, ids: &[MessageId], pooled: &Pooled) -> StorageResult<()> {
        let now = pooled.clock.now();
        let messages = self.source.migration_or_unsupported()?.export_some(self.queue, ids, now).await?;
        let found: HashSet<MessageId> = messages.iter().map(|moving| moving.stored.message.id).collect();
        let gone: Vec<MessageId> = ids.iter().copied().filter(|id| !found.contains(id)).collect();
        if !gone.is_empty() {
            self.target.delete(self.queue, &gone, Guard::Any, now).await?;
            self.target.discard_dead_letters(self.queue, &gone).await?;
        }
        if !messages.is_empty() {
            self.target
                .migration_or_unsupported()?
                .import(self.queue, messages, Marker::default(), now)
                .await?;
        }
        Ok(())
    }
}
