//! Dead letters: the move of exhausted messages to a queue that may be in another pool.

use std::collections::HashSet;
use std::sync::Arc;

use zaqar_model::{Destination, MessageId, StoredMessage, Timestamp};
use zaqar_storage::StorageResult;

use crate::pooled::Pooled;
use crate::visit::Visit;

impl Pooled {
    /// In one pool, in one atomic step. Between two, the messages are first adopted there and then discarded here, and
    /// nobody else comes to the other queue meanwhile: so no consumer can delete one there which a second attempt would
    /// bring back. A crash between the two leaves them in both, and the move is made again before anybody is served.
    pub(crate) async fn move_exhausted(
        &self,
        from: &Destination,
        to: &Destination,
        mut messages: Vec<StoredMessage>,
        now: Timestamp,
    ) -> StorageResult<()> {
        if from.number == to.number {
            let Some(mut visit) = self.visit(from).await? else { return Ok(()) };
            visit.touch(ids(&messages));
            return visit.store.move_exhausted(from, to, messages, now).await;
        }
        let (from_gate, to_gate) = (self.approach(from.number), self.approach(to.number));
        // In the order of the numbers, so that two who move in opposite directions do not wait for each other.
        let (inside, alone);
        if from.number < to.number {
            inside = from_gate.with_others().await;
            alone = to_gate.alone().await;
        } else {
            alone = to_gate.alone().await;
            inside = from_gate.with_others().await;
        }
        let Some(source) = self.home_of(from.number).await? else { return Ok(()) };
        let mut source = Visit::inside(self.store_of(&source).await?, from_gate, inside);
        let target = self.find_home(to).await?;
        let store = self.store_of(&target.home).await?;
        source.touch(ids(&messages));
        let result = if Arc::ptr_eq(&source.store, &store) {
            store.move_exhausted(from, to, messages, now).await
        } else {
            let waiting = source.store.export_some(from, &ids(&messages), now).await?;
            let waiting: HashSet<MessageId> = waiting
                .iter()
                .filter(|moving| moving.exhausted)
                .map(|moving| moving.stored.message.id)
                .collect();
            messages.retain(|stored| waiting.contains(&stored.message.id));
            let moved = ids(&messages);
            match store.adopt(to, messages, now).await {
                Ok(()) => source.store.discard_exhausted(from, &moved).await,
                Err(error) => Err(error),
            }
        };
        let result = self.forget_if_dropped(target.is_new, to, result).await;
        drop((source, alone));
        result
    }
}

fn ids(messages: &[StoredMessage]) -> Vec<MessageId> {
    messages.iter().map(|stored| stored.message.id).collect()
}
