//! The accounts of attempts.

use zaqar_model::{
    Address, Attempt, AttemptEnd, AttemptFilter, AttemptNumber, AttemptOutcome, AttemptRecord,
    DeliveryOutcome, Excerpt, PageRequest, SubscriptionId,
};
use zaqar_storage::{ATTEMPTS_KEPT, ATTEMPTS_KEPT_FOR, SubscriptionChange};

use super::owing::delivered_ids;
use crate::bench::{MessageBench, TestQueue, deliveries_of};
use crate::samples::{
    attempt, confirmation, fresh_lease_id, fresh_message_id, fresh_subscription_id, lasting,
};

fn latencies(attempts: &[AttemptRecord]) -> Vec<u32> {
    attempts.iter().map(|kept| kept.attempt.latency_ms).collect()
}

/// Makes so many attempts at the first delivery that is due, each a millisecond slower than the one before.
async fn try_often(bench: &MessageBench, times: u32) {
    for latency_ms in 0..times {
        let (lease, due) = bench.lease(1).await;
        let account = Attempt { latency_ms, ..attempt(bench.now(), None) };
        bench.record(lease, &due, &DeliveryOutcome::RetryAt(bench.now(), account)).await;
    }
}

/// Every attempt is on record with its account, the newest first, also after reopening.
pub async fn every_attempt_is_on_record(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    let long = Excerpt::new(&"x".repeat(2 * Excerpt::MAX_BYTES));
    let failed = Attempt { at: bench.now(), status: Some(503), latency_ms: 7, excerpt: long, address: None };
    let retried = bench.now().plus_secs(9);
    bench.record(lease, &due[..1], &DeliveryOutcome::RetryAt(retried, failed.clone())).await;
    bench.give_up(lease, &due[1..]).await;
    bench.advance_secs(10);
    let (lease, due) = bench.lease(10).await;
    bench.delivered(lease, &due).await;
    for _ in 0..2 {
        let attempts = queue.attempts(id).await;
        let shown: Vec<_> = attempts.iter().map(|kept| (kept.message, kept.end)).collect();
        let expected = [
            (posted[0], AttemptEnd::Delivered),
            (posted[1], AttemptEnd::GivenUp),
            (posted[0], AttemptEnd::RetryAt(retried)),
        ];
        assert_eq!(shown, expected);
        assert_eq!(attempts[2].attempt, failed);
        assert_eq!(attempts[0].attempt, attempt(bench.now(), Some(200)));
        bench.reopen().await;
    }
}

/// The attempts at one message are found among the others; of another message or subscription there are none.
pub async fn attempts_are_found_by_message(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let other = queue.subscribe("mailto:b@example.org").await;
    let posted = queue.fill(2).await;
    for _ in 0..2 {
        let (lease, due) = bench.lease(10).await;
        let (due, of_other): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|delivery| delivery.subscription.id == id);
        bench.retry(lease, &due, bench.now()).await;
        bench.postpone(lease, &of_other, bench.now()).await;
        bench.advance_secs(60);
    }
    let found = queue.attempts_of_message(id, posted[1]).await;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|kept| kept.message == posted[1]));
    assert!(found[0].attempt.at > found[1].attempt.at, "the newest first");
    assert_eq!(queue.attempts(id).await.len(), 4);
    assert_eq!(queue.attempts_of_message(id, fresh_message_id()).await, vec![]);
    assert_eq!(queue.attempts(other).await, vec![]);
    assert_eq!(queue.attempts(fresh_subscription_id()).await, vec![]);
    assert_eq!(bench.queue().attempts(id).await, vec![]);
}

/// An attempt tells where it went, also after reopening; it is not told by the subscription, which may change.
pub async fn an_attempt_tells_where_it_went(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("https://example.org/old").await;
    queue.fill(1).await;
    for address in [Some(Address::of("https://example.org/old")), None] {
        let (lease, due) = bench.lease(1).await;
        let account = Attempt { address, ..attempt(bench.now(), None) };
        bench.record(lease, &due, &DeliveryOutcome::RetryAt(bench.now(), account)).await;
    }
    queue.record_confirmation(id, confirmation(bench.now())).await;
    let change =
        SubscriptionChange { subscriber: Some("https://example.org/new".into()), ..Default::default() };
    queue.update_subscription(id, change).await.unwrap();
    for _ in 0..2 {
        let attempts = queue.attempts(id).await;
        let addresses = attempts.iter().map(|kept| kept.attempt.address.as_ref().map(Address::as_str));
        let expected = [Some("https://example.org/hook"), None, Some("https://example.org/old")];
        assert_eq!(addresses.collect::<Vec<_>>(), expected);
        bench.reopen().await;
    }
}

