//! Migration of a queue to or from the pools as a whole; from pool to pool is the `mover`'s.

use zaqar_model::{Destination, Marker, MessageId, MovingMessage, Timestamp};
use zaqar_storage::{Migration, StorageResult};

use crate::PooledMessageStore;

#[async_trait::async_trait]
impl Migration for PooledMessageStore {
    async fn export(
        &self,
        from: &Destination,
        behind: Marker,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>> {
        let Some(visit) = self.pooled.visit(from).await? else { return Ok(Vec::new()) };
        visit.store.export(from, behind, limit, now).await
    }

    async fn export_some(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>> {
        let Some(visit) = self.pooled.visit(from).await? else { return Ok(Vec::new()) };
        visit.store.export_some(from, ids, now).await
    }

    async fn last_position(&self, from: &Destination) -> StorageResult<Marker> {
        let Some(visit) = self.pooled.visit(from).await? else { return Ok(Marker::default()) };
        visit.store.last_position(from).await
    }

    async fn import(
        &self,
        to: &Destination,
        messages: Vec<MovingMessage>,
        last: Marker,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut visit = self.pooled.visit_to_write(to).await?;
        visit.touch(messages.iter().map(|moving| moving.stored.message.id));
        visit.store.import(to, messages, last, now).await
    }
}
