//! How much is leased, and of whom.

use std::collections::BTreeSet;

use zaqar_storage::{LeaseRequest, SubscriptionShare};

use super::owing::delivered_ids;
use crate::bench::MessageBench;

const TWO: SubscriptionShare = SubscriptionShare::each(2);

/// Of one subscription no more than its limit is under live leases, however often one leases.
pub async fn a_subscription_has_at_most_so_many_under_lease(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.subscribe("mailto:b@example.org").await;
    let posted = queue.fill(5).await;
    let (_, due) = bench.lease_within(10, TWO).await;
    assert_eq!(due.len(), 4);
    assert!(due.iter().all(|delivery| posted[..2].contains(&delivery.message.message.id)));
    assert_eq!(bench.lease_within(10, TWO).await.1, vec![]);
}

/// A delivery that is recorded makes room for another, whatever its outcome was.
pub async fn a_record_makes_room_for_another(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(5).await;
    let (lease, due) = bench.lease_within(10, TWO).await;
    bench.delivered(lease, &due[1..]).await;
    let (next_lease, next) = bench.lease_within(10, TWO).await;
    assert_eq!(delivered_ids(&next), posted[2..3]);
    bench.retry(lease, &due[..1], bench.now().plus_secs(100)).await;
    bench.postpone(next_lease, &next, bench.now().plus_secs(100)).await;
    assert_eq!(delivered_ids(&bench.lease_within(10, TWO).await.1), posted[3..]);
}

/// A lease that has ended makes room.
pub async fn an_ended_lease_makes_room(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(5).await;
    bench.lease_within(10, TWO).await;
    bench.advance_secs(60);
    assert_eq!(delivered_ids(&bench.lease_within(10, TWO).await.1), posted[..2], "in the order of posting");
}

/// While a subscription has its limit under lease, the next is due when one of these leases ends.
pub async fn what_is_due_next_knows_the_limit(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    queue.fill(3).await;
    bench.lease_within(1, TWO).await;
    let first_ends = bench.now().plus_secs(60);
    bench.advance_secs(10);
    assert!(bench.next_due_within(TWO).await.is_some_and(|due| due <= bench.now()));
    bench.lease_within(10, TWO).await;
    assert_eq!(bench.next_due_within(TWO).await, Some(first_ends));
    assert!(bench.next_due_within(SubscriptionShare::each(3)).await.is_some_and(|due| due <= bench.now()));
}

/// A lease serves many subscriptions a little, not one of them alone.
pub async fn subscriptions_take_turns(bench: &MessageBench) {
    let (queue, other) = (bench.queue(), bench.queue());
    for number in 0..5 {
        queue.subscribe(&format!("mailto:{number}@example.org")).await;
        other.subscribe(&format!("mailto:{number}@example.org")).await;
    }
    queue.fill(20).await;
    other.fill(1).await;
    let mut served = BTreeSet::new();
    for _ in 0..5 {
        let (_, due) = bench.lease(2).await;
        served.extend(due.iter().map(|delivery| delivery.subscription.id));
    }
    assert_eq!(served.len(), 10, "ten deliveries, one for each");
}

/// A healthy subscription is served at once among many that are dead: what they hold does not count, and their backlog
/// does not come first.
pub async fn dead_subscriptions_do_not_delay_a_healthy_one(bench: &MessageBench) {
    let (dead, alive) = (bench.queue(), bench.queue());
    for number in 0..50 {
        dead.subscribe(&format!("mailto:{number}@example.org")).await;
    }
    dead.fill(20).await;
    while !bench.lease_within(10, TWO).await.1.is_empty() {}
    let healthy = alive.subscribe("mailto:a@example.org").await;
    for _ in 0..5 {
        let posted = alive.fill(1).await;
        let (lease, due) = bench.lease_within(10, TWO).await;
        assert_eq!(delivered_ids(&due), posted);
        assert_eq!(due[0].subscription.id, healthy);
        bench.delivered(lease, &due).await;
    }
}

/// A lease that would have ended already takes nothing.
pub async fn a_lease_without_time_takes_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    let request = bench.lease_request(10, TWO).await;
    let ended = LeaseRequest { until: bench.now(), ..request };
    assert_eq!(bench.lease_as(&ended).await, vec![]);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// What is tried again has a limit for itself: however much of it is under way or due, it takes no turn of what has not
/// been tried, which comes first.
pub async fn retries_take_no_turn_of_first_attempts(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let tried = queue.fill(5).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now()).await;
    let new = queue.fill(3).await;
    let share = SubscriptionShare { first_attempts: 2, retries: 1 };
    let (lease, due) = bench.lease_within(10, share).await;
    assert_eq!(delivered_ids(&due), [&new[..2], &tried[..1]].concat());
    assert_eq!(bench.lease_within(10, share).await.1, vec![]);
    bench.delivered(lease, &due[1..2]).await;
    assert!(bench.next_due_within(share).await.is_some_and(|due| due <= bench.now()));
    assert_eq!(delivered_ids(&bench.lease_within(10, share).await.1), new[2..]);
    bench.delivered(lease, &due[2..]).await;
    assert_eq!(delivered_ids(&bench.lease_within(10, share).await.1), tried[1..2]);
}

/// Where a lease takes less than is due, first attempts come first.
pub async fn a_lease_takes_first_attempts_first(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let tried = queue.fill(2).await;
    let (lease, due) = bench.lease(10).await;
    bench.retry(lease, &due, bench.now()).await;
    let new = queue.fill(2).await;
    assert_eq!(delivered_ids(&bench.lease(3).await.1), [&new[..], &tried[..1]].concat());
}
