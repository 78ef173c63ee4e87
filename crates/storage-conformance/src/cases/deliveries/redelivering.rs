//! What failed for good, and what is owed once more.

use zaqar_model::{Excerpt, Marker, PageRequest, SubscriptionTtl, Timestamp};
use zaqar_storage::FAILURES_KEPT_FOR;

use super::owing::delivered_ids;
use crate::bench::{MessageBench, deliveries_of};
use crate::samples::{attempt, fresh_message_id, fresh_subscription_id, lasting, stored_message};

/// A delivery that failed for good is listed with its message and the reason, also when a consumer has taken the message
/// and the store was opened again.
pub async fn what_failed_is_listed_with_its_message(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due[..1], bench.now()).await;
    bench.delivered(lease, &due[1..2]).await;
    let (last_lease, last) = bench.lease(10).await;
    bench.give_up(last_lease, &last).await;
    bench.give_up(lease, &due[2..]).await;
    queue.pop(3).await;
    for _ in 0..2 {
        bench.store().expire(bench.now()).await.unwrap();
        let failed = queue.failed(id).await;
        let shown: Vec<_> = failed.iter().map(|own| (own.message.message.id, own.attempts)).collect();
        assert_eq!(shown, [(posted[0], 2), (posted[2], 1)]);
        assert_eq!(failed[0].message, due[0].message);
        assert_eq!((failed[1].position, failed[1].failed), (due[2].position, bench.now()));
        assert_eq!(failed[1].reason, Excerpt::new("410 Gone"));
        bench.reopen().await;
    }
    assert_eq!(bench.lease(10).await.1, vec![]);
}

/// What failed is listed in the order of posting, a page at a time.
pub async fn what_failed_is_listed_in_pages(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(5).await;
    let (lease, due) = bench.lease(10).await;
    for at in [3, 0, 4, 1, 2] {
        bench.give_up(lease, &due[at..=at]).await;
    }
    let (mut marker, mut paged): (Option<Marker>, _) = (None, Vec::new());
    loop {
        let request = PageRequest { marker, limit: 2 };
        let page = deliveries_of(&*bench.store())
            .failed(&queue.destination, id, &request, bench.now())
            .await
            .unwrap();
        assert_eq!(page.next, page.items.last().map(|own| own.position));
        paged.extend(page.items.iter().map(|own| own.message.message.id));
        marker = page.next;
        if page.items.len() < 2 {
            break;
        }
    }
    assert_eq!(paged, posted);
    assert_eq!(queue.failed(fresh_subscription_id()).await, vec![]);
}

/// What failed is kept with its message for a day, and longer while its message lives; for that alone, and it is not
/// owed once more when it has expired.
pub async fn what_failed_is_kept_for_a_day(bench: &MessageBench) {
    let day = u32::try_from(FAILURES_KEPT_FOR).unwrap();
    let queue = bench.queue();
    let mut lasting_subscription = queue.subscription("mailto:a@example.org");
    lasting_subscription.ttl = SubscriptionTtl::new(10 * FAILURES_KEPT_FOR);
    let id = lasting_subscription.id;
    queue.subscribe_as(lasting_subscription).await.unwrap();
    let posted = queue.post(vec![lasting(60), lasting(2 * day)]).await;
    let failed =
        async || -> Vec<_> { queue.failed(id).await.iter().map(|own| own.message.message.id).collect() };
    let (lease, due) = bench.lease(10).await;
    bench.advance_secs(30);
    bench.give_up(lease, &due).await;
    queue.pop(1).await;
    bench.advance_secs(FAILURES_KEPT_FOR - 1);
    bench.reopen().await;
    assert_eq!(failed().await, posted);
    assert_eq!(queue.get(&posted[..1]).await, vec![]);
    assert!(!queue.redeliver(id, posted[0]).await);
    assert_eq!(queue.redeliver_failed(id, Timestamp::default()).await, 1, "only what has not expired");
    assert_eq!(failed().await, posted[..1]);
    let (lease, due) = bench.lease(10).await;
    bench.give_up(lease, &due).await;
    bench.advance_secs(1);
    bench.store().expire(bench.now()).await.unwrap();
    assert_eq!(failed().await, posted[1..]);
    bench.advance_secs(FAILURES_KEPT_FOR);
    assert_eq!(failed().await, vec![]);
}

