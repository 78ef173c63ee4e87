//! A deep queue moves from one engine to another, while it changes: everything arrives, in pages of a bounded size.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use support::{fresh_place, fresh_valkey_place};
use zaqar_model::{
    Delivery, DeliveryOutcome, Destination, DestinationKind, Excerpt, LeaseId, MessageId, Metadata, MoveId,
    PageRequest, Subscription, SubscriptionId, SubscriptionTtl, Timestamp,
};
use zaqar_storage::{
    Deliveries, ExportCursor, ImportStep, LeaseRequest, ListStart, ListedMessage, MessageQuery, MessageStore,
    Migration, Post, StorageError, SubscriptionKey, SubscriptionShare,
};
use zaqar_storage_conformance::samples::{
    attempt, claim_of, fresh_batch_id, fresh_destination, fresh_lease_id, fresh_move_id,
    fresh_subscription_id, messages, poster,
};
use zaqar_storage_conformance::{ManualClock, MessageFixture};

/// So many messages, in posts of a hundred: more than fit into one page, or one step of anything.
const DEEP: usize = 3000;
/// So many subscriptions that nothing is ever leased of.
const IDLE: usize = 150;

/// A queue in one of the stores.
struct Site {
    store: Arc<dyn MessageStore>,
    at: Destination,
    now: Timestamp,
}

impl Site {
    async fn post(&self, count: usize) -> Vec<MessageId> {
        let mut posted = Vec::new();
        for _ in 0..count / 100 {
            let (client, messages) = (poster(), messages(100));
            let post = Post { batch: fresh_batch_id(), client: &client, messages: &messages };
            posted.extend(self.store.post(&self.at, &post, self.now).await.unwrap());
        }
        posted
    }

    fn deliveries(&self) -> &dyn Deliveries {
        self.store.deliveries().unwrap()
    }

    fn migration(&self) -> &dyn Migration {
        self.store.migration().unwrap()
    }

    async fn subscribe(&self, subscriber: &str) -> SubscriptionId {
        let id = fresh_subscription_id();
        let own = Subscription {
            id,
            source: self.at.clone(),
            subscriber: subscriber.to_owned(),
            ttl: SubscriptionTtl::new(3600),
            renewed: self.now,
            options: Metadata::default(),
            confirmed: true,
            declined: false,
            notified: true,
            suspended: None,
        };
        self.store.subscriptions().unwrap().subscribe(own, self.now).await.unwrap();
        id
    }

    async fn lease(&self, id: SubscriptionId, most: usize, now: Timestamp) -> (LeaseId, Vec<Delivery>) {
        let key = SubscriptionKey { source: self.at.clone(), id };
        let request = LeaseRequest {
            id: fresh_lease_id(),
            until: now.plus_secs(60),
            share: SubscriptionShare::each(100_000),
            subscriptions: vec![(key, most)],
            is_repeated: false,
        };
        (request.id, self.deliveries().lease(&request, now).await.unwrap().deliveries)
    }

    /// All that is owed to a subscription at a moment.
    async fn owed(&self, id: SubscriptionId, now: Timestamp) -> BTreeSet<MessageId> {
        let mut all = BTreeSet::new();
        loop {
            let (_, taken) = self.lease(id, 500, now).await;
            if taken.is_empty() {
                return all;
            }
            let before = all.len();
            all.extend(taken.iter().map(|own| own.message.message.id));
            assert_eq!(all.len(), before + taken.len(), "none is owed twice");
        }
    }

    async fn record(&self, lease: LeaseId, taken: &[Delivery], outcome: &DeliveryOutcome) {
        let reports: Vec<_> = taken.iter().map(|own| own.report(outcome.clone())).collect();
        self.deliveries().record(lease, &reports, self.now).await.unwrap();
    }

    async fn all(&self) -> Vec<ListedMessage> {
        let query = MessageQuery {
            start: ListStart::Start,
            limit: 10_000,
            max_bytes: usize::MAX,
            without_client: None,
            include_claimed: true,
            include_delayed: true,
        };
        self.store.list_full_page(&self.at, &query, self.now).await.unwrap()
    }

    /// Carries over up to a page that is caught up.
    async fn carry(&self, to: &Self, mover: MoveId, cursor: &mut ExportCursor) -> usize {
        let mut count = 0;
        loop {
            let page = self.migration().export(&self.at, mover, cursor, 10_000, self.now).await.unwrap();
            assert!(page.items.len() <= 500, "a page of {} items", page.items.len());
            to.migration().import(&to.at, mover, ImportStep::More, &page.items, to.now).await.unwrap();
            count += page.items.len();
            *cursor = page.next;
            if page.is_caught_up {
                return count;
            }
        }
    }
}

