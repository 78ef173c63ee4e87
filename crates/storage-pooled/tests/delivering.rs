//! What is owed in several pools, and on the way from one to another.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use support::{Site, move_to};
use zaqar_model::{
    AttemptEnd, AttemptFilter, Clock, Delivery, DeliveryOutcome, Destination, DestinationKind, Excerpt,
    ExportedCursor, ExportedItem, ExportedMessage, HeldBack, LeaseId, Marker, Metadata, MoveId, PageRequest,
    Pool, ProjectId, QueueName, Subscription, SubscriptionId, SubscriptionTtl,
};
use zaqar_storage::{
    Deliveries, Due, ImportStep, LeaseRequest, ManagementStore, MessageStore, Migration, Placement,
    Redelivery, SubscriptionShare, Subscriptions,
};
use zaqar_storage_conformance::samples::{attempt, fresh_subscription_id, messages, poster, stored_message};
use zaqar_storage_conformance::{LeaseDue, PopMessages, PostMessages, ReferenceStore, RegisterPools};
use zaqar_storage_faulty::{Fault, FlakyStore};
use zaqar_storage_pooled::PooledMessageStore;

/// A pooled store, with a pool of each of these flavors, named as they are.
struct Bench {
    site: Site,
    management: Arc<dyn ManagementStore>,
    store: PooledMessageStore,
}

impl Bench {
    async fn new(flavors: &[&str], virtual_pool: Option<Arc<dyn MessageStore>>) -> Self {
        let site = Site::new();
        let management = site.management();
        for name in flavors {
            management.register_pool(site.pool(name, Some(name))).await;
        }
        let store = site.open_with(&management, virtual_pool);
        Self { site, management, store }
    }

    async fn queue(&self, name: &str, in_pool: Option<&str>) -> Destination {
        let (project, name) = (ProjectId::new("p").unwrap(), QueueName::new(name).unwrap());
        let kind = DestinationKind::Queue;
        let created = self.management.create(kind, &project, &name, Metadata::default()).await;
        let queue = created.unwrap().into_queue().destination.clone();
        if let Some(name) = in_pool {
            move_to(&self.store, &queue, name).await;
        }
        queue
    }

    async fn subscribe(&self, queue: &Destination, subscriber: &str) -> SubscriptionId {
        let subscription = Subscription {
            id: fresh_subscription_id(),
            source: queue.clone(),
            subscriber: subscriber.to_owned(),
            ttl: SubscriptionTtl::new(3600),
            renewed: self.site.clock.now(),
            options: Metadata::default(),
            confirmed: true,
            declined: false,
            notified: true,
            suspended: None,
        };
        let id = subscription.id;
        self.store.subscribe(subscription, self.site.clock.now()).await.unwrap();
        id
    }

    async fn post(&self, queue: &Destination, count: usize) {
        self.store.post_messages(queue, &poster(), messages(count), self.site.clock.now()).await.unwrap();
    }

    async fn lease(&self, total: usize) -> (LeaseId, Vec<Delivery>) {
        self.store.lease_due(total, self.site.clock.now()).await.unwrap()
    }

    async fn record(&self, lease: LeaseId, deliveries: &[Delivery], outcome: DeliveryOutcome) {
        let reports: Vec<_> = deliveries.iter().map(|delivery| delivery.report(outcome.clone())).collect();
        self.store.record(lease, &reports, self.site.clock.now()).await.unwrap();
    }
}

fn positions(deliveries: &[Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| delivery.position.get()).collect()
}

#[tokio::test]
async fn every_pool_has_its_share_of_a_lease() {
    let bench = Bench::new(&["one", "two"], None).await;
    for name in ["one", "two"] {
        let queue = bench.queue(name, Some(name)).await;
        bench.subscribe(&queue, "mailto:a@example.org").await;
        bench.post(&queue, 10).await;
    }
    let (_, leased) = bench.lease(10).await;
    let of_one = leased.iter().filter(|own| own.subscription.source.name.as_str() == "one").count();
    assert_eq!((leased.len(), of_one), (10, 5));
    assert_eq!(bench.lease(100).await.1.len(), 10, "what one pool does not need goes to the other");
}

