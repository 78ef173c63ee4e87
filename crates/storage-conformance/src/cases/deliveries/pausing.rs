//! Subscriptions whose endpoint is not well.

use zaqar_model::Timestamp;

use super::owing::delivered_ids;
use crate::bench::MessageBench;

/// Nothing of a paused subscription is leased before the pause ends; no attempt is counted, and others go on.
pub async fn nothing_of_a_paused_subscription_is_leased(bench: &MessageBench) {
    let queue = bench.queue();
    let paused = queue.subscribe("mailto:a@example.org").await;
    let other = queue.subscribe("mailto:b@example.org").await;
    let posted = queue.fill(2).await;
    queue.pause(paused, bench.now().plus_secs(30)).await;
    let (lease, due) = bench.lease(10).await;
    assert!(due.iter().all(|delivery| delivery.subscription.id == other), "{due:?}");
    bench.delivered(lease, &due).await;
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(30)));
    bench.advance_millis(29_999);
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_millis(1);
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    assert!(due.iter().all(|delivery| delivery.attempts == 0));
}

/// What is posted while a subscription is paused waits with the rest.
pub async fn a_post_does_not_end_a_pause(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.pause(id, bench.now().plus_secs(30)).await;
    let posted = queue.fill(2).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(30);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// A pause until a moment in the past lifts it.
pub async fn a_pause_is_lifted(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    queue.pause(id, bench.now().plus_secs(30)).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    queue.pause(id, Timestamp::default()).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// What is under a lease stays so, and is recorded, while its subscription is paused.
pub async fn a_pause_leaves_leases_alone(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    queue.pause(id, bench.now().plus_secs(30)).await;
    bench.delivered(lease, &due).await;
    bench.advance_secs(100);
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, None);
}

/// Retries are paused alone: first attempts go on. A pause of all is one of both.
pub async fn retries_are_paused_alone(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let tried = queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now()).await;
    queue.pause_retries(id, bench.now().plus_secs(30)).await;
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(30)));
    let posted = queue.fill(1).await;
    assert!(bench.next_due().await.is_some_and(|due| due <= bench.now()));
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    bench.delivered(lease, &due).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    queue.pause(id, Timestamp::default()).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), tried);
}

/// A pause of retries ends by itself, and leaves a pause of all what it is.
pub async fn a_pause_of_retries_leaves_that_of_all(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let tried = queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now()).await;
    let posted = queue.fill(1).await;
    queue.pause(id, bench.now().plus_secs(60)).await;
    queue.pause_retries(id, bench.now().plus_secs(30)).await;
    bench.advance_secs(30);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), tried);
    bench.advance_secs(30);
    assert!(delivered_ids(&bench.lease(10).await.1).starts_with(&posted));
}
