//! Changes of a subscription.

use zaqar_model::SubscriptionTtl;
use zaqar_storage::{StorageError, SubscriptionChange};

use crate::bench::MessageBench;
use crate::samples::{fresh_subscription_id, json_object};

/// A change touches what it names and nothing else.
pub async fn a_change_touches_only_what_it_names(bench: &MessageBench) {
    let queue = bench.queue();
    let mut expected = queue.subscription("mailto:a@example.org");
    expected.confirmed = false;
    expected.options = json_object(r#"{"a": 1}"#);
    queue.subscribe_as(expected.clone()).await.unwrap();

    let change = SubscriptionChange { confirmed: Some(true), ..Default::default() };
    assert!(queue.update_subscription(expected.id, change).await.unwrap());
    expected.confirmed = true;
    assert_eq!(queue.get_subscription(expected.id).await, Some(expected.clone()));

    let change = SubscriptionChange { declined: Some(true), ..Default::default() };
    assert!(queue.update_subscription(expected.id, change).await.unwrap());
    expected.declined = true;
    assert_eq!(queue.get_subscription(expected.id).await, Some(expected.clone()));

    let options = json_object(r#"{"b": 2}"#);
    let change = SubscriptionChange { options: Some(options.clone()), ..Default::default() };
    assert!(queue.update_subscription(expected.id, change).await.unwrap());
    expected.options = options;
    assert_eq!(queue.get_subscription(expected.id).await, Some(expected.clone()));

    let subscriber = "mailto:b@example.org".to_owned();
    let change = SubscriptionChange { subscriber: Some(subscriber.clone()), ..Default::default() };
    assert!(queue.update_subscription(expected.id, change).await.unwrap());
    expected.subscriber = subscriber;
    assert_eq!(queue.get_subscription(expected.id).await, Some(expected.clone()));
    assert_eq!(queue.find_subscriber("mailto:b@example.org").await, Some(expected.id));
    assert_eq!(queue.find_subscriber("mailto:a@example.org").await, None);
}

/// A new time to live counts from now.
pub async fn a_new_ttl_counts_from_now(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    bench.advance_secs(3000);
    let change = SubscriptionChange { ttl: Some(SubscriptionTtl::new(1000)), ..Default::default() };
    assert!(queue.update_subscription(id, change).await.unwrap());
    let renewed = bench.now();
    let found = queue.get_subscription(id).await.unwrap();
    assert_eq!((found.ttl.get(), found.renewed), (1000, renewed));
    bench.advance_secs(999);
    assert_eq!(queue.subscriptions().await, [id]);
    bench.advance_secs(1);
    assert_eq!(queue.subscriptions().await, vec![]);
}

/// Without a new time to live, a change does not make a subscription live longer.
pub async fn a_change_without_ttl_keeps_the_expiry(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    bench.advance_secs(3000);
    let change = SubscriptionChange { confirmed: Some(true), ..Default::default() };
    assert!(queue.update_subscription(id, change).await.unwrap());
    bench.advance_secs(600);
    assert_eq!(queue.subscriptions().await, vec![]);
}

/// Of a subscription that does not exist, a change answers that there is none.
pub async fn an_unknown_subscription_is_not_changed(bench: &MessageBench) {
    let queue = bench.queue();
    let change = SubscriptionChange { confirmed: Some(true), ..Default::default() };
    assert!(!queue.update_subscription(fresh_subscription_id(), change.clone()).await.unwrap());
    let elsewhere = bench.queue().subscribe("mailto:a@example.org").await;
    assert!(!queue.update_subscription(elsewhere, change).await.unwrap());
}

/// A change to a subscriber that has another subscription to the source is a `Conflict`, and changes nothing.
pub async fn a_change_to_anothers_subscriber_is_a_conflict(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.subscribe("mailto:b@example.org").await;
    let before = queue.get_subscription(id).await;
    let change = SubscriptionChange {
        subscriber: Some("mailto:b@example.org".to_owned()),
        ttl: Some(SubscriptionTtl::new(5)),
        ..Default::default()
    };
    let refused = queue.update_subscription(id, change).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(queue.get_subscription(id).await, before);
}

/// A change to the subscriber that it has already is none.
pub async fn a_change_to_the_same_subscriber_is_no_conflict(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let change =
        SubscriptionChange { subscriber: Some("mailto:a@example.org".to_owned()), ..Default::default() };
    assert!(queue.update_subscription(id, change).await.unwrap());
    assert_eq!(queue.find_subscriber("mailto:a@example.org").await, Some(id));
}

/// A change can be bound to the subscriber that was seen: another has come in between.
pub async fn a_change_is_made_only_while_the_subscriber_is_the_one_that_was_seen(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let change = |seen: &str| SubscriptionChange {
        if_subscriber: Some(seen.into()),
        confirmed: Some(false),
        ..Default::default()
    };
    let before = queue.get_subscription(id).await;
    assert!(!queue.update_subscription(id, change("mailto:b@example.org")).await.unwrap());
    assert_eq!(queue.get_subscription(id).await, before);
    assert!(queue.update_subscription(id, change("mailto:a@example.org")).await.unwrap());
    assert!(!queue.get_subscription(id).await.unwrap().confirmed);
}
