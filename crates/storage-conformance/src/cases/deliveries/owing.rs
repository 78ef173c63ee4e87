//! What is owed to a subscription, and for how long.

use zaqar_model::{Delivery, MessageId, StoredMessage, SubscriptionTtl};
use zaqar_storage::EXPIRED_OWED_FOR;

use crate::bench::MessageBench;
use crate::minting::{delayed, fresh_message_id, lasting, poster, with_body};

pub(crate) fn delivered_ids(deliveries: &[Delivery]) -> Vec<MessageId> {
    deliveries.iter().map(|delivery| delivery.message.message.id).collect()
}

/// A subscription is owed every message that is posted from its creation on, in the order of posting.
pub async fn every_message_posted_from_now_on_is_owed(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    queue.subscribe("mailto:a@example.org").await;
    let mut posted = queue.fill(3).await;
    posted.extend(queue.fill(2).await);
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
}

/// A delivery brings its subscription, its message as it was posted, and the number of attempts so far: none.
pub async fn a_delivery_brings_subscription_and_message(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post_one(with_body(r#"{ "a" : 1 }"#)).await;
    let message = queue.get_one(posted).await.unwrap();
    let (_, mut due) = bench.lease(10).await;
    assert_eq!(due.len(), 1);
    let delivery = due.remove(0);
    assert_eq!(Some(delivery.subscription), queue.get_subscription(id).await);
    assert_eq!(delivery.message.message, message);
    assert_eq!(delivery.message.client, poster());
    assert_eq!(delivery.attempts, 0);
}

/// Every subscription of a source is owed every message.
pub async fn every_subscription_is_owed_every_message(bench: &MessageBench) {
    let topic = bench.topic();
    let mut subscriptions = Vec::new();
    for number in 0..3 {
        subscriptions.push(topic.subscribe(&format!("mailto:{number}@example.org")).await);
    }
    let posted = topic.fill(4).await;
    let (_, due) = bench.lease(100).await;
    assert_eq!(due.len(), 12);
    for subscription in subscriptions {
        let own: Vec<_> =
            due.iter().filter(|delivery| delivery.subscription.id == subscription).cloned().collect();
        assert_eq!(delivered_ids(&own), posted);
    }
}

/// A subscription is owed nothing of another source.
pub async fn nothing_of_another_source_is_owed(bench: &MessageBench) {
    let (queue, other) = (bench.queue(), bench.queue());
    queue.subscribe("mailto:a@example.org").await;
    other.fill(2).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, None);
}

/// A message stays for its subscribers also when a consumer has deleted or popped it meanwhile.
pub async fn a_deleted_message_stays_for_its_subscribers(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![with_body("1"), with_body("2"), with_body("3")]).await;
    queue.delete(posted[0], None).await;
    queue.pop(1).await;
    bench.store().expire(bench.now()).await.unwrap();
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    let bodies: Vec<_> =
        due.iter().map(|delivery| delivery.message.message.body.as_bytes().clone()).collect();
    assert_eq!(bodies, ["1", "2", "3"]);
}

/// A purge is the consumers' too: what was posted stays for subscribers.
pub async fn a_purged_message_stays_for_its_subscribers(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    queue.purge().await;
    assert_eq!(queue.all().await, vec![]);
    bench.reopen().await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
    assert_eq!(queue.all().await, vec![], "it is not back in the queue");
}

/// A message that was claimed too often stays for its subscribers, also once it has moved.
pub async fn a_message_claimed_too_often_stays_for_its_subscribers(bench: &MessageBench) {
    if !bench.store().capabilities().claims {
        return;
    }
    let (queue, dead_letters) = (bench.queue(), bench.queue());
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    queue.exhaust(1, 1).await;
    let (lease, due) = bench.lease(1).await;
    assert_eq!(delivered_ids(&due), posted[..1]);
    bench.retry(lease, &due, bench.now()).await;
    queue.move_exhausted(&dead_letters, queue.exhausted().await).await;
    let (_, again) = bench.lease(2).await;
    assert_eq!(again[1].message, due[0].message, "as it was posted, behind what was not tried yet");
}

