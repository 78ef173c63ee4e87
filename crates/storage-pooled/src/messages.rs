//! Messages: posted, listed, fetched, deleted.

use zaqar_model::{
    ClaimId, ClientId, Destination, Marker, Message, MessageId, NewMessage, Page, QueueStats, StoredMessage,
    Timestamp,
};
use zaqar_storage::{Adoption, Deletion, MessageQuery, Messages, StorageResult};

use crate::PooledMessageStore;
use crate::dead_letters::each_once;

#[async_trait::async_trait]
impl Messages for PooledMessageStore {
    async fn post(
        &self,
        to: &Destination,
        client: &ClientId,
        messages: Vec<NewMessage>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        let visit = self.pooled.visit_to_write(to).await?;
        let result = visit.store.post(to, client, messages, now).await;
        self.pooled.end(visit, to, result).await
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<Page<Message, Marker>> {
        let Some(visit) = self.pooled.visit(from).await? else { return Ok(Page::empty()) };
        visit.store.list(from, query, now).await
    }

    async fn marker_of(&self, from: &Destination, id: MessageId) -> StorageResult<Option<Marker>> {
        let Some(visit) = self.pooled.visit(from).await? else { return Ok(None) };
        visit.store.marker_of(from, id).await
    }

    async fn within_reach_at(
        &self,
        from: &Destination,
        id: MessageId,
        now: Timestamp,
    ) -> StorageResult<Option<Timestamp>> {
        let Some(visit) = self.pooled.visit(from).await? else { return Ok(None) };
        visit.store.within_reach_at(from, id, now).await
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        let Some(visit) = self.pooled.visit(from).await? else { return Ok(Vec::new()) };
        visit.store.get(from, ids, now).await
    }

    async fn delete(
        &self,
        from: &Destination,
        id: MessageId,
        claim: Option<ClaimId>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(Deletion::Done) };
        visit.touch([id]);
        visit.store.delete(from, id, claim, now).await
    }

    async fn delete_many(
        &self,
        from: &Destination,
        ids: &[MessageId],
        claims: Option<&[ClaimId]>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(Deletion::Done) };
        visit.touch(ids.iter().copied());
        visit.store.delete_many(from, ids, claims, now).await
    }

    async fn pop(&self, from: &Destination, limit: usize, now: Timestamp) -> StorageResult<Vec<Message>> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(Vec::new()) };
        let popped = visit.store.pop(from, limit, now).await?;
        visit.touch(popped.iter().map(|message| message.id));
        Ok(popped)
    }

    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        let Some(mut visit) = self.pooled.visit(destination).await? else { return Ok(()) };
        visit.touch_all();
        visit.store.purge(destination, now).await
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        let Some(visit) = self.pooled.visit(destination).await? else { return Ok(QueueStats::default()) };
        visit.store.stats(destination, now).await
    }

    async fn drop_destination(&self, destination: &Destination) -> StorageResult<()> {
        self.pooled.drop_everywhere(destination, &self.movers).await
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: Vec<StoredMessage>,
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        let visit = self.pooled.visit_to_write(to).await?;
        let result = visit.store.adopt(to, messages, adoption, now).await;
        self.pooled.end(visit, to, result).await
    }

    async fn exhausted(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        let Some(visit) = self.pooled.visit(from).await? else { return Ok(Vec::new()) };
        visit.store.exhausted(from, limit, now).await
    }

    async fn move_exhausted(
        &self,
        from: &Destination,
        to: &Destination,
        messages: Vec<StoredMessage>,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.pooled.move_exhausted(from, to, messages, now).await
    }

    async fn discard_exhausted(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(()) };
        visit.touch(ids.iter().copied());
        visit.store.discard_exhausted(from, ids).await
    }

    async fn with_exhausted(&self) -> StorageResult<Vec<Destination>> {
        loop {
            let switches = self.pooled.switches();
            let mut found = Vec::new();
            for store in self.pooled.stores_with_dead_letters().await? {
                found.extend(store.with_exhausted().await?);
            }
            // Otherwise a queue has moved meanwhile, perhaps to a pool that was asked before it came.
            if switches == self.pooled.switches() {
                return Ok(each_once(found));
            }
        }
    }
}
