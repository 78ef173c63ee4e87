//! Subscriptions that are to be notified, and those that wait to be confirmed.

use zaqar_storage::SubscriptionChange;

use super::owing::delivered_ids;
use crate::bench::{MessageBench, TestQueue};
use zaqar_model::SubscriptionId;

async fn waiting(queue: &TestQueue) -> SubscriptionId {
    let mut subscription = queue.subscription("mailto:a@example.org");
    subscription.confirmed = false;
    subscription.notified = false;
    let id = subscription.id;
    queue.subscribe_as(subscription).await.unwrap();
    id
}

async fn notify(queue: &TestQueue, id: SubscriptionId, notified: bool) {
    let change =
        SubscriptionChange { confirmed: Some(notified), notified: Some(notified), ..Default::default() };
    assert!(queue.update_subscription(id, change).await.unwrap());
}

/// A subscription that is not to be notified is owed nothing.
pub async fn one_that_is_not_notified_is_owed_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let id = waiting(&queue).await;
    let posted = queue.fill(2).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, None);
    assert!(!queue.redeliver(id, posted[0]).await);
}

/// A subscription that is notified without having been confirmed is owed what is posted.
pub async fn one_need_not_be_confirmed_to_be_notified(bench: &MessageBench) {
    let queue = bench.queue();
    let mut subscription = queue.subscription("mailto:a@example.org");
    subscription.confirmed = false;
    queue.subscribe_as(subscription).await.unwrap();
    let posted = queue.fill(2).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// Once it is to be notified, a subscription is owed what is posted from then on, also after reopening.
pub async fn it_is_owed_what_is_posted_from_then_on(bench: &MessageBench) {
    let queue = bench.queue();
    let id = waiting(&queue).await;
    queue.fill(2).await;
    notify(&queue, id, true).await;
    let mut posted = queue.fill(1).await;
    bench.reopen().await;
    posted.extend(queue.fill(1).await);
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    assert!(due[0].subscription.confirmed && due[0].subscription.notified);
}

/// One that is no longer to be notified is owed nothing of what it was owed, also when it is to be again.
pub async fn what_it_was_owed_is_forgotten(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(3).await;
    let (lease, due) = bench.lease(2).await;
    bench.retry(lease, &due[..1], bench.now()).await;
    bench.give_up(lease, &due[1..]).await;
    notify(&queue, id, false).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(queue.failed(id).await, vec![]);
    notify(&queue, id, true).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.reopen().await;
    let posted = queue.fill(1).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// A change that says nothing new about notification leaves what is owed.
pub async fn a_change_leaves_what_is_owed(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    notify(&queue, id, true).await;
    let change = SubscriptionChange { subscriber: Some("mailto:b@example.org".into()), ..Default::default() };
    assert!(queue.update_subscription(id, change).await.unwrap());
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    assert_eq!(due[0].subscription.subscriber, "mailto:b@example.org");
}
