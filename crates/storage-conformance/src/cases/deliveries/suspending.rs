//! Subscriptions that nothing is sent to.

use zaqar_model::{Excerpt, SubscriptionId, Suspension};
use zaqar_storage::SubscriptionChange;

use super::owing::delivered_ids;
use crate::bench::{MessageBench, TestQueue};

pub(in crate::cases) async fn suspend(queue: &TestQueue, id: SubscriptionId) -> Suspension {
    let suspension = Suspension { since: queue.now(), reason: Excerpt::new("410 Gone") };
    let change = SubscriptionChange { suspended: Some(Some(suspension.clone())), ..Default::default() };
    assert!(queue.update_subscription(id, change).await.unwrap());
    suspension
}

pub(in crate::cases) async fn resume(queue: &TestQueue, id: SubscriptionId) {
    let change = SubscriptionChange { suspended: Some(None), ..Default::default() };
    assert!(queue.update_subscription(id, change).await.unwrap());
}

/// A suspension is kept over the end of the store, until it is lifted.
pub async fn a_suspension_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let suspension = suspend(&queue, id).await;
    bench.reopen().await;
    assert_eq!(queue.get_subscription(id).await.unwrap().suspended, Some(suspension));
    resume(&queue, id).await;
    bench.reopen().await;
    assert_eq!(queue.get_subscription(id).await.unwrap().suspended, None);
}

/// Nothing of a suspended subscription is leased; what is posted meanwhile is owed, and due when it is resumed.
pub async fn what_is_posted_meanwhile_waits(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let tried = queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now().plus_secs(600)).await;
    suspend(&queue, id).await;
    let posted = queue.fill(2).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert!(bench.next_due().await.is_none_or(|due| due > bench.now()));
    bench.reopen().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    resume(&queue, id).await;
    assert!(bench.next_due().await.is_some_and(|due| due <= bench.now()));
    assert_eq!(delivered_ids(&bench.lease(10).await.1), [&posted[..], &tried[..]].concat());
}

/// What is under a lease is recorded all the same.
pub async fn a_suspension_leaves_leases_alone(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    suspend(&queue, id).await;
    bench.delivered(lease, &due).await;
    resume(&queue, id).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(queue.attempts(id).await.len(), 2);
}

/// What waited for an endpoint that was not well, or was held back, does not wait for another one.
pub async fn another_subscriber_does_not_wait_for_the_one_before(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let tried = queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now().plus_secs(600)).await;
    let posted = queue.fill(1).await;
    queue.pause(id, bench.now().plus_secs(600)).await;
    let to =
        |subscriber: &str| SubscriptionChange { subscriber: Some(subscriber.into()), ..Default::default() };
    assert!(queue.update_subscription(id, to("mailto:a@example.org")).await.unwrap());
    assert_eq!(bench.lease(10).await.1, vec![], "it is the same");
    assert!(queue.update_subscription(id, to("mailto:b@example.org")).await.unwrap());
    assert_eq!(delivered_ids(&bench.lease(10).await.1), [&posted[..], &tried[..]].concat());
}
