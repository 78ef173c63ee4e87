//! Messages: posted, listed, fetched, deleted.

use zaqar_model::{Destination, Marker, Message, MessageId, QueueStats, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, Deletion, Guard, MessagePage, MessageQuery, Messages, Post, StorageResult};

use crate::PooledMessageStore;

#[async_trait::async_trait]
impl Messages for PooledMessageStore {
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        let access = self.pooled.access_to_write(to).await?;
        let result = access.store.post(to, post, now).await;
        self.pooled.end(access, to, result).await
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        let Some(access) = self.pooled.access(from).await? else {
            return Ok(MessagePage { is_end: true, ..MessagePage::default() });
        };
        access.store.list(from, query, now).await
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        let Some(access) = self.pooled.access(from).await? else { return Ok(Vec::new()) };
        access.store.get(from, ids, now).await
    }

    async fn delete(
        &self,
        from: &Destination,
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let Some(mut access) = self.pooled.access(from).await? else { return Ok(Deletion::Done) };
        access.touch(ids.iter().copied());
        access.store.delete(from, ids, guard, now).await
    }

    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        let Some(mut access) = self.pooled.access(destination).await? else { return Ok(()) };
        access.touch_all();
        access.store.purge(destination, now).await
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        let Some(access) = self.pooled.access(destination).await? else { return Ok(QueueStats::default()) };
        access.store.stats(destination, now).await
    }

    async fn drop_destination(&self, destination: &Destination) -> StorageResult<()> {
        self.pooled.drop_everywhere(destination, &self.migrators).await
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        let access = self.pooled.access_to_write(to).await?;
        let result = access.store.adopt(to, messages, adoption, now).await;
        self.pooled.end(access, to, result).await
    }

    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        self.wait_behind(at, behind).await
    }
}