/// A filter admits attempts by their message, their outcome and when they began: those that are all of it, a page at a
/// time.
pub async fn attempts_are_filtered(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    let begin = bench.now();
    for round in 0..3 {
        let (lease, due) = bench.lease(10).await;
        match round {
            0 => bench.retry(lease, &due, bench.now()).await,
            1 => bench.delivered(lease, &due[..1]).await,
            _ => bench.give_up(lease, &due).await,
        }
        if round == 1 {
            bench.retry(lease, &due[1..], bench.now()).await;
        }
        bench.advance_secs(60);
    }
    let filter = AttemptFilter::default();
    let (message, since) = (Some(posted[1]), Some(begin.plus_secs(60)));
    let retried = AttemptFilter { outcome: Some(AttemptOutcome::Retry), ..filter };
    for (filter, count) in [
        (filter, 5),
        (retried, 3),
        (AttemptFilter { outcome: Some(AttemptOutcome::Delivered), ..filter }, 1),
        (AttemptFilter { outcome: Some(AttemptOutcome::Failed), ..filter }, 1),
        (AttemptFilter { outcome: Some(AttemptOutcome::Unknown), ..filter }, 0),
        (AttemptFilter { since, ..filter }, 3),
        (AttemptFilter { message, ..filter }, 3),
        (AttemptFilter { message, since, ..retried }, 1),
    ] {
        let found = queue.attempts_that(id, filter).await;
        assert_eq!(found.len(), count, "{filter:?}");
        assert!(found.iter().all(|kept| filter.admits(kept)), "{filter:?}");
    }
    let (mut marker, mut paged) = (None, Vec::new());
    loop {
        let request = PageRequest { marker, limit: 2 };
        let page = deliveries_of(&*bench.store())
            .attempts(&queue.destination, id, &retried, &request, bench.now())
            .await
            .unwrap();
        assert!(page.items.len() <= 2);
        paged.extend(page.items);
        marker = page.next;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(paged, queue.attempts_that(id, retried).await);
}

/// Attempts are listed a page at a time.
pub async fn attempts_are_listed_in_pages(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    try_often(bench, 7).await;
    let (mut marker, mut paged) = (None, Vec::new());
    loop {
        let page = page(bench, &queue, id, marker).await;
        paged.extend(latencies(&page));
        marker = page.last().map(|kept| kept.number);
        if page.len() < 3 {
            break;
        }
    }
    assert_eq!(paged, [6, 5, 4, 3, 2, 1, 0]);
}

async fn page(
    bench: &MessageBench,
    queue: &TestQueue,
    id: SubscriptionId,
    marker: Option<AttemptNumber>,
) -> Vec<AttemptRecord> {
    let (filter, request) = (AttemptFilter::default(), PageRequest { marker, limit: 3 });
    let page = deliveries_of(&*bench.store())
        .attempts(&queue.destination, id, &filter, &request, bench.now())
        .await
        .unwrap();
    assert_eq!(page.next, page.items.last().map(|kept| kept.number));
    page.items
}

/// Of one subscription the newest attempts are kept, so many, also after reopening.
pub async fn the_newest_attempts_are_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let kept = u32::try_from(ATTEMPTS_KEPT).unwrap();
    try_often(bench, kept + 5).await;
    for _ in 0..2 {
        let latencies = latencies(&queue.attempts(id).await);
        assert_eq!(latencies, (5..kept + 5).rev().collect::<Vec<_>>());
        bench.reopen().await;
    }
}

/// An attempt is forgotten when it is too old.
pub async fn an_old_attempt_is_forgotten(bench: &MessageBench) {
    let queue = bench.queue();
    let mut lasting = queue.subscription("mailto:a@example.org");
    lasting.ttl = zaqar_model::SubscriptionTtl::new(10 * ATTEMPTS_KEPT_FOR);
    let id = lasting.id;
    queue.subscribe_as(lasting).await.unwrap();
    queue.fill(2).await;
    let (lease, due) = bench.lease(1).await;
    bench.delivered(lease, &due).await;
    bench.advance_secs(5);
    let (lease, due) = bench.lease(1).await;
    bench.delivered(lease, &due).await;
    bench.advance_secs(ATTEMPTS_KEPT_FOR - 5);
    assert_eq!(queue.attempts(id).await.len(), 1);
    bench.store().expire(bench.now()).await.unwrap();
    bench.advance_secs(5);
    assert_eq!(queue.attempts(id).await, vec![]);
}

/// The attempts end with their subscription.
pub async fn attempts_end_with_their_subscription(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    try_often(bench, 1).await;
    queue.unsubscribe(id).await;
    assert_eq!(queue.attempts(id).await, vec![]);
}

/// An attempt at a message that has expired meanwhile is on record; what is to be tried again is due at once, as expired.
pub async fn an_attempt_may_outlast_its_message(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.post(vec![lasting(10)]).await;
    let (lease, due) = bench.lease(1).await;
    bench.advance_secs(10);
    bench.store().expire(bench.now()).await.unwrap();
    bench.retry(lease, &due, bench.now().plus_secs(600)).await;
    assert_eq!(queue.attempts(id).await.len(), 1);
    let (lease, due) = bench.lease(1).await;
    assert_eq!(due.iter().map(|own| own.attempts).collect::<Vec<_>>(), [1]);
    bench.expired(lease, &due).await;
    assert_eq!(queue.attempts(id).await.len(), 1);
    assert_eq!(bench.next_due().await, None);
}

/// What is passed over leaves no attempt: of a lease that has nothing, and of a record that is made again.
pub async fn what_is_passed_over_leaves_no_attempt(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let (lease, due) = bench.lease(1).await;
    bench.delivered(fresh_lease_id(), &due).await;
    assert_eq!(queue.attempts(id).await, vec![]);
    bench.delivered(lease, &[&due[..], &due[..]].concat()).await;
    bench.delivered(lease, &due).await;
    assert_eq!(queue.attempts(id).await.len(), 1);
}

/// A delivery that is postponed is due at its time; no attempt is counted.
pub async fn a_postponement_is_no_attempt(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    let (lease, due) = bench.lease(1).await;
    bench.postpone(lease, &due, bench.now().plus_secs(30)).await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..], "it does not hold up the next");
    assert_eq!(bench.next_due().await, Some(bench.now().plus_secs(30)));
    bench.advance_secs(30);
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted[..1]);
    assert_eq!(due[0].attempts, 0);
    assert_eq!(queue.attempts(id).await, vec![]);
}
