//! Waiting for something to be owed. Nothing here measures time: a wait that is never answered hangs.

use zaqar_storage::{Due, StorageError, SubscriptionShare};

use super::owing::delivered_ids;
use crate::bench::{MessageBench, deliveries_of};

/// Whoever waits is woken by a post, whether it came before or after the wait began.
pub async fn a_post_wakes(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    deliveries_of(&*bench.store()).wait_for_due().await.unwrap();
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
    let store = bench.store();
    let waiting = tokio::spawn(async move { until_due(&*store).await });
    let posted = queue.fill(1).await;
    waiting.await.unwrap();
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// Waits until something is due, as an engine does; the clock of a case stands still meanwhile.
async fn until_due(store: &dyn zaqar_storage::MessageStore) {
    let now = zaqar_model::Clock::now(&crate::ManualClock::new());
    let deliveries = deliveries_of(store);
    while !matches!(deliveries.due(SubscriptionShare::each(10), 1, now).await.unwrap(), Due::Now(_)) {
        deliveries.wait_for_due().await.unwrap();
    }
}

/// A delivery that is recorded wakes: it may be due again, or make room for another.
pub async fn a_record_wakes(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    let store = bench.store();
    let waiting = tokio::spawn(async move { until_due(&*store).await });
    bench.retry(lease, &due, bench.now()).await;
    waiting.await.unwrap();
}

/// A delivery that is owed once more wakes.
pub async fn a_redelivery_wakes(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    bench.delivered(lease, &due).await;
    let store = bench.store();
    let waiting = tokio::spawn(async move { until_due(&*store).await });
    assert!(queue.redeliver(id, posted[0]).await);
    waiting.await.unwrap();
}

/// When the store is closed, whoever waits is told.
pub async fn a_closed_store_wakes(bench: &MessageBench) {
    let store = bench.store();
    let waiting = tokio::spawn(async move { while deliveries_of(&*store).wait_for_due().await.is_ok() {} });
    bench.store().close().await.unwrap();
    waiting.await.unwrap();
    let closed = deliveries_of(&*bench.store()).wait_for_due().await;
    assert!(matches!(closed, Err(StorageError::Unavailable(_))), "{closed:?}");
}
