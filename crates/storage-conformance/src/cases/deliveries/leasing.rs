//! Deliveries taken, and how they end.

use std::collections::BTreeSet;

use zaqar_storage::{Due, LeaseRequest, SubscriptionShare};

use super::owing::delivered_ids;
use crate::bench::{MessageBench, deliveries_of};
use crate::samples::fresh_lease_id;

/// While nothing is owed, there is nothing to lease and nothing due.
pub async fn nothing_owed_is_nothing_due(bench: &MessageBench) {
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, None);
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    assert_eq!(bench.next_due().await, None);
}

/// What was posted is due at once.
pub async fn what_was_posted_is_due_at_once(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    assert!(bench.next_due().await.is_some_and(|due| due <= bench.now()));
}

/// A lease takes at most `limit` deliveries, the next one goes on behind them.
pub async fn a_lease_takes_at_most_so_many(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(5).await;
    assert_eq!(delivered_ids(&bench.lease(2).await.1), posted[..2]);
    assert_eq!(delivered_ids(&bench.lease(2).await.1), posted[2..4]);
    assert_eq!(delivered_ids(&bench.lease(2).await.1), posted[4..]);
    assert_eq!(bench.lease(2).await.1, vec![]);
}

/// A lease has its deliveries alone until its time has passed; then, unless recorded, they are due again.
pub async fn a_lease_has_its_deliveries_alone_until_it_ends(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    bench.lease(10).await;
    let until = bench.now().plus_secs(60);
    assert_eq!(bench.next_due().await, Some(until));
    bench.advance_millis(59_999);
    assert_eq!(bench.lease(10).await.1, vec![]);
    bench.advance_millis(1);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// Concurrent leases never share a delivery.
pub async fn concurrent_leases_never_share_a_delivery(bench: &MessageBench) {
    let queue = bench.queue();
    for number in 0..4 {
        queue.subscribe(&format!("mailto:{number}@example.org")).await;
    }
    queue.fill(25).await;
    let leasing: Vec<_> = (0..8)
        .map(|_| {
            let (store, now) = (bench.store(), bench.now());
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let (deliveries, share) = (deliveries_of(&*store), SubscriptionShare::each(100));
                    let Due::Now(due) = deliveries.due(share, 3, now).await.unwrap() else { return taken };
                    let subscriptions = due.into_iter().map(|key| (key, 1)).collect();
                    let (id, until) = (fresh_lease_id(), now.plus_secs(60));
                    let request = LeaseRequest { id, until, share, subscriptions, is_repeated: false };
                    let due = deliveries.lease(&request, now).await.unwrap().deliveries;
                    taken.extend(due.iter().map(|delivery| (delivery.subscription.id, delivery.position)));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for lease in leasing {
        taken.extend(lease.await.unwrap());
    }
    assert_eq!(taken.len(), 100, "each is taken, once");
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 100);
}

/// What was delivered is done.
pub async fn what_was_delivered_is_done(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    let (lease, due) = bench.lease(10).await;
    bench.delivered(lease, &due[..2]).await;
    bench.advance_secs(60);
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted[2..]);
    bench.delivered(lease, &due).await;
    bench.advance_secs(60);
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, None);
    assert_eq!(queue.all().await, posted, "its consumers still have it");
}

/// Outcomes may come in another order than the deliveries.
pub async fn outcomes_may_come_in_any_order(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(4).await;
    let (lease, due) = bench.lease(10).await;
    for at in [2, 0, 3] {
        bench.delivered(lease, &due[at..=at]).await;
    }
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[1..2]);
}

/// A delivery that failed for good is done.
pub async fn what_failed_for_good_is_done(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    bench.give_up(lease, &due).await;
    bench.advance_secs(60);
    assert_eq!(bench.lease(10).await.1, vec![]);
    assert_eq!(bench.next_due().await, None);
}

/// A delivery that is to be tried again is due at its time, and counts its attempts.
pub async fn a_retry_is_due_at_its_time(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    for attempts in 0..4 {
        let (lease, due) = bench.lease(10).await;
        assert_eq!(delivered_ids(&due), posted);
        assert_eq!(due[0].attempts, attempts);
        let again = bench.now().plus_secs(100);
        bench.retry(lease, &due, again).await;
        assert_eq!(bench.next_due().await, Some(again));
        bench.advance_millis(99_999);
        assert_eq!(bench.lease(10).await.1, vec![]);
        bench.advance_millis(1);
    }
}

/// A delivery that fails does not hold up those behind it.
pub async fn a_retry_does_not_hold_up_the_next(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(3).await;
    let (lease, due) = bench.lease(1).await;
    bench.retry(lease, &due, bench.now().plus_secs(100)).await;
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted[1..]);
    bench.delivered(lease, &due).await;
    bench.advance_secs(100);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[..1]);
}

/// A subscription that fails does not hold up another.
pub async fn subscriptions_do_not_hold_up_each_other(bench: &MessageBench) {
    let queue = bench.queue();
    let failing = queue.subscribe("mailto:a@example.org").await;
    let other = queue.subscribe("mailto:b@example.org").await;
    queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    let (failed, done): (Vec<_>, Vec<_>) =
        due.into_iter().partition(|delivery| delivery.subscription.id == failing);
    bench.retry(lease, &failed, bench.now().plus_secs(100)).await;
    bench.delivered(lease, &done).await;
    let posted = queue.fill(1).await;
    let (_, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), [posted[0], posted[0]]);
    assert!(due.iter().any(|delivery| delivery.subscription.id == other));
}

/// A delivery that was due before its message expired, and that nobody has leased since, is owed as expired.
pub async fn a_retry_outlasts_its_message(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.post(vec![crate::samples::lasting(60)]).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now().plus_secs(50)).await;
    bench.advance_secs(60);
    let (lease, due) = bench.lease(10).await;
    assert_eq!(delivered_ids(&due), posted);
    assert_eq!(due[0].message.expires, bench.now());
    bench.expired(lease, &due).await;
    assert_eq!(bench.next_due().await, None);
}

/// What another lease has taken over meanwhile is passed over.
pub async fn a_lease_that_was_taken_over_records_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    let (late, due) = bench.lease(10).await;
    bench.advance_secs(60);
    let (_, taken_over) = bench.lease(10).await;
    assert_eq!(delivered_ids(&taken_over), posted);
    bench.delivered(late, &due).await;
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted, "still owed");
}

/// What no other lease has taken over is recorded, also after the lease has ended.
pub async fn a_late_record_counts_if_no_other_took_over(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let (late, due) = bench.lease(10).await;
    bench.advance_secs(60);
    bench.delivered(late, &due).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
}

/// A record of a lease that never was does nothing.
pub async fn an_unknown_lease_records_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    let (_, due) = bench.lease(10).await;
    bench.delivered(fresh_lease_id(), &due).await;
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// A record about a subscription that was ended meanwhile does nothing.
pub async fn a_record_for_an_ended_subscription_does_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    queue.unsubscribe(id).await;
    bench.retry(lease, &due, bench.now()).await;
    assert_eq!(bench.lease(10).await.1, vec![]);
}
