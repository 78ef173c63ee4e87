//! What is owed goes along when a queue goes to another store.

use zaqar_model::{AttemptEnd, MessageId, SubscriptionId};
use zaqar_storage::SubscriptionChange;

use crate::bench::{MessageBench, TestQueue};
use crate::cases::deliveries::confirming::waiting;
use crate::cases::deliveries::delays::{expires_first, subscribe};
use crate::cases::deliveries::owing::delivered_ids;
use crate::cases::deliveries::suspending::suspend;
use crate::samples::{confirmation, delayed, lasting, stored_message};

/// A subscription to which of four messages the first was delivered, the second waits for half a minute, the third was
/// given up; nobody has taken up the fourth.
pub(super) async fn begun(bench: &MessageBench, queue: &TestQueue) -> (SubscriptionId, Vec<MessageId>) {
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(4).await;
    let (lease, due) = bench.lease(3).await;
    bench.delivered(lease, &due[..1]).await;
    bench.retry(lease, &due[1..2], bench.now().plus_secs(30)).await;
    bench.give_up(lease, &due[2..]).await;
    (id, posted)
}

/// What comes of that.
pub(super) async fn goes_on(
    bench: &MessageBench,
    queue: &TestQueue,
    id: SubscriptionId,
    posted: &[MessageId],
) {
    let ends: Vec<_> = queue.attempts(id).await.iter().map(|kept| kept.end).collect();
    let later = bench.now().plus_secs(30);
    assert_eq!(ends, [AttemptEnd::GivenUp, AttemptEnd::RetryAt(later), AttemptEnd::Delivered]);
    let failed: Vec<_> =
        queue.failed(id).await.iter().map(|own| (own.message.message.id, own.attempts)).collect();
    assert_eq!(failed, [(posted[2], 1)]);
    let attempts = |deliveries: &[zaqar_model::Delivery]| -> Vec<(MessageId, u32)> {
        deliveries.iter().map(|own| (own.message.message.id, own.attempts)).collect()
    };
    assert_eq!(attempts(&bench.lease(10).await.1), [(posted[3], 0)]);
    bench.advance_secs(30);
    assert_eq!(attempts(&bench.lease(10).await.1), [(posted[1], 1)]);
}

/// Each delivery stands as it did: done, waiting, failed, not taken up; the attempts stay on record.
pub async fn deliveries_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let (id, posted) = begun(bench, &queue).await;
    queue.leave_and_return().await;
    goes_on(bench, &queue, id, &posted).await;
}

/// The same over the end of the store.
pub async fn imported_deliveries_are_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let (id, posted) = begun(bench, &queue).await;
    queue.leave_and_return().await;
    bench.reopen().await;
    goes_on(bench, &queue, id, &posted).await;
}

/// What consumers have taken goes along for the subscribers, and only for them.
pub async fn what_was_taken_goes_along(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(5).await;
    let (_, held) = bench.lease(1).await;
    queue.pop(2).await;
    queue.delete(posted[2], None).await;
    queue.purge().await;
    let moving = queue.leave_and_return().await;
    assert!(moving.iter().all(|message| message.kept));
    assert_eq!(queue.all().await, vec![]);
    assert_eq!(delivered_ids(&held), posted[..1]);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..]);
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// A lease holds on: nobody else gets the deliveries, and what became of them can be recorded.
pub async fn leases_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    let (lease, due) = bench.lease(2).await;
    queue.leave_and_return().await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[2..]);
    bench.delivered(lease, &due[..1]).await;
    assert_eq!(queue.attempts_of_message(id, posted[0]).await.len(), 1);
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..]);
}

/// So does what nobody tells of: its attempt comes on record with the time at which it was taken up.
pub async fn an_attempt_that_is_broken_off_after_a_move_is_on_record(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    bench.lease(1).await;
    let since = bench.now();
    queue.leave_and_return().await;
    bench.advance_secs(60);
    bench.lease(1).await;
    let attempts = queue.attempts(id).await;
    assert_eq!((attempts.len(), attempts[0].end), (1, AttemptEnd::Unknown));
    assert_eq!(attempts[0].attempt.at, since);
}

