//! Leases what is due, as much as there is room for.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use zaqar_model::LeaseId;
use zaqar_storage::{LeaseLimits, StorageResult, SubscriptionShare};

use super::pauses::Pauses;
use super::{Engine, Leased};

/// One lease takes no more. Many, since each waits for the disk once.
const AT_ONCE: usize = 1024;
/// Of one subscription, no more are leased at a time.
const SHARE: SubscriptionShare = SubscriptionShare { first_attempts: 32, retries: 16 };
/// After this time one looks again in any case.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// What is due and cannot be leased yet is not asked for without a break. Short, since nobody is woken in it.
const BREAK: Duration = Duration::from_millis(1);

/// Leases and hands out until `stop` comes.
pub(super) async fn run(engine: &Arc<Engine>, stop: impl Future<Output = ()> + Send) {
    let mut stop = pin!(stop);
    let mut pauses = Pauses::default();
    loop {
        // A lease is never broken off: what it took would be lost until it ends.
        let error = match engine.take_in(&mut stop).await {
            Ok(Taken::Stopped) => return,
            Ok(Taken::Some) => {
                pauses = Pauses::default();
                continue;
            }
            Ok(Taken::Nothing) => tokio::select! {
                () = &mut stop => return,
                waited = engine.wait_for_work() => waited.err(),
            },
            Err(error) => Some(error),
        };
        let Some(error) = error else {
            pauses = Pauses::default();
            continue;
        };
        if pauses.are_none_yet() {
            tracing::error!(%error, "what is owed to subscribers cannot be read; it is tried again");
        }
        tokio::select! {
            () = &mut stop => return,
            () = sleep(pauses.next()) => {}
        }
    }
}

enum Taken {
    Some,
    Nothing,
    Stopped,
}

impl Engine {
    /// Leases and hands out once.
    async fn take_in(
        self: &Arc<Self>,
        stop: &mut (impl Future<Output = ()> + Send + Unpin),
    ) -> StorageResult<Taken> {
        let room = tokio::select! {
            biased;
            () = stop => return Ok(Taken::Stopped),
            room = self.room.take_many(AT_ONCE) => room,
        };
        let Some(mut room) = room else { return Ok(Taken::Stopped) };
        let lease = LeaseId::from_u128(self.zaqar.ids().next_u128());
        let until = self.now().plus_millis(self.lease_millis());
        let limits = LeaseLimits { total: room.num_permits(), per_subscription: SHARE };
        let _under_way = self.leases.begin();
        let leased = self.zaqar.lease_deliveries(lease, until, limits).await?;
        let taken = if leased.is_empty() { Taken::Nothing } else { Taken::Some };
        for owed in leased {
            // There are as many places as were leased for.
            if let Some(room) = room.split(1) {
                self.hand_out(Leased { owed, asking: None, lease, until, room });
            }
        }
        Ok(taken)
    }

    /// Time enough for two attempts, one after the other, and for what comes around them.
    fn lease_millis(&self) -> u64 {
        let attempts = self.options.longest_attempt.saturating_mul(2) + Duration::from_secs(30);
        u64::try_from(attempts.as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits until something may be there to be leased.
    async fn wait_for_work(&self) -> StorageResult<()> {
        let due = self.zaqar.next_delivery_due(SHARE).await?;
        let millis = due.map(|due| due.as_millis().saturating_sub(self.now().as_millis()));
        let time = millis.map_or(LONGEST_SLEEP, Duration::from_millis);
        if time.is_zero() {
            sleep(BREAK).await;
            return Ok(());
        }
        tokio::select! {
            () = sleep(time.min(LONGEST_SLEEP)) => Ok(()),
            woken = self.zaqar.wait_for_owed() => woken,
        }
    }
}
