//! What expires before its receiver has it.

use zaqar_model::Excerpt;
use zaqar_storage::{ClaimRequest, SubscriptionShare};

use super::owing::delivered_ids;
use super::suspending::suspend;
use crate::bench::MessageBench;
use crate::samples::{fresh_claim_id, lasting, terms};

/// A retry that was to come later is due when its message expires; the delivery says how often it was tried.
pub async fn it_is_due_at_once_also_when_its_retry_was_later(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(60)]).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now().plus_secs(600)).await;
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(60)));
    bench.advance_secs(59);
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(1);
    bench.reopen().await;
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    assert_eq!((due[0].attempts, due[0].message.expires), (1, bench.now()));
}

/// It is due at once also while its subscription is paused or suspended, taken up or not.
pub async fn it_is_due_at_once_whatever_holds_its_subscription_back(bench: &MessageBench) {
    for is_suspended in [false, true] {
        let queue = bench.queue();
        let id = queue.subscribe("mailto:a@example.org").await;
        let posted = queue.post(vec![lasting(60), lasting(60), lasting(3600)]).await;
        let (lease, due) = bench.lease(1).await;
        bench.postpone(lease, &due, bench.now()).await;
        if is_suspended {
            suspend(&queue, id).await;
        } else {
            queue.pause(id, bench.now().plus_secs(1000)).await;
        }
        assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(60)));
        bench.advance_secs(60);
        let (lease, due) = bench.lease(10).await;
        assert_eq!(delivered_ids(&due), posted[..2]);
        bench.expired(lease, &due).await;
        assert_eq!(bench.lease(10).await.1, vec![]);
        queue.unsubscribe(id).await;
    }
}

/// It has failed for good when that is recorded: listed with its message, without an attempt.
pub async fn it_fails_without_an_attempt(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(60)]).await;
    bench.advance_secs(60);
    let (lease, due) = bench.lease(10).await;
    bench.expired(lease, &due).await;
    for _ in 0..2 {
        let failed = queue.failed(id).await;
        assert_eq!(failed.iter().map(|own| own.message.message.id).collect::<Vec<_>>(), posted);
        assert_eq!((failed[0].attempts, failed[0].failed), (0, bench.now()));
        assert_eq!(failed[0].reason, Excerpt::new("expired"));
        assert_eq!(queue.attempts(id).await, vec![]);
        assert_eq!(bench.next_due().await, None);
        bench.reopen().await;
    }
    assert!(!queue.redeliver(id, posted[0]).await);
}

/// It is there for that delivery only.
pub async fn it_is_seen_by_no_other_call(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(60)]).await;
    bench.advance_secs(60);
    bench.store().expire(bench.now()).await.unwrap();
    assert_eq!(queue.get(&posted).await, vec![]);
    assert_eq!(queue.listed().await, vec![]);
    assert_eq!(queue.stats().await.free, 0);
    assert!(!queue.redeliver(id, posted[0]).await);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// What is under a live lease when it expires stays there until the lease ends.
pub async fn a_live_lease_keeps_it(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(30)]).await;
    let (lease, due) = bench.lease(10).await;
    bench.advance_secs(59);
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(1)));
    bench.advance_secs(1);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
    bench.delivered(lease, &due).await;
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted, "the lease before has it no longer");
}

/// What is put off when it has expired already waits until then.
pub async fn it_can_be_postponed(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(30)]).await;
    bench.advance_secs(30);
    queue.pause(id, bench.now().plus_secs(1000)).await;
    let (lease, due) = bench.lease(10).await;
    bench.postpone(lease, &due, bench.now().plus_secs(10)).await;
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(10)));
    bench.advance_secs(9);
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(1);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// A claim may have made a message live longer: then its retry keeps its time.
pub async fn a_claim_puts_it_off(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(30)]).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now().plus_secs(80)).await;
    let request = ClaimRequest {
        id: fresh_claim_id(),
        terms: terms(60, 60),
        limit: 1,
        dead_letters: None,
        outlives: true,
        is_repeated: false,
    };
    queue.claim_as(&request).await;
    bench.advance_secs(79);
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_secs(1);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// It counts against the limits like the rest.
pub async fn it_is_leased_within_the_limits(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![lasting(30), lasting(30), lasting(30)]).await;
    bench.advance_secs(30);
    let share = SubscriptionShare::each(2);
    assert_eq!(delivered_ids(&bench.lease_within(10, share).await.1), posted[..2]);
    assert_eq!(bench.lease_within(10, share).await.1, vec![]);
}

/// It is forgotten with its subscription.
pub async fn it_is_forgotten_with_its_subscription(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.post(vec![lasting(30)]).await;
    bench.advance_secs(30);
    assert!(bench.next_due().await.is_some());
    queue.unsubscribe(id).await;
    assert_eq!(bench.next_due().await, None);
    assert_eq!(bench.lease(10).await.1, vec![]);
}