/// A delivery shows no claim on its message; a claim that makes the message live longer keeps it owed as long.
pub async fn a_claimed_message_is_owed_as_long_as_it_lives(bench: &MessageBench) {
    if !bench.store().capabilities().claims {
        return;
    }
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(30)]).await;
    queue.claim(1).await;
    bench.advance_secs(40);
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    assert_eq!((due[0].message.message.claim, due[0].message.message.claim_count), (None, 0));
    assert!(bench.now() < due[0].message.expires);
    bench.advance_secs(80);
    assert!(bench.lease(10).await.1[0].message.expires <= bench.now());
}

/// When a message's time to live has ended, it stays for the delivery alone, and comes first.
pub async fn an_expired_message_is_owed_still_and_seen_by_nobody_else(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(90), lasting(60)]).await;
    let (lease, due) = bench.lease(10).await;
    bench.postpone(lease, &due, bench.now()).await;
    bench.advance_secs(60);
    for _ in 0..2 {
        assert_eq!(queue.all().await, posted[..1]);
        assert_eq!(queue.get_one(posted[1]).await, None);
        assert!(!queue.redeliver(id, posted[1]).await);
        bench.store().expire(bench.now()).await.unwrap();
        bench.reopen().await;
    }
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), [posted[1], posted[0]]);
    bench.expired(lease, &due[..1]).await;
    bench.delivered(lease, &due[1..]).await;
    bench.reopen().await;
    let failed = queue.failed(id).await;
    let failed: Vec<_> = failed.iter().map(|own| (own.message.message.id, own.attempts)).collect();
    assert_eq!(failed, [(posted[1], 0)]);
    assert_eq!(queue.attempts(id).await.len(), 1, "what has expired was not tried");
    assert_eq!(bench.next_due().await, None);
}

/// So is one that was never leased, also while the store was closed.
pub async fn what_expires_untried_is_owed_still(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(60), lasting(60)]).await;
    queue.pop(1).await;
    bench.reopen().await;
    bench.advance_secs(100);
    bench.reopen().await;
    assert!(bench.next_due().await.is_some_and(|due| due <= bench.now()));
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// What no engine has taken for long is passed over, so that nothing stays for ever.
pub async fn what_nobody_takes_is_passed_over_in_the_end(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.post(vec![lasting(60), lasting(60)]).await;
    let (lease, due) = bench.lease(1).await;
    bench.retry(lease, &due, bench.now()).await;
    bench.advance_secs(60 + EXPIRED_OWED_FOR);
    assert_eq!(bench.next_due().await, None);
    assert_eq!(bench.lease(10).await.1, vec![]);
}

/// An ended subscription is owed nothing.
pub async fn an_ended_subscription_is_owed_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    queue.unsubscribe(id).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, None);
}

/// A new subscription of the same subscriber begins anew: it is owed nothing of what came before.
pub async fn a_new_subscription_begins_anew(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    queue.unsubscribe(id).await;
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// An expired subscription is owed nothing.
pub async fn an_expired_subscription_is_owed_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let mut brief = queue.subscription("mailto:a@example.org");
    brief.ttl = SubscriptionTtl::new(60);
    queue.subscribe_as(brief).await.unwrap();
    queue.fill(2).await;
    bench.advance_secs(60);
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, None);
}

/// With its source dropped, a subscription is owed nothing.
pub async fn nothing_of_a_dropped_source_is_owed(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    queue.drop_it().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, None);
}

/// A delayed message is owed from its posting on: the delay is the consumers'.
pub async fn delayed_message_is_owed_at_once(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![delayed(10), delayed(0)]).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// Only what is posted is owed: an adopted message was posted elsewhere.
pub async fn adopted_message_is_not_owed(bench: &MessageBench) {
    let (elsewhere, queue) = (bench.queue(), bench.queue());
    queue.subscribe("mailto:a@example.org").await;
    let id = elsewhere.fill(1).await[0];
    let mut message = elsewhere.get_one(id).await.unwrap();
    message.id = fresh_message_id();
    let stored = StoredMessage {
        client: poster(),
        expires: message.created.plus_secs(3600),
        delayed_until: message.created,
        message,
    };
    queue.adopt(vec![stored]).await;
    let posted = queue.fill(1).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}
