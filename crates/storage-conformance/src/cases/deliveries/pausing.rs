//! Subscriptions whose endpoint is not well.

use zaqar_model::{Excerpt, Suspension, Timestamp};
use zaqar_storage::SubscriptionChange;

use super::owing::delivered_ids;
use crate::bench::MessageBench;
use crate::minting::lasting;

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

/// Of a subscription whose retries are paused, what was not tried is leased.
pub async fn retries_are_paused_apart(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let failing = queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now()).await;
    queue.pause_retries(id, bench.now().plus_secs(30)).await;
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(30)));
    let posted = queue.fill(1).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
    bench.advance_secs(30);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), failing);
}

/// What expires while its subscription is paused is due.
pub async fn what_expires_does_not_wait_for_the_end_of_a_pause(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(60), lasting(60), lasting(600)]).await;
    let (lease, due) = bench.lease(1).await;
    bench.retry(lease, &due, bench.now().plus_secs(10)).await;
    queue.pause(id, bench.now().plus_secs(600)).await;
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(60)));
    bench.advance_secs(60);
    assert!(bench.next_due().await.is_some_and(|due| due <= bench.now()));
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[..2]);
    assert_eq!(bench.lease(10).await.1, vec![]);
}

/// Nothing of a suspended subscription is leased but what expires; it is owed all the same, and goes on when that is
/// lifted.
pub async fn a_suspended_subscription_is_owed_and_leased_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let before = queue.post(vec![lasting(60), lasting(600)]).await;
    let suspension = Suspension { since: bench.now(), reason: Excerpt::new("gone") };
    let change =
        |suspended| SubscriptionChange { suspended: Some(suspended), ..SubscriptionChange::default() };
    assert!(queue.update_subscription(id, change(Some(suspension.clone()))).await.unwrap());
    let behind = queue.post(vec![lasting(600)]).await;
    bench.reopen().await;
    assert_eq!(queue.get_subscription(id).await.unwrap().suspended, Some(suspension));
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), before[..1]);
    assert!(queue.update_subscription(id, change(None)).await.unwrap());
    assert_eq!(delivered_ids(&bench.lease(10).await.1), [before[1], behind[0]]);
}
