//! Leases and records that are made again, as after an answer that was lost.

use zaqar_storage::{LeaseRequest, SubscriptionShare};

use super::owing::delivered_ids;
use crate::bench::MessageBench;

/// A lease that is asked for again returns what it took the first time, and takes nothing more.
pub async fn a_lease_is_made_once(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(4).await;
    let (lease, due) = bench.lease(1).await;
    bench.retry(lease, &due, bench.now()).await;
    let request = bench.lease_request(3, SubscriptionShare::each(10)).await;
    let first = bench.lease_as(&request).await;
    assert_eq!(delivered_ids(&first), posted[1..]);
    let again = LeaseRequest { is_repeated: true, ..request };
    assert_eq!(bench.lease_as(&again).await, first);
    bench.delivered(again.id, &first[..1]).await;
    assert_eq!(bench.lease_as(&again).await, first[1..]);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted[..1]);
}

/// A record that is made again records nothing twice.
pub async fn a_record_may_be_repeated(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    queue.fill(1).await;
    let (lease, due) = bench.lease(10).await;
    for _ in 0..2 {
        bench.retry(lease, &due, bench.now().plus_secs(10)).await;
    }
    assert_eq!(queue.attempts(id).await.len(), 1);
    bench.advance_secs(10);
    assert_eq!(bench.lease(10).await.1[0].attempts, 1);
}

/// A lease takes nothing for subscriptions that are not asked for, or are gone.
pub async fn a_lease_takes_what_it_is_asked_for(bench: &MessageBench) {
    let queue = bench.queue();
    let (one, other) =
        (queue.subscribe("mailto:a@example.org").await, queue.subscribe("mailto:b@example.org").await);
    queue.fill(3).await;
    let mut request = bench.lease_request(10, SubscriptionShare::each(10)).await;
    assert_eq!(request.subscriptions.len(), 2);
    request.subscriptions.retain(|(key, _)| key.id == one);
    request.subscriptions[0].1 = 2;
    let due = bench.lease_as(&request).await;
    assert_eq!(due.iter().map(|own| own.subscription.id).collect::<Vec<_>>(), [one, one]);
    let mut request = bench.lease_request(10, SubscriptionShare::each(10)).await;
    request.subscriptions.retain(|(key, _)| key.id == other);
    queue.unsubscribe(other).await;
    assert_eq!(bench.lease_as(&request).await, vec![]);
}
