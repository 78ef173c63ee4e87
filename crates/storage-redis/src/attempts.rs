//! What was tried, and what was given up.

use redis::Value;
use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptOutcome, AttemptRecord, Destination, Excerpt, FailedDelivery,
    Marker, PageRequest, SubscriptionId, Timestamp,
};
use zaqar_storage::{ATTEMPTS_KEPT_FOR, StorageResult};

use crate::RedisMessageStore;
use crate::accounts::{DELIVERED, EXHAUSTED, RETRY, UNKNOWN, kept_attempt};
use crate::calls::Call;
use crate::connection::{Reply, damaged};
use crate::records::{Placed, limit, millis, position, timestamp};
use crate::scripts;

impl RedisMessageStore {
    pub(crate) async fn attempts_of(
        &self,
        source: &Destination,
        id: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Vec<AttemptRecord>> {
        let queue = self.keys(source);
        let below = page.marker.map_or(limit(usize::MAX), |number| number.get().min(limit(usize::MAX)));
        let message = filter.message.map(|id| id.as_u128().to_be_bytes().to_vec()).unwrap_or_default();
        let outcome = filter.outcome.map_or(-1, |outcome| {
            i32::from(match outcome {
                AttemptOutcome::Delivered => DELIVERED,
                AttemptOutcome::Retry => RETRY,
                AttemptOutcome::Failed => EXHAUSTED,
                AttemptOutcome::Unknown => UNKNOWN,
            })
        });
        loop {
            let call = Call::on_subscription(&scripts::ATTEMPTS, &queue, id, now)
                .arg(below)
                .arg(&message)
                .arg(outcome)
                .arg(filter.since.map(millis).unwrap_or_default())
                .arg(limit(page.limit))
                .arg(ATTEMPTS_KEPT_FOR * 1000);
            // It notes what was broken off, and may do so again.
            let mut answer = self.read(call).await?.list()?;
            if answer.next().unwrap_or(Value::Nil).int()? == 0 {
                return answer.map(|raw| kept_attempt(&raw.bytes()?)).collect();
            }
        }
    }

    pub(crate) async fn failed_of(
        &self,
        source: &Destination,
        id: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Vec<FailedDelivery>> {
        let queue = self.keys(source);
        let call = Call::on_subscription(&scripts::FAILED, &queue, id, now)
            .arg(page.marker.map(position).unwrap_or_default())
            .arg(limit(page.limit));
        let mut parts = self.read(call).await?.list()?;
        let mut failed = Vec::new();
        while let Some(own) = Placed::read(&mut parts)? {
            let mut next = || parts.next().unwrap_or(Value::Nil);
            let (at, attempts, reason) = (next().number()?, next().number()?, next().bytes()?);
            let mut message = own.stored;
            // As it was posted.
            (message.message.claim, message.message.claim_count) = (None, 0);
            failed.push(FailedDelivery {
                message,
                position: Marker::new(own.position),
                attempts: u32::try_from(attempts).map_err(|_| damaged())?,
                failed: timestamp(at),
                reason: Excerpt::new(&String::from_utf8_lossy(&reason)),
            });
        }
        Ok(failed)
    }
}
