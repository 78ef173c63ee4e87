//! Migration of a queue to or from the pools as a whole; from pool to pool is the `migrator`'s.

use zaqar_model::{
    Destination, KeptAttempt, Marker, MessageId, MovingCursor, MovingDelivery, MovingMessage, Page,
    PageRequest, Subscription, SubscriptionId, Timestamp,
};
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
        let Some(access) = self.pooled.access(from).await? else { return Ok(Vec::new()) };
        access.store.migration_or_unsupported()?.export(from, behind, limit, now).await
    }

    async fn export_some(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>> {
        let Some(access) = self.pooled.access(from).await? else { return Ok(Vec::new()) };
        access.store.migration_or_unsupported()?.export_some(from, ids, now).await
    }

    async fn import(
        &self,
        to: &Destination,
        messages: Vec<MovingMessage>,
        last: Marker,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut access = self.pooled.access_to_write(to).await?;
        access.touch(messages.iter().map(|moving| moving.stored.message.id));
        access.store.migration_or_unsupported()?.import(to, messages, last, now).await
    }

    async fn import_subscriptions(
        &self,
        to: &Destination,
        subscriptions: Vec<Subscription>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut access = self.pooled.access_to_subscribe(to).await?;
        subscriptions.iter().for_each(|subscription| access.touch_subscription(subscription.id));
        access.store.migration_or_unsupported()?.import_subscriptions(to, subscriptions, now).await
    }

    async fn export_deliveries(
        &self,
        from: &Destination,
        subscription: SubscriptionId,
        behind: Marker,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<MovingDelivery>> {
        let Some(access) = self.pooled.access(from).await? else { return Ok(Vec::new()) };
        access
            .store
            .migration_or_unsupported()?
            .export_deliveries(from, subscription, behind, limit, now)
            .await
    }

    async fn export_some_deliveries(
        &self,
        from: &Destination,
        subscription: SubscriptionId,
        positions: &[Marker],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingDelivery>> {
        let Some(access) = self.pooled.access(from).await? else { return Ok(Vec::new()) };
        access
            .store
            .migration_or_unsupported()?
            .export_some_deliveries(from, subscription, positions, now)
            .await
    }

    async fn import_deliveries(
        &self,
        to: &Destination,
        subscription: SubscriptionId,
        deliveries: Vec<MovingDelivery>,
        attempts: Vec<KeptAttempt>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut access = self.pooled.access_to_write(to).await?;
        deliveries.iter().for_each(|delivery| access.touch_delivery(subscription, delivery.position));
        access.touch_cursor(subscription);
        access
            .store
            .migration_or_unsupported()?
            .import_deliveries(to, subscription, deliveries, attempts, now)
            .await
    }

    async fn export_cursors(
        &self,
        from: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<MovingCursor, SubscriptionId>> {
        let Some(access) = self.pooled.access(from).await? else { return Ok(Page::empty()) };
        access.store.migration_or_unsupported()?.export_cursors(from, page, now).await
    }

    async fn import_cursors(
        &self,
        to: &Destination,
        cursors: Vec<MovingCursor>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut access = self.pooled.access_to_write(to).await?;
        cursors.iter().for_each(|cursor| access.touch_cursor(cursor.subscription));
        access.store.migration_or_unsupported()?.import_cursors(to, cursors, now).await
    }
}
