//! Leases that end before anybody has said how their deliveries ended.

use zaqar_model::{Attempt, AttemptEnd, AttemptRecord, SubscriptionId, Timestamp};

use super::owing::delivered_ids;
use crate::bench::{MessageBench, TestQueue};
use crate::samples::lasting;

/// What is known of an attempt that was taken up at this time and never told of.
fn unknown(since: Timestamp) -> (Attempt, AttemptEnd) {
    (Attempt::without_end(since), AttemptEnd::Unknown)
}

async fn attempts(queue: &TestQueue, id: SubscriptionId) -> Vec<(Attempt, AttemptEnd)> {
    let account = |kept: &AttemptRecord| (kept.attempt.clone(), kept.end);
    queue.attempts(id).await.iter().map(account).collect()
}

/// When another takes over a delivery, the attempt that nobody told of is on record with the time of its lease.
pub async fn an_attempt_that_was_broken_off_is_on_record(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    let since = bench.now();
    bench.delivered(lease, &due[1..]).await;
    bench.advance_secs(60);
    let (_, again) = bench.lease(10).await;
    assert_eq!(delivered_ids(&again), posted[..1]);
    assert_eq!(attempts(&queue, id).await[0], unknown(since));
    assert_eq!(queue.attempts_of_message(id, posted[0]).await.len(), 1);
    let later = bench.now();
    bench.advance_secs(60);
    bench.lease(10).await;
    assert_eq!(attempts(&queue, id).await[..2], [unknown(later), unknown(since)]);
}

/// It is not counted: a restart uses up none of the tries.
pub async fn an_attempt_that_was_broken_off_is_not_counted(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let (lease, due) = bench.lease(1).await;
    bench.retry(lease, &due, bench.now()).await;
    for _ in 0..2 {
        let (_, due) = bench.lease(1).await;
        assert_eq!(due[0].attempts, 1);
        bench.advance_secs(60);
    }
}

/// While its lease lives, and until another takes it over, a delivery may still be recorded: nothing is said of it before.
pub async fn what_is_under_way_is_not_on_record_yet(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let (lease, due) = bench.lease(1).await;
    assert_eq!(attempts(&queue, id).await, vec![]);
    bench.advance_secs(60);
    assert_eq!(attempts(&queue, id).await, vec![]);
    bench.delivered(lease, &due).await;
    let ends: Vec<_> = queue.attempts(id).await.iter().map(|kept| kept.end).collect();
    assert_eq!(ends, [AttemptEnd::Delivered]);
}

/// What was given back untried leaves no attempt, also when its lease has ended meanwhile.
pub async fn what_was_given_back_leaves_no_attempt(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    bench.postpone(lease, &due[..1], bench.now()).await;
    bench.advance_secs(60);
    bench.postpone(lease, &due[1..], bench.now()).await;
    assert_eq!(bench.lease(10).await.1.len(), 2);
    assert_eq!(attempts(&queue, id).await, vec![]);
}

/// A message that is owed once more begins anew; the attempt before that is on record.
pub async fn a_redelivery_puts_it_on_record(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    let (late, due) = bench.lease(1).await;
    let since = bench.now();
    bench.advance_secs(60);
    assert!(queue.redeliver(id, posted[0]).await);
    assert_eq!(attempts(&queue, id).await, [unknown(since)]);
    bench.delivered(late, &due).await;
    assert_eq!(delivered_ids(&bench.lease(1).await.1), posted, "the lease before has it no longer");
    assert_eq!(attempts(&queue, id).await, [unknown(since)]);
}

/// What has expired is taken over like the rest: its attempt is on record then, and no late end changes that.
pub async fn it_is_on_record_also_when_the_message_has_expired(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(60)]).await;
    let (late, due) = bench.lease(1).await;
    let since = bench.now();
    bench.advance_secs(60);
    let (lease, expired) = bench.lease(1).await;
    assert_eq!(delivered_ids(&expired), posted);
    assert_eq!(queue.attempts_of_message(id, posted[0]).await.len(), 1);
    bench.delivered(late, &due).await;
    bench.expired(lease, &expired).await;
    assert_eq!(bench.next_due().await, None);
    for _ in 0..2 {
        assert_eq!(attempts(&queue, id).await, [unknown(since)]);
        bench.store().expire(bench.now()).await.unwrap();
        bench.reopen().await;
    }
}

/// So it is when the store was closed in between.
pub async fn it_is_on_record_also_when_the_message_expires_over_a_restart(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(60)]).await;
    bench.lease(1).await;
    let since = bench.now();
    for _ in 0..2 {
        bench.advance_secs(60);
        bench.reopen().await;
        let (lease, expired) = bench.lease(1).await;
        bench.expired(lease, &expired).await;
    }
    assert_eq!(attempts(&queue, id).await, [unknown(since)]);
    assert_eq!(queue.attempts_of_message(id, posted[0]).await.len(), 1);
}
