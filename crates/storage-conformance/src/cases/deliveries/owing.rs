//! What is owed to a subscription, and for how long.

use zaqar_model::{Delivery, MessageId, StoredMessage, SubscriptionTtl};
use zaqar_storage::{Adoption, EXPIRED_OWED_FOR};

use crate::bench::MessageBench;
use crate::samples::{delayed, lasting, poster, stored_message, with_body};

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
    assert_eq!(Some(&*delivery.subscription), queue.get_subscription(id).await.as_ref());
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
    queue.move_dead_letters(&dead_letters, queue.dead_letters().await).await;
    let (_, again) = bench.lease(2).await;
    assert_eq!(again[1].message, due[0].message, "as it was posted");
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
    assert!(due[0].message.expires > bench.now());
    bench.advance_secs(80);
    let (_, due) = bench.lease(10).await;
    assert_eq!(due[0].message.expires, bench.now());
}

/// When a message's time to live has ended, it is owed for a day more, and then no more.
pub async fn an_expired_message_is_owed_for_a_day(bench: &MessageBench) {
    let queue = bench.queue();
    let mut lasting_subscription = queue.subscription("mailto:a@example.org");
    lasting_subscription.ttl = SubscriptionTtl::new(10 * EXPIRED_OWED_FOR);
    queue.subscribe_as(lasting_subscription).await.unwrap();
    let posted = queue.post(vec![lasting(60), lasting(90)]).await;
    bench.advance_secs(59 + EXPIRED_OWED_FOR);
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    bench.postpone(lease, &due, bench.now()).await;
    bench.advance_secs(1);
    bench.store().expire(bench.now()).await.unwrap();
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..]);
    bench.advance_secs(60);
    for _ in 0..2 {
        assert_eq!(bench.lease(10).await.1, vec![]);
        assert_eq!(bench.next_due().await, None);
        bench.reopen().await;
    }
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

fn elsewhere(bench: &MessageBench, is_letter: bool) -> StoredMessage {
    StoredMessage { is_letter, ..stored_message(bench.now()) }
}

/// What arrives from another queue is owed like a post, and stays for subscribers as that does.
pub async fn what_arrives_from_another_queue_is_owed(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let first = queue.fill(1).await;
    let stored = elsewhere(bench, false);
    let arrived = stored.message.id;
    queue.take_in(vec![stored.clone()], Adoption::Arrival).await;
    queue.take_in(vec![stored], Adoption::Arrival).await;
    let last = queue.fill(1).await;
    queue.delete(arrived, None).await;
    bench.reopen().await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), [first[0], arrived, last[0]]);
}

/// A message that moves to a dead-letter queue is owed to the subscribers of that one.
pub async fn a_moved_dead_letter_is_owed(bench: &MessageBench) {
    if !bench.store().capabilities().claims {
        return;
    }
    let (queue, dead_letters) = (bench.queue(), bench.queue());
    let id = dead_letters.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    let worn = queue.exhaust(1, 1).await;
    queue.move_dead_letters(&dead_letters, queue.dead_letters().await).await;
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), worn);
    assert_eq!(due[0].subscription.id, id);
    bench.give_up(lease, &due).await;
    bench.reopen().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert!(dead_letters.redeliver(id, worn[0]).await);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), worn);
}

/// Two queues may be each other's dead-letter queue. A message is owed once each time that it arrives, and it arrives
/// only after it was claimed too often again.
pub async fn what_goes_round_is_owed_each_time_it_arrives(bench: &MessageBench) {
    if !bench.store().capabilities().claims {
        return;
    }
    let (one, other) = (bench.queue(), bench.queue());
    one.subscribe("mailto:one@example.org").await;
    other.subscribe("mailto:other@example.org").await;
    let posted = one.fill(1).await;
    for (from, to) in [(&one, &other), (&other, &one), (&one, &other)] {
        let (lease, due) = bench.lease(10).await;
        assert_eq!(delivered_ids(&due), posted);
        assert_eq!(due[0].subscription.source, from.destination);
        bench.delivered(lease, &due).await;
        let (claim, held) = from.claim(1).await;
        assert_eq!(held, posted);
        from.release(claim).await;
        assert_eq!(from.set_aside(1).await, posted);
        from.move_dead_letters(to, from.dead_letters().await).await;
    }
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
    assert_eq!(bench.lease(10).await.1, vec![]);
}

/// What returns to its queue is owed to nobody again.
pub async fn a_returned_message_is_not_owed(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.adopt(vec![elsewhere(bench, false)]).await;
    let posted = queue.fill(1).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// A letter about a delivery that was given up stays one.
pub async fn a_letter_stays_a_letter(bench: &MessageBench) {
    let queue = bench.queue();
    let (letter, plain) = (elsewhere(bench, true), elsewhere(bench, false));
    queue.subscribe("mailto:a@example.org").await;
    queue.take_in(vec![letter.clone(), plain.clone()], Adoption::Arrival).await;
    bench.reopen().await;
    let (_, due) = bench.lease(10).await;
    let due: Vec<_> = due.iter().map(|owed| (owed.message.message.id, owed.message.is_letter)).collect();
    assert_eq!(due, [(letter.message.id, true), (plain.message.id, false)]);
}
