//! Subscriptions kept, found, listed and ended.

use zaqar_model::{Metadata, PageRequest, SubscriptionTtl};
use zaqar_storage::{StorageError, SubscriptionChange};

use crate::bench::{MessageBench, subscriptions_of};
use crate::samples::{fresh_subscription_id, json_object};

/// A subscription comes back as it was kept, by its id and by its subscriber.
pub async fn a_subscription_comes_back_as_it_was_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let mut kept = queue.subscription("https://example.org/hook?a=1#é");
    kept.options = json_object(r#"{"b": {"c": [1, 2.5, null]}, "a": "x"}"#);
    kept.confirmed = false;
    queue.subscribe_as(kept.clone()).await.unwrap();
    assert_eq!(queue.get_subscription(kept.id).await, Some(kept.clone()));
    assert_eq!(queue.find_subscriber(&kept.subscriber).await, Some(kept.id));
}

/// Options that are `null` come back as `null`, not as an empty object, also after reopening.
pub async fn options_that_are_null_stay_so(bench: &MessageBench) {
    let queue = bench.queue();
    let mut kept = queue.subscription("https://example.org/hook");
    kept.options = Metadata::null();
    queue.subscribe_as(kept.clone()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(queue.get_subscription(kept.id).await, Some(kept.clone()));
        bench.reopen().await;
    }
    let change = SubscriptionChange { options: Some(Metadata::default()), ..Default::default() };
    queue.update_subscription(kept.id, change).await.unwrap();
    assert_eq!(queue.get_subscription(kept.id).await.unwrap().options, Metadata::default());
}

/// A subscription that does not exist is not found.
pub async fn an_unknown_subscription_is_not_found(bench: &MessageBench) {
    let queue = bench.queue();
    assert_eq!(queue.get_subscription(fresh_subscription_id()).await, None);
    queue.subscribe("mailto:a@example.org").await;
    assert_eq!(queue.get_subscription(fresh_subscription_id()).await, None);
    assert_eq!(queue.find_subscriber("mailto:b@example.org").await, None);
    assert_eq!(queue.find_subscriber("mailto:a@example.or").await, None);
}

/// A source has one subscription a subscriber: a second is a `Conflict`, and changes nothing.
pub async fn a_subscriber_has_one_subscription_a_source(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let second = queue.subscribe_as(queue.subscription("mailto:a@example.org")).await;
    assert!(matches!(second, Err(StorageError::Conflict(_))), "{second:?}");
    assert_eq!(queue.subscriptions().await, [id]);
}

/// Of concurrent subscriptions of one subscriber, one is kept.
pub async fn concurrent_subscriptions_of_one_subscriber_are_one(bench: &MessageBench) {
    let queue = bench.queue();
    let subscribing: Vec<_> = (0..8)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                queue.subscribe_as(queue.subscription("mailto:a@example.org")).await.is_ok()
            })
        })
        .collect();
    let mut kept = 0;
    for subscription in subscribing {
        kept += u32::from(subscription.await.unwrap());
    }
    assert_eq!(kept, 1);
    assert_eq!(queue.subscriptions().await.len(), 1);
}

/// A subscriber may subscribe to many sources.
pub async fn a_subscriber_may_have_many_sources(bench: &MessageBench) {
    let (queue, topic) = (bench.queue(), bench.topic());
    let to_queue = queue.subscribe("mailto:a@example.org").await;
    let to_topic = topic.subscribe("mailto:a@example.org").await;
    assert_eq!(queue.subscriptions().await, [to_queue]);
    assert_eq!(topic.subscriptions().await, [to_topic]);
    assert_eq!(queue.get_subscription(to_topic).await, None, "an id means nothing in another source");
    topic.unsubscribe(to_queue).await;
    assert_eq!(queue.subscriptions().await, [to_queue]);
}

/// Subscriptions are listed in the order of their ids, a page at a time.
pub async fn subscriptions_are_listed_in_the_order_of_their_ids(bench: &MessageBench) {
    let queue = bench.queue();
    let mut ids = Vec::new();
    for number in 0..10 {
        ids.push(queue.subscribe(&format!("mailto:{number}@example.org")).await);
    }
    ids.sort_unstable();
    assert_eq!(queue.subscriptions().await, ids);
    let mut paged = Vec::new();
    let mut marker = None;
    loop {
        let request = PageRequest { marker, limit: 3 };
        let page = subscriptions_of(&*bench.store())
            .list_subscriptions(&queue.destination, &request, bench.now())
            .await
            .unwrap();
        assert!(page.items.len() <= 3);
        assert_eq!(page.next, page.items.last().map(|subscription| subscription.id));
        paged.extend(page.items.iter().map(|subscription| subscription.id));
        if page.items.len() < 3 {
            break;
        }
        marker = page.next;
    }
    assert_eq!(paged, ids);
}

