//! Deliveries: notifications that are owed.

use tokio::time::sleep;
use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, ConfirmationAttempt, DeliveryReport, Destination,
    FailedDelivery, LeaseId, Marker, Page, PageRequest, Paused, SubscriptionId, Timestamp,
};
use zaqar_storage::{Deliveries, Due, LeaseRequest, Leased, Redelivery, StorageResult, SubscriptionShare};

use crate::RedisMessageStore;
use crate::accounts::{account, ending};
use crate::calls::Call;
use crate::hints::LOOK;
use crate::records::millis;
use crate::scripts;

#[async_trait::async_trait]
impl Deliveries for RedisMessageStore {
    async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due> {
        self.look_for_due(share, limit, now).await
    }

    async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Leased> {
        Ok(self.lease_some(request, now).await?.into())
    }

    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
        self.record_all(lease, reports, now).await
    }

    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()> {
        let ConfirmationAttempt { kind, request, attempt, end } = attempt;
        let call = Call::on_subscription(&scripts::CONFIRM, &self.keys(source), subscription, now)
            .arg(&request.as_u128().to_be_bytes())
            .arg(millis(attempt.at))
            .arg(ending(end))
            .arg(account(&attempt, end, Some(kind)));
        self.write(call).await.map(drop)
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        let queue = self.keys(source);
        let call = Call::on_subscription(&scripts::PAUSE, &queue, subscription, Timestamp::default())
            .arg(if paused == Paused::All { "all" } else { "retries" })
            .arg(millis(until));
        self.write(call).await?;
        self.hints.due(&queue.shard);
        Ok(())
    }

    async fn wait_for_due(&self) -> StorageResult<()> {
        self.check_open()?;
        tokio::select! {
            () = self.hints.wait_for_due() => {}
            () = sleep(LOOK) => {}
            () = self.closed() => {}
        }
        self.check_open()
    }

    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        which: Redelivery,
        now: Timestamp,
    ) -> StorageResult<u64> {
        self.owe_again(source, subscription, which, now).await
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        let items = self.failed_of(source, subscription, page, now).await?;
        Ok(Page { next: items.last().map(|own| own.position), items })
    }

    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<AttemptRecord, AttemptNumber>> {
        let items = self.attempts_of(source, subscription, filter, page, now).await?;
        Ok(Page { next: items.last().map(|kept| kept.number), items })
    }
}
