//! What was acknowledged of subscriptions is there when the store is opened again.

use zaqar_model::{DeliveryOutcome, TtlSeconds};
use zaqar_storage::SubscriptionChange;

use crate::bench::MessageBench;
use crate::cases::deliveries::owing::delivered_ids;
use crate::minting::json_object;

/// A subscription is there after reopening, as it was kept and changed.
pub async fn a_subscription_is_kept(bench: &MessageBench) {
    let (queue, topic) = (bench.queue(), bench.topic());
    let mut kept = queue.subscription("mailto:a@example.org");
    kept.options = json_object(r#"{"z": [1, {"y": null}], "a": "b"}"#);
    queue.subscribe_as(kept.clone()).await.unwrap();
    let changed = topic.subscribe("mailto:a@example.org").await;
    let ended = topic.subscribe("mailto:b@example.org").await;
    bench.advance_secs(5);
    let change = SubscriptionChange { ttl: Some(TtlSeconds::new(9)), ..Default::default() };
    topic.update_subscription(changed, change).await.unwrap();
    topic.unsubscribe(ended).await;
    let after_change = topic.get_subscription(changed).await;
    bench.reopen().await;
    assert_eq!(queue.get_subscription(kept.id).await, Some(kept));
    assert_eq!(topic.get_subscription(changed).await, after_change);
    assert_eq!(topic.subscriptions().await, [changed]);
}

/// A notification that is owed is kept: what was posted before reopening is delivered after it.
pub async fn what_is_owed_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    queue.pop(1).await;
    bench.reopen().await;
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
}

/// What was delivered is not owed again after reopening.
pub async fn what_was_delivered_is_not_owed_again(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    let (lease, due) = bench.lease(2).await;
    bench.record(lease, &due, &DeliveryOutcome::Delivered).await;
    bench.reopen().await;
    bench.advance_secs(60);
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted[2..]);
}

/// A delivery that is set aside for another try waits on after reopening, with its attempts.
pub async fn a_retry_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    let (lease, due) = bench.lease(1).await;
    let at = bench.now().plus_secs(100);
    bench.record(lease, &due, &DeliveryOutcome::RetryAt(at)).await;
    bench.reopen().await;
    assert_eq!(bench.next_due().await, Some(at));
    bench.advance_secs(100);
    let (_, due) = bench.lease(1).await;
    assert_eq!(delivered_ids(&due), posted);
    assert_eq!(due[0].attempts, 1);
}

/// A leased delivery that was never recorded is due again, at the latest when its lease has ended.
pub async fn a_lease_that_a_restart_broke_off_is_due_again(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    bench.lease(10).await;
    bench.reopen().await;
    bench.advance_secs(60);
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
}
