//! Messages: posted, listed, fetched, deleted, waited for.

use zaqar_model::{Destination, Marker, Message, MessageId, QueueStats, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, Deletion, Guard, MessagePage, MessageQuery, Messages, Post, StorageResult};

use crate::PooledMessageStore;
use crate::route::{forward, forward_writing};

#[async_trait::async_trait]
impl Messages for PooledMessageStore {
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        forward_writing!(self, to, store => store.post(to, post, now))
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        let nothing = MessagePage { is_end: true, ..MessagePage::default() };
        forward!(self, from, nothing, store => store.list(from, query, now))
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        forward!(self, from, Vec::new(), store => store.get(from, ids, now))
    }

    async fn delete(
        &self,
        from: &Destination,
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        forward!(self, from, Deletion::Done, store => store.delete(from, ids, guard, now))
    }

    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        forward!(self, destination, (), store => store.purge(destination, now))
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        forward!(self, destination, QueueStats::default(), store => store.stats(destination, now))
    }

    async fn drop_destination(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        self.migrators.recall(destination.number);
        self.pooled.drop_everywhere(destination, now).await
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        forward_writing!(self, to, store => store.adopt(to, messages, adoption, now))
    }

    /// Nobody may have posted to the queue yet. Where it moves, its seal ends the wait.
    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        forward_writing!(self, at, store => store.wait_for_messages(at, behind))
    }
}
