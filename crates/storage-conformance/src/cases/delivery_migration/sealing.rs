//! What is owed in a queue that lives in another store.

use zaqar_model::{AttemptFilter, PageRequest, Paused};
use zaqar_storage::{
    Due, ImportStep, LeaseRequest, Redelivery, StorageError, SubscriptionChange, SubscriptionKey,
    SubscriptionShare,
};

use crate::bench::{MessageBench, TestQueue, deliveries_of, subscriptions_of};
use crate::cases::deliveries::owing::delivered_ids;
use crate::cases::migration::sealing::assert_all_moved;
use crate::samples::{attempt, confirmation, fresh_lease_id};

/// Every call about subscriptions and deliveries of a queue, by its name, with its failure.
async fn every_call(
    queue: &TestQueue,
    id: zaqar_model::SubscriptionId,
) -> Vec<(&'static str, Option<StorageError>)> {
    let (store, at, now) = (queue.store(), &queue.destination, queue.now());
    let (subscriptions, deliveries) = (subscriptions_of(&*store), deliveries_of(&*store));
    let (change, filter) = (SubscriptionChange::default(), AttemptFilter::default());
    let which = Redelivery::FailedSince(now);
    let new = queue.subscription("mailto:new@example.org");
    let page = PageRequest { marker: None, limit: 10 };
    vec![
        ("subscribe", subscriptions.subscribe(new, now).await.err()),
        ("get_subscription", subscriptions.get_subscription(at, id, now).await.err()),
        ("find_subscriber", subscriptions.find_subscriber(at, "mailto:a@example.org", now).await.err()),
        ("list_subscriptions", subscriptions.list_subscriptions(at, &page, now).await.err()),
        ("update_subscription", subscriptions.update_subscription(at, id, change, now).await.err()),
        ("unsubscribe", subscriptions.unsubscribe(at, id).await.err()),
        ("record_confirmation", deliveries.record_confirmation(at, id, confirmation(now), now).await.err()),
        ("pause", deliveries.pause(at, id, Paused::All, now).await.err()),
        ("redeliver", deliveries.redeliver(at, id, which, now).await.err()),
        ("failed", deliveries.failed(at, id, &PageRequest { marker: None, limit: 1 }, now).await.err()),
        (
            "attempts",
            deliveries.attempts(at, id, &filter, &PageRequest { marker: None, limit: 1 }, now).await.err(),
        ),
    ]
}

/// A queue that lives elsewhere refuses every call about its subscriptions and deliveries, too.
pub async fn what_lives_elsewhere_refuses_every_call(bench: &MessageBench) {
    let queue = bench.queue();
    let id = queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(2).await;
    let mut mover = queue.begin_export().await;
    let mut items = mover.rest().await;
    mover.seal().await;
    items.extend(mover.rest().await);
    assert_all_moved(&every_call(&queue, id).await);
    mover.leave().await;
    assert_all_moved(&every_call(&queue, id).await);
    let arriving = queue.mover();
    arriving.import(ImportStep::Begin, &items).await;
    assert_all_moved(&every_call(&queue, id).await);
    arriving.import(ImportStep::End, &[]).await;
    assert_all_moved(&every_call(&queue, id).await);
    arriving.open().await;
    assert_eq!(queue.subscriptions().await, [id]);
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}

/// A lease that names a queue that lives elsewhere takes nothing of it, and takes what it names besides; nobody is told that
/// something is due there.
pub async fn a_lease_passes_it_over(bench: &MessageBench) {
    let (queue, other) = (bench.queue(), bench.queue());
    let mut keys = Vec::new();
    for queue in [&queue, &other] {
        let id = queue.subscribe("mailto:a@example.org").await;
        keys.push((SubscriptionKey { source: queue.destination.clone(), id }, 10));
        queue.fill(1).await;
    }
    let due = async || {
        deliveries_of(&*bench.store()).due(SubscriptionShare::each(10), 10, bench.now()).await.unwrap()
    };
    let lease = async || {
        let (id, until, share) = (fresh_lease_id(), bench.now().plus_secs(60), SubscriptionShare::each(10));
        let request = LeaseRequest { id, until, share, subscriptions: keys.clone(), is_repeated: false };
        (id, bench.lease_as(&request).await)
    };
    let mut mover = queue.begin_export().await;
    let mut items = mover.rest().await;
    mover.seal().await;
    items.extend(mover.rest().await);
    assert_eq!(due().await, Due::Now(vec![keys[1].0.clone()]));
    let (id, leased) = lease().await;
    assert_eq!(leased.len(), 1);
    assert_eq!(leased[0].subscription.id, keys[1].0.id);
    bench.delivered(id, &leased).await;
    assert_eq!(due().await, Due::Nothing);
    mover.leave().await;
    let arriving = queue.mover();
    arriving.import(ImportStep::Begin, &items).await;
    arriving.import(ImportStep::End, &[]).await;
    bench.store().expire(bench.now()).await.unwrap();
    assert_eq!(due().await, Due::Nothing);
    assert_eq!(lease().await.1, vec![]);
    arriving.open().await;
    assert_eq!(due().await, Due::Now(vec![keys[0].0.clone()]));
    assert_eq!(lease().await.1.len(), 1);
}

/// When an engine reports on several queues of which one lives elsewhere, the others are recorded; the one is recorded where
/// it lives.
pub async fn the_others_are_recorded(bench: &MessageBench) {
    let queues = [bench.queue(), bench.queue(), bench.queue()];
    let mut ids = Vec::new();
    for queue in &queues {
        ids.push(queue.subscribe("mailto:a@example.org").await);
        queue.fill(1).await;
    }
    let (lease, due) = bench.lease(10).await;
    assert_eq!(due.len(), 3);
    let items = queues[1].leave().await;
    let outcome = zaqar_model::DeliveryOutcome::Delivered(attempt(bench.now(), Some(200)));
    let reports: Vec<_> = due.iter().map(|delivery| delivery.report(outcome.clone())).collect();
    let store = bench.store();
    let recorded = deliveries_of(&*store).record(lease, &reports, bench.now()).await;
    assert!(matches!(recorded, Err(StorageError::Moved)), "{recorded:?}");
    assert_eq!(queues[0].attempts(ids[0]).await.len(), 1);
    assert_eq!(queues[2].attempts(ids[2]).await.len(), 1);
    queues[1].mover().arrive(&items).await;
    deliveries_of(&*store).record(lease, &reports, bench.now()).await.unwrap();
    for (queue, id) in queues.iter().zip(ids) {
        assert_eq!(queue.attempts(id).await.len(), 1);
    }
    bench.advance_secs(60);
    assert_eq!(bench.lease(10).await.1, vec![]);
}

/// What is owed is due where an abandoned queue stays in use.
pub async fn abandoning_lets_it_be_due_again(bench: &MessageBench) {
    let queue = bench.queue();
    queue.subscribe("mailto:a@example.org").await;
    let posted = queue.fill(1).await;
    let mover = queue.begin_export().await;
    mover.seal().await;
    assert_eq!(bench.lease(10).await.1, vec![]);
    mover.abandon().await;
    assert_eq!(delivered_ids(&bench.lease(10).await.1), posted);
}