/// A subscription stays paused.
pub async fn pauses_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    queue.pause(id, bench.now().plus_secs(30)).await;
    queue.leave_and_return().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(30);
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    bench.retry(lease, &due, bench.now()).await;
    queue.pause_retries(id, bench.now().plus_secs(30)).await;
    queue.leave_and_return().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(30);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// What was adopted is not owed elsewhere either; what was posted is owed once more by its id.
pub async fn who_is_owed_what_stays(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(1).await;
    let returned = stored_message(bench.now());
    let adopted = returned.message.id;
    queue.adopt(vec![returned]).await;
    let id = queue.subscribe("mailto:a@example.org").await;
    let muted = queue.subscribe("mailto:b@example.org").await;
    let change = SubscriptionChange { notified: Some(false), ..SubscriptionChange::default() };
    assert!(queue.update_subscription(muted, change).await.unwrap());
    let later = queue.fill(1).await;
    queue.leave_and_return().await;
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), later);
    assert_eq!(due[0].subscription.id, id);
    bench.delivered(lease, &due).await;
    assert!(!queue.redeliver(id, adopted).await);
    assert!(queue.redeliver(id, later[0]).await);
    queue.pop(10).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), later);
}

/// Delays that a subscription respects are respected when the queue moves.
pub async fn respected_delays_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    subscribe(&queue).await;
    let posted = queue.post(vec![delayed(20), delayed(0)]).await;
    let (lease, due) = bench.lease(10).await;
    bench.delivered(lease, &due).await;
    let later = queue.post(vec![delayed(10)]).await;
    queue.leave_and_return().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(10);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), later);
    bench.advance_secs(10);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[..1]);
}

/// What expires before its delay ends goes along, expired or not.
pub async fn what_expires_before_its_delay_ends_goes_along(bench: &MessageBench) {
    for has_expired in [false, true] {
        let queue = bench.queue();
        subscribe(&queue).await;
        let posted = queue.post(vec![expires_first(), delayed(0)]).await;
        let (lease, due) = bench.lease(10).await;
        bench.delivered(lease, &due).await;
        if has_expired {
            bench.advance_secs(60);
            queue.leave_and_return().await;
        } else {
            queue.leave_and_return().await;
            bench.advance_secs(60);
        }
        let (lease, due) = bench.lease(10).await;
        assert_eq!(delivered_ids(&due), posted[..1]);
        bench.expired(lease, &due).await;
    }
}

/// What has expired and is still owed goes along.
pub async fn what_has_expired_goes_along(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(30), lasting(30)]).await;
    let (lease, due) = bench.lease(1).await;
    bench.retry(lease, &due, bench.now().plus_secs(600)).await;
    queue.pause(id, bench.now().plus_secs(1000)).await;
    bench.advance_secs(30);
    queue.leave_and_return().await;
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due).len(), 2);
    bench.expired(lease, &due).await;
    assert_eq!(queue.failed(id).await.len(), 2);
    assert_eq!(queue.get(&posted).await, vec![]);
}

/// Attempts to ask a subscriber to confirm go along.
pub async fn attempts_to_ask_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let id = waiting(&queue).await;
    queue.record_confirmation(id, confirmation(bench.now())).await;
    let before = queue.attempts(id).await;
    assert_eq!(before.len(), 1);
    queue.leave_and_return().await;
    assert_eq!(queue.attempts(id).await, before);
}

/// A suspension goes along.
pub async fn suspensions_go_along(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let suspension = suspend(&queue, id).await;
    queue.leave_and_return().await;
    bench.reopen().await;
    assert_eq!(queue.get_subscription(id).await.unwrap().suspended, Some(suspension));
}