#[tokio::test]
async fn a_pool_that_is_down_stops_nobody() {
    let bench = Bench::new(&["one"], None).await;
    let uri = "embedded:///dev/null/nowhere".to_owned();
    bench.management.register_pool(Pool { uri, ..bench.site.pool("down", Some("down")) }).await;
    let queue = bench.queue("q", Some("one")).await;
    bench.subscribe(&queue, "mailto:a@example.org").await;
    bench.post(&queue, 2).await;
    bench.store.wait_for_due().await.unwrap();
    let now = bench.site.clock.now();
    let due = bench.store.due(SubscriptionShare::each(10), 10, now).await.unwrap();
    assert!(matches!(due, Due::Now(_)), "{due:?}");
    let (lease, leased) = bench.lease(10).await;
    assert_eq!(leased.len(), 2);
    bench.record(lease, &leased, DeliveryOutcome::Delivered(attempt(now, Some(200)))).await;
    assert_eq!(bench.store.due(SubscriptionShare::each(10), 10, now).await.unwrap(), Due::Nothing);
}

#[tokio::test]
async fn what_is_owed_goes_from_one_driver_to_another_and_back() {
    let bench = Bench::new(&["one"], Some(Arc::new(ReferenceStore::new()))).await;
    let queue = bench.queue("q", None).await;
    let id = bench.subscribe(&queue, "mailto:a@example.org").await;
    bench.post(&queue, 4).await;
    let now = bench.site.clock.now();
    let (lease, leased) = bench.lease(3).await;
    bench.record(lease, &leased[..1], DeliveryOutcome::Delivered(attempt(now, Some(200)))).await;
    let failed = DeliveryOutcome::GivenUp(Excerpt::new("410 Gone"), attempt(now, Some(410)));
    bench.record(lease, &leased[1..2], failed).await;
    bench.store.pop_messages(&queue, 10, now).await.unwrap();

    move_to(&bench.store, &queue, "one").await;
    let page = PageRequest { marker: None, limit: 10 };
    assert_eq!(bench.store.failed(&queue, id, &page, now).await.unwrap().items[0].position, Marker::new(2));
    let page = PageRequest { marker: None, limit: 10 };
    let attempts =
        bench.store.attempts(&queue, id, &AttemptFilter::default(), &page, now).await.unwrap().items;
    let ends: Vec<_> = attempts.iter().map(|kept| kept.end).collect();
    assert_eq!(ends, [AttemptEnd::GivenUp, AttemptEnd::Delivered]);
    assert_eq!(positions(&bench.lease(10).await.1), [4], "the lease holds on");
    let again = DeliveryOutcome::RetryAt(now, attempt(now, Some(503)));
    bench.record(lease, &leased[2..], again).await;

    bench.store.place(&queue, None).await.unwrap();
    bench.store.moves_are_over().await;
    let (_, leased) = bench.lease(10).await;
    assert_eq!((positions(&leased), leased[0].attempts), (vec![3], 1));
    assert_eq!(bench.store.redeliver(&queue, id, Redelivery::FailedSince(now), now).await.unwrap(), 1);
    assert_eq!(positions(&bench.lease(10).await.1), [2]);
}

