//! What is owed is there when the store is opened again.

use zaqar_model::{Attempt, AttemptEnd};

use super::owing::delivered_ids;
use crate::bench::MessageBench;

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

/// A subscription's source is of the same kind after reopening.
pub async fn the_kind_of_a_source_is_kept(bench: &MessageBench) {
    for source in [bench.queue(), bench.topic(), bench.confirmations()] {
        source.subscribe("mailto:a@example.org").await;
        source.fill(1).await;
        bench.reopen().await;
        let (lease, due) = bench.lease(10).await;
        let sources: Vec<_> = due.iter().map(|delivery| &delivery.subscription.source).collect();
        assert_eq!(sources, [&source.destination]);
        bench.delivered(lease, &due).await;
    }
}

/// What was delivered is not owed again after reopening.
pub async fn what_was_delivered_is_not_owed_again(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    let (lease, due) = bench.lease(2).await;
    bench.delivered(lease, &due).await;
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
    bench.retry(lease, &due, at).await;
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

/// An attempt that a restart broke off is on record, once: with the time at which it was taken up, and no end.
pub async fn an_attempt_that_a_restart_broke_off_is_on_record(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    bench.lease(10).await;
    let since = bench.now();
    bench.reopen().await;
    bench.advance_secs(60);
    let (lease, due) = bench.lease(10).await;
    bench.delivered(lease, &due).await;
    for _ in 0..2 {
        let attempts = queue.attempts(id).await;
        let ends: Vec<_> = attempts.iter().map(|kept| kept.end).collect();
        assert_eq!(ends, [[AttemptEnd::Delivered; 2], [AttemptEnd::Unknown; 2]].concat());
        assert!(attempts[2..].iter().all(|kept| kept.attempt == Attempt::without_end(since)));
        assert_eq!([attempts[3].message, attempts[2].message], posted[..]);
        bench.reopen().await;
    }
}

/// A delivery that was given back leaves no attempt after a restart either.
pub async fn what_was_given_back_was_not_broken_off(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    bench.postpone(lease, &due, bench.now()).await;
    bench.reopen().await;
    assert_eq!(bench.lease(10).await.1.len(), 2);
    assert_eq!(queue.attempts(id).await, vec![]);
}