async fn moves(from: &Site, to: &Site, purges: bool) {
    let (at, now) = (&from.at, from.now);
    let busy = from.subscribe("mailto:busy@example.org").await;
    let behind = from.subscribe("mailto:behind@example.org").await;
    for number in 0..IDLE {
        from.subscribe(&format!("mailto:{number}@example.org")).await;
    }
    let mut posted = from.post(DEEP).await;
    let (client, some) = (poster(), messages(100));
    let last = Post { batch: fresh_batch_id(), client: &client, messages: &some };
    let ids_of_last = from.store.post(at, &last, now).await.unwrap();
    posted.extend(&ids_of_last);
    let (lease, taken) = from.lease(busy, DEEP, now).await;
    let early = claim_of(200);
    from.store.claim(at, &early, now).await.unwrap();

    let (mover, mut cursor) = (fresh_move_id(), ExportCursor::default());
    from.migration().begin_export(at, mover, now).await.unwrap();
    to.migration().import(at, mover, ImportStep::Begin, &[], now).await.unwrap();
    let carried = from.carry(to, mover, &mut cursor).await;
    assert!(carried > 2 * DEEP, "messages and deliveries: {carried}");
    // Behind the export, everything changes that can.
    let third = DEEP / 3;
    from.record(lease, &taken[..third], &DeliveryOutcome::Delivered(attempt(now, Some(200)))).await;
    let later = now.plus_secs(30);
    from.record(lease, &taken[third..2 * third], &DeliveryOutcome::RetryAt(later, attempt(now, None))).await;
    let gave_up = DeliveryOutcome::GivenUp(Excerpt::new("no"), attempt(now, None));
    from.record(lease, &taken[2 * third..], &gave_up).await;
    let late = claim_of(200);
    from.store.claim(at, &late, now).await.unwrap();
    posted.extend(from.post(300).await);
    if purges {
        from.store.purge(at, now).await.unwrap();
    }
    from.carry(to, mover, &mut cursor).await;
    from.migration().seal(at, mover, now).await.unwrap();
    assert!(matches!(from.store.stats(at, now).await, Err(StorageError::Moved)));
    from.carry(to, mover, &mut cursor).await;
    // To look at it once more, not as a mover does.
    to.migration().import(at, mover, ImportStep::End, &[], now).await.unwrap();
    to.migration().open(at, mover, now).await.unwrap();
    from.migration().abandon_export(at, mover, now).await.unwrap();

    assert_eq!(to.all().await, from.all().await);
    for claim in [early.id, late.id] {
        let [here, there] = [from.store.get_claim(at, claim, now), to.store.get_claim(at, claim, now)];
        assert_eq!(there.await.unwrap(), here.await.unwrap());
    }
    assert_eq!(to.store.stats(at, now).await.unwrap(), from.store.stats(at, now).await.unwrap());
    let page = PageRequest { marker: None, limit: 10_000 };
    let subscriptions = to.store.subscriptions().unwrap();
    assert_eq!(subscriptions.list_subscriptions(at, &page, now).await.unwrap().items.len(), IDLE + 2);
    let failed = to.deliveries().failed(at, busy, &PageRequest { marker: None, limit: 10_000 }, now).await;
    assert_eq!(failed.unwrap().items.len(), third);
    let (all, marker) = (zaqar_model::AttemptFilter::default(), None);
    let page = PageRequest { marker, limit: 10_000 };
    let attempts = to.deliveries().attempts(at, busy, &all, &page, now).await.unwrap().items;
    assert_eq!(attempts, from.deliveries().attempts(at, busy, &all, &page, now).await.unwrap().items);
    assert_eq!(attempts.len(), 1000);
    assert_eq!(to.owed(behind, now).await, posted.iter().copied().collect());
    assert_eq!(to.owed(busy, now).await, posted[DEEP..].iter().copied().collect());
    let (_, retried) = to.lease(busy, DEEP, later).await;
    assert_eq!(retried.len(), third);
    assert_eq!(to.store.post(at, &last, now).await.unwrap(), ids_of_last, "a batch is known");
}

async fn a_deep_queue_moves(purges: bool) {
    let (source, target) = (fresh_place(), fresh_valkey_place());
    let (at, clock) = (fresh_destination(DestinationKind::Queue), ManualClock::new());
    let now = zaqar_model::Clock::now(&clock);
    let from = Site { store: source.open().await, at: at.clone(), now };
    let to = Site { store: target.open().await, at, now };
    moves(&from, &to, purges).await;
    from.store.close().await.unwrap();
    to.store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deep_queue_moves_to_another_engine() {
    a_deep_queue_moves(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_purged_on_the_way_stays_for_subscribers() {
    a_deep_queue_moves(true).await;
}