#[tokio::test]
async fn nothing_is_leased_from_what_a_move_has_left_behind() {
    let own = Arc::new(ReferenceStore::new());
    let bench = Bench::new(&["one"], Some(own.clone())).await;
    let queue = bench.queue("q", Some("one")).await;
    let id = bench.subscribe(&queue, "mailto:a@example.org").await;
    bench.post(&queue, 3).await;
    let now = bench.site.clock.now();
    // As if the server had been killed during a move.
    let subscription = bench.store.get_subscription(&queue, id, now).await.unwrap().unwrap();
    let (position, stored) = (Marker::new(1), stored_message(now));
    let moving =
        ExportedMessage { position, stored, hold: None, exhausted: false, posted: true, kept: false };
    let cursor =
        ExportedCursor { subscription: id, front: Marker::default(), held_back: HeldBack::default() };
    let items = [
        ExportedItem::Subscription(subscription),
        ExportedItem::Message(moving),
        ExportedItem::Cursor(cursor),
    ];
    own.import(&queue, MoveId::from_u128(u128::MAX), ImportStep::Begin, &items, now).await.unwrap();

    let (lease, leased) = bench.lease(10).await;
    assert_eq!(positions(&leased), [1, 2, 3]);
    bench.record(lease, &leased, DeliveryOutcome::Delivered(attempt(now, Some(200)))).await;
    let page = PageRequest { marker: None, limit: 10 };
    assert_eq!(
        bench.store.attempts(&queue, id, &AttemptFilter::default(), &page, now).await.unwrap().items.len(),
        3
    );
    assert_eq!(bench.lease(10).await.1, vec![]);
}

#[tokio::test]
async fn many_subscriptions_and_many_deliveries_move_in_pieces() {
    let bench = Bench::new(&["one", "two"], None).await;
    let (wide, deep) = (bench.queue("wide", Some("one")).await, bench.queue("deep", Some("one")).await);
    for number in 0..250 {
        bench.subscribe(&wide, &format!("mailto:{number}@example.org")).await;
    }
    let id = bench.subscribe(&deep, "mailto:a@example.org").await;
    bench.post(&wide, 2).await;
    bench.post(&deep, 450).await;
    let now = bench.site.clock.now();
    let (lease, leased) = bench.lease(1_000_000).await;
    assert_eq!(leased.len(), 500 + 450);
    bench.record(lease, &leased, DeliveryOutcome::RetryAt(now, attempt(now, None))).await;
    for queue in [&wide, &deep] {
        bench.store.pop_messages(queue, 450, now).await.unwrap();
        move_to(&bench.store, queue, "two").await;
    }
    let page = PageRequest { marker: None, limit: 1000 };
    assert_eq!(
        bench.store.attempts(&deep, id, &AttemptFilter::default(), &page, now).await.unwrap().items.len(),
        450
    );
    let (_, leased) = bench.lease(1_000_000).await;
    assert_eq!(leased.len(), 500 + 450);
    assert!(leased.iter().all(|delivery| delivery.attempts == 1));
}

#[tokio::test]
async fn a_pool_whose_answer_was_lost_holds_up_no_other_and_can_be_asked_again() {
    let far = Arc::new(FlakyStore::over(Arc::new(ReferenceStore::new())));
    let bench = Bench::new(&["near"], Some(far.clone())).await;
    let (here, there) = (bench.queue("here", Some("near")).await, bench.queue("there", None).await);
    for queue in [&here, &there] {
        bench.subscribe(queue, "mailto:a@example.org").await;
        bench.post(queue, 2).await;
    }
    let now = bench.site.clock.now();
    let request = bench.store.lease_request(10, SubscriptionShare::each(10), now).await.unwrap();
    far.fail_at("lease", Fault::AnswerLost);
    let leased = bench.store.lease(&request, now).await.unwrap();
    let sources =
        |own: &[Delivery]| own.iter().map(|one| one.subscription.source.clone()).collect::<Vec<_>>();
    assert_eq!(sources(&leased.deliveries), [here.clone(), here]);
    assert_eq!(leased.unknown.iter().map(|(key, _)| &key.source).collect::<Vec<_>>(), [&there]);

    let again = LeaseRequest { subscriptions: leased.unknown, is_repeated: true, ..request };
    far.fail_at("lease", Fault::NotDone);
    let leased = bench.store.lease(&again, now).await.unwrap();
    assert_eq!((sources(&leased.deliveries), &leased.unknown), (vec![], &again.subscriptions));
    far.recover();
    let leased = bench.store.lease(&again, now).await.unwrap();
    assert_eq!((sources(&leased.deliveries), leased.unknown), (vec![there.clone(), there], vec![]));
    assert_eq!(bench.lease(10).await.1, vec![]);
}
