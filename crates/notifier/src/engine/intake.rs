//! Leases what is due, as much as there is room for.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;
use zaqar_domain::{LeasedDeliveries, LeasedDelivery};
use zaqar_model::{LeaseId, Timestamp};
use zaqar_storage::{Due, LeaseRequest, StorageResult, SubscriptionKey, SubscriptionShare};

use super::pauses::Pauses;
use super::unanswered::Unanswered;
use super::{Engine, Leased};

/// Maximum number of deliveries of one lease. Many, since each lease waits for the disk once.
const AT_ONCE: usize = 1024;
/// Maximum number of deliveries of one subscription under lease.
const SHARE: SubscriptionShare = SubscriptionShare { first_attempts: 32, retries: 16 };
/// The engine looks again after this time in any case.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How long to wait when the store names subscriptions of which nothing could be leased. Short, since nobody wakes the engine
/// meanwhile.
const fn breaks_when_stale() -> Pauses {
    Pauses::between(Duration::from_millis(1), Duration::from_millis(250))
}

/// Leases and dispatches until `stop` comes.
pub(super) async fn run(engine: &Arc<Engine>, stop: impl Future<Output = ()> + Send) {
    let mut stop = pin!(stop);
    let mut pauses = Pauses::default();
    let mut breaks = breaks_when_stale();
    let mut unanswered = Unanswered::default();
    loop {
        // A lease is never broken off: its deliveries would be lost until it ends.
        unanswered.repeat(engine).await;
        let batch = engine.lease_batch(&mut unanswered, &mut stop).await;
        if !matches!(batch, Ok(Batch::Stale)) {
            breaks = breaks_when_stale();
        }
        let error = match batch {
            Ok(Batch::Stopped) => return,
            Ok(Batch::Some) => {
                pauses = Pauses::default();
                continue;
            }
            Ok(Batch::Stale) => {
                sleep(breaks.next()).await;
                continue;
            }
            Ok(Batch::Nothing(next)) => tokio::select! {
                () = &mut stop => return,
                () = unanswered.wait() => continue,
                waited = engine.wait_for_work(next) => waited.err(),
            },
            Err(error) => Some(error),
        };
        let Some(error) = error else {
            pauses = Pauses::default();
            continue;
        };
        if pauses.are_none_yet() {
            tracing::error!(%error, "due deliveries cannot be read from the store; the engine tries again");
        }
        tokio::select! {
            () = &mut stop => return,
            () = sleep(pauses.next()) => {}
        }
    }
}

enum Batch {
    Some,
    /// Nothing is due before this moment.
    Nothing(Option<Timestamp>),
    /// Subscriptions were due, but nothing could be leased.
    Stale,
    Stopped,
}

impl Engine {
    /// Leases and dispatches once.
    async fn lease_batch(
        self: &Arc<Self>,
        unanswered: &mut Unanswered,
        stop: &mut (impl Future<Output = ()> + Send + Unpin),
    ) -> StorageResult<Batch> {
        let capacity = tokio::select! {
            biased;
            () = stop => return Ok(Batch::Stopped),
            () = unanswered.wait() => return Ok(Batch::Some),
            capacity = self.capacity.take_many(AT_ONCE) => capacity,
        };
        let Some(mut capacity) = capacity else { return Ok(Batch::Stopped) };
        let mut due = match self.zaqar.due_deliveries(SHARE, capacity.num_permits()).await? {
            Due::Now(due) => due,
            Due::At(at) => return Ok(Batch::Nothing(Some(at))),
            Due::Nothing => return Ok(Batch::Nothing(None)),
        };
        // What was posted first goes first.
        due.retain(|own| !unanswered.concern(own));
        if due.is_empty() {
            return Ok(Batch::Nothing(None));
        }
        let request = LeaseRequest {
            id: LeaseId::from_u128(self.zaqar.ids().next_u128()),
            until: self.now().plus_millis(self.lease_millis()),
            share: SHARE,
            subscriptions: share_out(due, capacity.num_permits()),
            is_repeated: false,
        };
        let _under_way = self.leases.begin();
        let LeasedDeliveries { owed, again } = self.zaqar.lease_deliveries(&request).await?;
        let is_stale = owed.is_empty() && again.is_none();
        self.dispatch_all(owed, (request.id, request.until), &mut capacity);
        if let Some(again) = again {
            unanswered.add(again, capacity);
        }
        Ok(if is_stale { Batch::Stale } else { Batch::Some })
    }

    /// There are as many places as were leased for.
    pub(super) fn dispatch_all(
        self: &Arc<Self>,
        owed: Vec<LeasedDelivery>,
        (lease, until): (LeaseId, Timestamp),
        capacity: &mut OwnedSemaphorePermit,
    ) {
        for owed in owed {
            if let Some(capacity) = capacity.split(1) {
                self.dispatch(Leased { owed, asking: None, lease, until, capacity });
            }
        }
    }

    /// Time enough for two attempts, one after the other, and for what comes around them.
    fn lease_millis(&self) -> u64 {
        let attempts = self.options.longest_attempt.saturating_mul(2) + Duration::from_secs(30);
        u64::try_from(attempts.as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits until something may be there to be leased.
    async fn wait_for_work(&self, next: Option<Timestamp>) -> StorageResult<()> {
        let millis = next.map(|at| at.as_millis().saturating_sub(self.now().as_millis()));
        let time = millis.map_or(LONGEST_SLEEP, Duration::from_millis);
        tokio::select! {
            () = sleep(time.min(LONGEST_SLEEP)) => Ok(()),
            woken = self.zaqar.wait_for_due() => woken,
        }
    }
}

/// Shares the room out among the subscriptions that are due: each gets as much as any other. Those that have less leave the
/// rest for the next lease.
fn share_out(due: Vec<SubscriptionKey>, capacity: usize) -> Vec<(SubscriptionKey, usize)> {
    let (each, rest) = (capacity / due.len().max(1), capacity % due.len().max(1));
    let limit = |place| each + usize::from(place < rest);
    let shared = due.into_iter().enumerate().map(|(place, key)| (key, limit(place)));
    shared.filter(|(_, limit)| *limit > 0).collect()
}

#[cfg(test)]
mod tests {
    use zaqar_model::{
        Destination, DestinationKind, DestinationNumber, ProjectId, QueueName, SubscriptionId,
    };
    use zaqar_storage::SubscriptionKey;

    use super::share_out;

    fn due(count: u128) -> Vec<SubscriptionKey> {
        let source = Destination {
            kind: DestinationKind::Queue,
            project: ProjectId::new("p").unwrap(),
            name: QueueName::new("q").unwrap(),
            number: DestinationNumber::new(1),
        };
        (0..count)
            .map(|id| SubscriptionKey { source: source.clone(), id: SubscriptionId::from_u128(id) })
            .collect()
    }

    #[test]
    fn the_room_is_shared_out_evenly_and_never_exceeded() {
        for (count, capacity, limits) in [
            (1, 10, vec![10]),
            (3, 10, vec![4, 3, 3]),
            (4, 4, vec![1, 1, 1, 1]),
            (4, 2, vec![1, 1]),
            (0, 10, vec![]),
        ] {
            let shared: Vec<_> =
                share_out(due(count), capacity).into_iter().map(|(_, limit)| limit).collect();
            assert_eq!(shared, limits, "{count} in a capacity of {capacity}");
        }
    }
}
