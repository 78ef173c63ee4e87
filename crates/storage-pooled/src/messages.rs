//! Messages: posted, listed, fetched, deleted.

use zaqar_model::{Destination, Marker, Message, MessageId, QueueStats, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, Deletion, Guard, MessagePage, MessageQuery, Messages, Post, StorageResult};

use crate::PooledMessageStore;

#[async_trait::async_trait]
impl Messages for PooledMessageStore {
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        let visit = self.pooled.visit_to_write(to).await?;
        let result = visit.store.post(to, post, now).await;
        self.pooled.end(visit, to, result).await
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        let Some(visit) = self.pooled.visit(from).await? else {
            return Ok(MessagePage { is_end: true, ..MessagePage::default() });
        };
        visit.store.list(from, query, now).await
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
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(Deletion::Done) };
        visit.touch(ids.iter().copied());
        visit.store.delete(from, ids, guard, now).await
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
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        let visit = self.pooled.visit_to_write(to).await?;
        let result = visit.store.adopt(to, messages, adoption, now).await;
        self.pooled.end(visit, to, result).await
    }

    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        self.wait_behind(at, behind).await
    }
}
