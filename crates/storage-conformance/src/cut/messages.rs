//! The store itself, its messages and its dead letters.

use zaqar_model::{
    Destination, DestinationNumber, Marker, Message, MessageId, Page, PageRequest, QueueStats, StoreId,
    StoredMessage, Timestamp,
};
use zaqar_storage::{
    Adoption, Capabilities, DeadLetters, Deletion, Deliveries, Guard, Health, MessagePage, MessageQuery,
    MessageStore, Messages, Migration, Post, StorageResult, Subscriptions,
};

use super::CutStore;

#[async_trait::async_trait]
impl Messages for CutStore<dyn MessageStore> {
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        self.repeat("post", |_| self.store.post(to, post, now)).await
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        self.read("list", self.store.list(from, query, now)).await
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        self.read("get", self.store.get(from, ids, now)).await
    }

    async fn delete(
        &self,
        from: &Destination,
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        self.repeat("delete", |_| self.store.delete(from, ids, guard, now)).await
    }

    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        self.repeat("purge", |_| self.store.purge(destination, now)).await
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        self.read("stats", self.store.stats(destination, now)).await
    }

    async fn drop_destination(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        self.repeat("drop_destination", |_| self.store.drop_destination(destination, now)).await
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.repeat("adopt", |_| self.store.adopt(to, messages, adoption, now)).await
    }

    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        self.store.wait_for_messages(at, behind).await
    }
}

#[async_trait::async_trait]
impl DeadLetters for CutStore<dyn MessageStore> {
    async fn with_dead_letters(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        self.read("with_dead_letters", self.store.with_dead_letters(page)).await
    }

    async fn dead_letters(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        self.read("dead_letters", self.store.dead_letters(from, limit, now)).await
    }

    async fn discard_dead_letters(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        self.repeat("discard_dead_letters", |_| self.store.discard_dead_letters(from, ids)).await
    }

    async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        self.repeat("move_dead_letters", |_| self.store.move_dead_letters(from, to, messages, now)).await
    }
}

#[async_trait::async_trait]
impl MessageStore for CutStore<dyn MessageStore> {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn identity(&self) -> Option<StoreId> {
        self.store.identity()
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        self.store.subscriptions().map(|_| self as _)
    }

    fn deliveries(&self) -> Option<&dyn Deliveries> {
        self.store.deliveries().map(|_| self as _)
    }

    fn migration(&self) -> Option<&dyn Migration> {
        self.store.migration().map(|_| self as _)
    }

    async fn is_alive(&self) -> bool {
        self.uncut().is_alive().await
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        self.uncut().health(now).await
    }

    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        self.repeat("expire", |_| self.store.expire(now)).await
    }

    async fn close(&self) -> StorageResult<()> {
        self.uncut().close().await
    }
}
