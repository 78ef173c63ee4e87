//! Subscriptions that respect the delays of messages.

use zaqar_model::{DelaySeconds, NewMessage, SubscriptionId};

use super::owing::delivered_ids;
use super::suspending::{resume, suspend};
use crate::bench::{MessageBench, TestQueue};
use crate::samples::{delayed, json_object, lasting, messages};

/// More delayed messages than a store looks at in one go.
const MANY: usize = 700;

pub(in crate::cases) async fn subscribe(queue: &TestQueue) -> SubscriptionId {
    let mut subscription = queue.subscription("mailto:patient@example.org");
    subscription.options = json_object(r#"{"respect_delay": true}"#);
    let id = subscription.id;
    queue.subscribe_as(subscription).await.unwrap();
    id
}

/// A subscription with `respect_delay` is owed a delayed message when the delay is over; one without, at once.
pub async fn a_delay_may_be_respected(bench: &MessageBench) {
    let queue = bench.queue();
    let patient = subscribe(&queue).await;
    let hasty = queue.subscribe("mailto:hasty@example.org").await;
    let posted = queue.post(vec![delayed(10)]).await;
    let (_, due) = bench.lease(10).await;
    assert_eq!((delivered_ids(&due), due[0].subscription.id), (posted.clone(), hasty));
    queue.unsubscribe(hasty).await;
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(10)));
    bench.advance_millis(9_999);
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_millis(1);
    let (_, due) = bench.lease(10).await;
    assert_eq!((delivered_ids(&due), due[0].subscription.id), (posted, patient));
}

/// A delayed message holds up none of those behind it, however many are delayed.
pub async fn a_delayed_message_holds_up_none_behind_it(bench: &MessageBench) {
    let queue = bench.queue();
    subscribe(&queue).await;
    let first = queue.post(vec![delayed(30), delayed(0), delayed(20)]).await;
    let many = NewMessage { delay: DelaySeconds::new(60), ..delayed(0) };
    queue.post(vec![many; MANY]).await;
    let last = queue.post(messages(2)).await;
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.extend(delivered_ids(&bench.lease(10).await.1));
    }
    assert_eq!(taken, [first[1], last[0], last[1]]);
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(20)));
    bench.advance_secs(30);
    assert_eq!(delivered_ids(&bench.lease(1).await.1), first[..1], "in the order of posting");
    assert_eq!(delivered_ids(&bench.lease(1).await.1), first[2..]);
    assert_eq!(bench.lease(1).await.1, vec![]);
    bench.advance_secs(60);
    assert_eq!(bench.lease(10_000).await.1.len(), MANY + 5, "and the leases have ended");
}

/// Delays are respected over the end of the store.
pub async fn respected_delays_are_kept(bench: &MessageBench) {
    let queue = bench.queue();
    subscribe(&queue).await;
    let posted = queue.post(vec![delayed(20), delayed(0), delayed(10)]).await;
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted[1..2]);
    bench.delivered(lease, &due).await;
    bench.reopen().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.reopen().await;
    bench.advance_secs(10);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[2..]);
    bench.advance_secs(10);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[..1]);
}

/// A delayed message that a consumer deletes stays for the subscription until it is due.
pub async fn a_delayed_message_stays_until_it_is_due(bench: &MessageBench) {
    let queue = bench.queue();
    subscribe(&queue).await;
    let posted = queue.post(vec![delayed(10)]).await;
    queue.delete(posted[0], None).await;
    bench.store().expire(bench.now()).await.unwrap();
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(10);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

pub(in crate::cases) fn expires_first() -> NewMessage {
    NewMessage { delay: DelaySeconds::new(100), ..lasting(60) }
}

/// A message whose time to live ends before its delay is owed as expired at the end of its time to live, whether it was
/// looked at before or not.
pub async fn a_delayed_message_that_expires_before_it_is_due_is_owed_as_expired(bench: &MessageBench) {
    for is_looked_at in [true, false] {
        let queue = bench.queue();
        let id = subscribe(&queue).await;
        let posted = queue.post(vec![expires_first()]).await;
        if is_looked_at {
            assert_eq!(bench.lease(10).await.1, vec![]);
            assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(60)));
            bench.reopen().await;
        }
        bench.advance_secs(60);
        assert_eq!(bench.next_due().await.map(|due| due.max(bench.now())), Some(bench.now()));
        let (lease, due) = bench.lease(10).await;
        assert_eq!(delivered_ids(&due), posted);
        assert_eq!((due[0].attempts, due[0].message.expires), (0, bench.now()));
        bench.expired(lease, &due).await;
        assert_eq!(queue.failed(id).await.len(), 1);
        bench.advance_secs(40);
        assert_eq!(bench.lease(10).await.1, vec![], "the end of the delay brings it back to nobody");
    }
}

/// It is also while its subscription is paused or suspended, and behind messages that are not delayed.
pub async fn it_is_owed_as_expired_whatever_holds_its_subscription_back(bench: &MessageBench) {
    for is_suspended in [false, true] {
        let queue = bench.queue();
        let id = subscribe(&queue).await;
        if is_suspended {
            suspend(&queue, id).await;
        } else {
            queue.pause(id, bench.now().plus_secs(1000)).await;
        }
        let posted = queue.post(vec![delayed(0), expires_first(), delayed(0)]).await;
        assert_eq!(bench.lease(10).await.1, vec![]);
        assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(60)));
        bench.advance_secs(60);
        assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..2]);
        queue.unsubscribe(id).await;
    }
}

/// The end of a suspension hastens no delay.
pub async fn a_delay_outlasts_a_suspension(bench: &MessageBench) {
    let queue = bench.queue();
    let id = subscribe(&queue).await;
    let posted = queue.post(vec![delayed(10), delayed(0)]).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now().plus_secs(600)).await;
    suspend(&queue, id).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    resume(&queue, id).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..]);
    bench.advance_secs(10);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[..1]);
}

/// Whoever has a delayed message sent again does not wait for its delay.
pub async fn a_delayed_message_is_sent_again_at_once(bench: &MessageBench) {
    let queue = bench.queue();
    let id = subscribe(&queue).await;
    let posted = queue.post(vec![delayed(10), delayed(10)]).await;
    assert!(queue.redeliver(id, posted[1]).await);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..]);
}
