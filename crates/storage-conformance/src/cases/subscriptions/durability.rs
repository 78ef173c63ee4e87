//! What was acknowledged of subscriptions is there when the store is opened again.

use zaqar_model::SubscriptionTtl;
use zaqar_storage::SubscriptionChange;

use crate::bench::MessageBench;
use crate::samples::json_object;

/// A subscription is there after reopening, as it was kept and changed.
pub async fn a_subscription_is_kept(bench: &MessageBench) {
    let (queue, topic) = (bench.queue(), bench.topic());
    let mut kept = queue.subscription("mailto:a@example.org");
    kept.options = json_object(r#"{"z": [1, {"y": null}], "a": "b"}"#);
    kept.declined = true;
    queue.subscribe_as(kept.clone()).await.unwrap();
    let changed = topic.subscribe("mailto:a@example.org").await;
    let ended = topic.subscribe("mailto:b@example.org").await;
    bench.advance_secs(5);
    let change = SubscriptionChange { ttl: Some(SubscriptionTtl::new(9)), ..Default::default() };
    topic.update_subscription(changed, change).await.unwrap();
    topic.unsubscribe(ended).await;
    let after_change = topic.get_subscription(changed).await;
    bench.reopen().await;
    assert_eq!(queue.get_subscription(kept.id).await, Some(kept));
    assert_eq!(topic.get_subscription(changed).await, after_change);
    assert_eq!(topic.subscriptions().await, [changed]);
}