/// A source that the store never heard of has no subscriptions.
pub async fn an_unknown_source_has_no_subscriptions(bench: &MessageBench) {
    let queue = bench.queue();
    assert_eq!(queue.subscriptions().await, vec![]);
    queue.unsubscribe(fresh_subscription_id()).await;
}

/// An expired subscription counts as absent everywhere.
pub async fn an_expired_subscription_counts_as_absent(bench: &MessageBench) {
    let queue = bench.queue();
    let mut brief = queue.subscription("mailto:a@example.org");
    brief.ttl = SubscriptionTtl::new(60);
    let id = brief.id;
    queue.subscribe_as(brief).await.unwrap();
    bench.advance_millis(59_999);
    assert_eq!(queue.subscriptions().await, [id]);
    bench.advance_millis(1);
    assert_eq!(queue.subscriptions().await, vec![]);
    assert_eq!(queue.get_subscription(id).await, None);
    assert_eq!(queue.find_subscriber("mailto:a@example.org").await, None);
    assert!(!queue.update_subscription(id, Default::default()).await.unwrap());
    let again = queue.subscribe("mailto:a@example.org").await;
    assert_eq!(queue.subscriptions().await, [again]);
}

/// A page of subscriptions is short only at the end: expired ones are passed over, not counted.
pub async fn expired_subscriptions_do_not_shorten_a_page(bench: &MessageBench) {
    let queue = bench.queue();
    let mut living = Vec::new();
    for number in 0..12 {
        let mut subscription = queue.subscription(&format!("mailto:{number}@example.org"));
        if number % 3 == 0 {
            living.push(subscription.id);
        } else {
            subscription.ttl = SubscriptionTtl::new(60);
        }
        queue.subscribe_as(subscription).await.unwrap();
    }
    living.sort_unstable();
    bench.advance_secs(60);
    let request = PageRequest { marker: None, limit: 3 };
    let page = subscriptions_of(&*bench.store())
        .list_subscriptions(&queue.destination, &request, bench.now())
        .await
        .unwrap();
    assert_eq!(page.items.iter().map(|own| own.id).collect::<Vec<_>>(), living[..3]);
}

/// An ended subscription is gone, and its subscriber may subscribe again.
pub async fn an_ended_subscription_is_gone(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.unsubscribe(id).await;
    queue.unsubscribe(id).await;
    assert_eq!(queue.get_subscription(id).await, None);
    assert_eq!(queue.find_subscriber("mailto:a@example.org").await, None);
    let again = queue.subscribe("mailto:a@example.org").await;
    assert_eq!(queue.subscriptions().await, [again]);
}

/// Subscriptions are gone with their source.
pub async fn subscriptions_are_gone_with_their_source(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.drop_it().await;
    assert_eq!(queue.subscriptions().await, vec![]);
    assert_eq!(queue.get_subscription(id).await, None);
}

/// A destination that was dropped takes no subscription: `NotFound`.
pub async fn a_dropped_source_takes_no_subscription(bench: &MessageBench) {
    let queue = bench.queue();
    queue.drop_it().await;
    let refused = queue.subscribe_as(queue.subscription("mailto:a@example.org")).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    assert_eq!(queue.subscriptions().await, vec![]);
}

/// A purge leaves the subscriptions.
pub async fn purge_leaves_subscriptions(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    queue.purge().await;
    assert_eq!(queue.subscriptions().await, [id]);
}

/// A subscription that is stored again is left as it is.
pub async fn a_subscription_may_be_stored_again(bench: &MessageBench) {
    let queue = bench.queue();
    let subscription = queue.subscription("mailto:a@example.org");
    queue.subscribe_as(subscription.clone()).await.unwrap();
    let posted = queue.fill(1).await;
    queue.subscribe_as(subscription.clone()).await.unwrap();
    assert_eq!(queue.subscriptions().await, [subscription.id]);
    assert_eq!(queue.all().await, posted);
}
