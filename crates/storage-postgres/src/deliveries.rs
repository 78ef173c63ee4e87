//! Deliveries: notifications that are owed.

use std::sync::Arc;

use tokio::time::sleep;
use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, ConfirmationAttempt, DeliveryReport, Destination,
    FailedDelivery, LeaseId, Marker, Page, PageRequest, Paused, SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Deliveries, Due, LeaseRequest, Leased, Redelivery, StorageError, StorageResult, SubscriptionShare,
};

use crate::PostgresMessageStore;
use crate::columns::{millis, number_of, uuid_of_subscription};
use crate::connection::values;
use crate::fence::lives_here;
use crate::retained::end_left_behind;
use crate::{attempts, due, leasing, recording, redelivering};

const PAUSE: &str = concat!(
    "
UPDATE zaqar.subscriptions SET paused_until = CASE WHEN $3::bool THEN $4::int8 ELSE paused_until END,
  retries_paused_until = $4::int8, next_at = -nextval('zaqar.turns')
WHERE queue = $1::int8 AND id = $2::uuid AND notified AND ",
    lives_here!("$1::int8")
);

#[async_trait::async_trait]
impl Deliveries for PostgresMessageStore {
    async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due> {
        loop {
            // It only looks, whatever it notes by the way.
            match self.read(move |session| Box::pin(due::due(session, share, limit, now))).await {
                // A queue was sealed meanwhile.
                Err(StorageError::Moved) => {}
                looked => return looked,
            }
        }
    }

    async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Leased> {
        let request = Arc::new(request.clone());
        let leasing = self.write_passing_over(move |session| {
            let request = Arc::clone(&request);
            Box::pin(async move { leasing::lease(session, &request, now).await })
        });
        Ok(leasing.await?.into())
    }

    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
        let reports = Arc::new(reports.to_vec());
        let recording = self.write_passing_over(move |session| {
            let reports = Arc::clone(&reports);
            Box::pin(async move { recording::record(session, lease, &reports, now).await })
        });
        let is_complete = recording.await?;
        self.hints.due();
        if is_complete { Ok(()) } else { Err(StorageError::Moved) }
    }

    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()> {
        let what = Arc::new((source.clone(), attempt));
        let recording = self.write(move |session| {
            let what = Arc::clone(&what);
            Box::pin(async move {
                attempts::record_confirmation(session, &what.0, subscription, &what.1, now).await
            })
        });
        recording.await
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        let (queue, id, until) = (number_of(source), uuid_of_subscription(subscription), millis(until));
        let is_all = paused == Paused::All;
        let pausing = self.write(move |session| {
            Box::pin(async move {
                session
                    .execute(PAUSE, values![queue => INT8, id => UUID, is_all => BOOL, until => INT8])
                    .await
            })
        });
        pausing.await?;
        self.hints.due();
        Ok(())
    }

    async fn wait_for_due(&self) -> StorageResult<()> {
        self.lanes()?;
        tokio::select! {
            () = self.hints.wait_for_due() => {}
            () = sleep(due::LOOK_AGAIN) => {}
            () = self.closed() => {}
        }
        self.lanes().map(drop)
    }

    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        which: Redelivery,
        now: Timestamp,
    ) -> StorageResult<u64> {
        let source = source.clone();
        let owing = self.write(move |session| {
            let source = source.clone();
            Box::pin(async move { redelivering::redeliver(session, &source, subscription, which, now).await })
        });
        let owed = owing.await?;
        self.hints.due();
        Ok(owed)
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        let (source, page) = (source.clone(), page.clone());
        let looking = self.read(move |session| {
            let (source, page) = (source.clone(), page.clone());
            Box::pin(async move { attempts::failed(session, &source, subscription, &page, now).await })
        });
        let items = looking.await?;
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
        let (own, at) = ((number_of(source), uuid_of_subscription(subscription)), millis(now));
        let ending = self.write(move |session| Box::pin(end_left_behind(session, Some(own), at)));
        match ending.await {
            // Whether it was done now or will be: what is on record can be told.
            Ok(()) | Err(StorageError::OutcomeUnknown(_)) => {}
            Err(error) => return Err(error),
        }
        let (source, filter, page) = (source.clone(), *filter, page.clone());
        let looking = self.read(move |session| {
            let (source, page) = (source.clone(), page.clone());
            Box::pin(
                async move { attempts::attempts(session, &source, subscription, &filter, &page, now).await },
            )
        });
        let items = looking.await?;
        Ok(Page { next: items.last().map(|kept| kept.number), items })
    }
}