/// One that failed, was delivered, or waits for another try is owed once more: at once, as if it had never been tried.
pub async fn a_message_is_owed_once_more(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    let (lease, due) = bench.lease(10).await;
    bench.give_up(lease, &due[..1]).await;
    bench.delivered(lease, &due[1..2]).await;
    bench.retry(lease, &due[2..], bench.now().plus_secs(600)).await;
    for message in &posted {
        assert!(queue.redeliver(id, *message).await);
    }
    assert_eq!(queue.failed(id).await, vec![]);
    bench.reopen().await;
    assert_eq!(bench.next_due().await.map(|due| due <= bench.now()), Some(true));
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    assert!(due.iter().all(|delivery| delivery.attempts == 0));
    bench.delivered(lease, &due).await;
    assert_eq!(bench.next_due().await, None);
    assert_eq!(queue.attempts(id).await.len(), 6);
}

/// A message that is gone, or that there never was, is not owed once more; nor is anything to a other_client.
pub async fn a_message_that_is_gone_is_not_owed(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    bench.delivered(lease, &due).await;
    queue.pop(1).await;
    assert!(!queue.redeliver(id, posted[0]).await);
    assert!(!queue.redeliver(id, fresh_message_id()).await);
    assert!(!queue.redeliver(fresh_subscription_id(), posted[1]).await);
    assert!(!bench.queue().redeliver(id, posted[1]).await);
    assert_eq!(bench.lease(10).await.1, vec![]);
}

/// A message that has returned is owed to nobody.
pub async fn a_returned_message_is_not_redelivered(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let returned = stored_message(bench.now());
    let message = returned.message.id;
    queue.adopt(vec![returned]).await;
    assert!(!queue.redeliver(id, message).await);
    assert_eq!(bench.lease(10).await.1, vec![]);
}

/// A message that another subscriber is still owed can be owed once more, though a consumer has taken it.
pub async fn a_message_kept_for_another_is_owed_once_more(bench: &MessageBench) {
    let queue = bench.queue();
    let done = queue.subscribe("mailto:a@example.org").await;
    let behind = queue.subscribe("mailto:b@example.org").await;
    let posted = queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    let own: Vec<_> = due.into_iter().filter(|delivery| delivery.subscription.id == done).collect();
    bench.delivered(lease, &own).await;
    queue.pop(1).await;
    assert!(queue.redeliver(done, posted[0]).await);
    queue.unsubscribe(behind).await;
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    bench.delivered(lease, &due).await;
    assert!(!queue.redeliver(done, posted[0]).await, "now nobody has it");
}

/// One that is under a live lease stays there.
pub async fn a_leased_delivery_stays_leased(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    assert!(queue.redeliver(id, posted[0]).await);
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.delivered(lease, &due).await;
    bench.advance_secs(60);
    assert_eq!(bench.lease(10).await.1, vec![]);
}

/// All that failed since a moment is owed once more; what failed before stays.
pub async fn what_failed_since_is_owed_once_more(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(4).await;
    let (lease, due) = bench.lease(10).await;
    bench.give_up(lease, &due[..1]).await;
    bench.advance_secs(10);
    bench.give_up(lease, &due[1..3]).await;
    bench.advance_millis(1);
    bench.give_up(lease, &due[3..]).await;
    bench.advance_secs(5);
    let since = Timestamp::from_millis(bench.now().as_millis() - 5001);
    assert_eq!(queue.redeliver_failed(id, since).await, 3);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..]);
    assert_eq!(queue.failed(id).await.len(), 1);
    assert_eq!(queue.redeliver_failed(fresh_subscription_id(), since).await, 0);
}

/// A delivery that fails once more is listed once.
pub async fn what_fails_again_is_listed_once(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    for _ in 0..2 {
        let (lease, due) = bench.lease(10).await;
        let reason = Excerpt::new("no");
        let outcome = zaqar_model::DeliveryOutcome::GivenUp(reason, attempt(bench.now(), None));
        bench.record(lease, &due, &outcome).await;
        assert_eq!(queue.failed(id).await.len(), 1);
        assert!(queue.redeliver(id, posted[0]).await);
    }
    assert_eq!(queue.attempts(id).await.len(), 2);
}
