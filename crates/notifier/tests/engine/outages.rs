//! A store that fails for a while under the engine, and comes back.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use zaqar_model::{AttemptEnd, Clock, SubscriptionId, SystemClock};
use zaqar_notifier::{
    AddressGuard, EngineOptions, HttpClient, HttpOptions, Sender, Senders, SystemNames, WebhookSender,
};
use zaqar_storage_conformance::ManualClock;
use zaqar_storage_embedded::{DataDirectory, EmbeddedMessageStore, Options};
use zaqar_storage_faulty::{Fault, FlakyStore};

use crate::receiver::Receiver;
use crate::site::{Site, ends};

/// An engine with real webhooks, over a store on disk that can be told to falter.
struct Scene {
    site: Site,
    store: Arc<FlakyStore>,
    receiver: Receiver,
    _directory: TempDir,
}

impl Scene {
    async fn new(clock: Arc<dyn Clock>, options: EngineOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDirectory::lock(directory.path()).unwrap();
        let small = Options { segment_size: 2 << 20, ..Options::default() };
        let store = Arc::new(EmbeddedMessageStore::open_in(Arc::new(data), small).unwrap());
        let store = Arc::new(FlakyStore::over(store));
        let http = HttpOptions {
            guard: AddressGuard { loopback: true, ..AddressGuard::default() },
            connect_timeout: Duration::from_secs(20),
            answer_timeout: Duration::from_secs(20),
            body_timeout: Duration::from_secs(20),
        };
        let http = HttpClient::new(&http, Arc::new(SystemNames::default())).unwrap();
        let sender: Arc<dyn Sender> = Arc::new(WebhookSender::new(http, Arc::clone(&clock)));
        let senders = Senders::default().with(&["http"], &sender);
        let site = Site::start(Arc::<FlakyStore>::clone(&store), clock, senders, options);
        Self { site, store, receiver: Receiver::start().await, _directory: directory }
    }

    async fn subscribe(&self, path: &str) -> SubscriptionId {
        self.site.subscribe(&self.receiver.url(path), json!({})).await
    }

    async fn wait_for_record(&self, subscription: SubscriptionId, count: usize) {
        while self.site.attempts(subscription).await.len() < count {
            tokio::task::yield_now().await;
        }
    }
}

const SEEN: (&str, bool) = ("seen", true);
/// In seconds, and shorter than messages live.
const LONGER_THAN_A_LEASE: u64 = 600;

#[tokio::test]
async fn what_cannot_be_leased_is_delivered_once_in_order_when_the_store_is_back() {
    let mut scene = Scene::new(Arc::new(SystemClock), EngineOptions::default()).await;
    scene.store.fail_at("lease", Fault::NotDone);
    let subscription = scene.subscribe("/a").await;
    scene.site.post(&["1", "2"]).await;
    scene.site.post(&["3"]).await;
    scene.store.wait_for_failures("lease", 2).await;
    assert_eq!(scene.receiver.received(), []);
    scene.store.recover();
    scene.receiver.wait_for(3).await;
    // The same when it cannot be found out whether more is owed.
    scene.store.fail_at("due", Fault::NotDone);
    scene.site.post(&["4"]).await;
    scene.store.wait_for_failures("due", 1).await;
    scene.site.post(&["5"]).await;
    scene.store.recover();
    scene.receiver.wait_for(5).await;
    scene.site.stop().await;
    assert_eq!(scene.receiver.bodies("/a"), ["1", "2", "3", "4", "5"]);
    assert_eq!(ends(&scene.site.attempts(subscription).await), [SEEN; 5]);
}

#[tokio::test]
async fn while_nobody_tells_what_is_owed_the_engine_looks_for_itself() {
    let mut scene = Scene::new(Arc::new(SystemClock), EngineOptions::default()).await;
    let subscription = scene.subscribe("/a").await;
    scene.store.fail_at("wait_for_due", Fault::NotDone);
    for number in ["1", "2", "3"] {
        scene.site.post(&[number]).await;
        scene.receiver.wait_for(number.parse().unwrap()).await;
    }
    scene.store.wait_for_failures("wait_for_due", 1).await;
    scene.store.recover();
    scene.site.post(&["4"]).await;
    scene.receiver.wait_for(4).await;
    scene.site.stop().await;
    assert_eq!(scene.receiver.bodies("/a"), ["1", "2", "3", "4"]);
    assert_eq!(ends(&scene.site.attempts(subscription).await), [SEEN; 4]);
}

#[tokio::test]
async fn while_nothing_can_be_recorded_no_more_is_made_than_there_is_room_for() {
    const ROOM: usize = 16;
    let options = EngineOptions { waiting: ROOM, ..EngineOptions::default() };
    let mut scene = Scene::new(Arc::new(SystemClock), options).await;
    let paths = ["/a", "/b", "/c", "/d"];
    let mut subscriptions = Vec::new();
    for path in paths {
        subscriptions.push(scene.subscribe(path).await);
    }
    // New endpoints get a part of the room only.
    scene.site.post(&["0"]).await;
    for subscription in &subscriptions {
        scene.wait_for_record(*subscription, 1).await;
    }
    scene.store.fail_at("record", Fault::NotDone);
    let bodies: Vec<String> = (1..=20).map(|number| number.to_string()).collect();
    scene.site.post(&bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    scene.store.wait_for_failures("record", 8).await;
    let made = scene.receiver.received().len() - paths.len();
    assert!((1..=ROOM).contains(&made), "{made} deliveries, of which none is on record");

    scene.store.recover();
    scene.receiver.wait_for(paths.len() * 21).await;
    scene.site.stop().await;
    let posted: Vec<String> = (0..=20).map(|number| number.to_string()).collect();
    for (path, subscription) in paths.iter().zip(subscriptions) {
        assert_eq!(scene.receiver.bodies(path), posted, "{path}");
        assert_eq!(ends(&scene.site.attempts(subscription).await), [SEEN; 21], "{path}");
    }
}

#[tokio::test]
async fn what_was_recorded_although_the_store_said_it_was_not_is_on_record_once() {
    let mut scene = Scene::new(Arc::new(SystemClock), EngineOptions::default()).await;
    let subscription = scene.subscribe("/a").await;
    scene.store.fail_at("record", Fault::AnswerLost);
    scene.site.post(&["1", "2"]).await;
    scene.receiver.wait_for(2).await;
    scene.store.wait_for_failures("record", 3).await;
    scene.store.recover();
    scene.site.post(&["3"]).await;
    scene.receiver.wait_for(3).await;
    scene.site.stop().await;
    assert_eq!(scene.receiver.bodies("/a"), ["1", "2", "3"]);
    assert_eq!(ends(&scene.site.attempts(subscription).await), [SEEN; 3]);
}

#[tokio::test]
async fn what_cannot_be_recorded_until_its_lease_ends_is_made_once_more() {
    let clock = Arc::new(ManualClock::new());
    let mut scene = Scene::new(Arc::<ManualClock>::clone(&clock), EngineOptions::default()).await;
    let subscription = scene.subscribe("/a").await;
    scene.store.fail_at("record", Fault::NotDone);
    scene.site.post(&["1"]).await;
    scene.receiver.wait_for(1).await;
    scene.store.wait_for_failures("record", 1).await;
    clock.advance_secs(LONGER_THAN_A_LEASE);
    // The engine looks when something is posted.
    scene.site.post(&["2"]).await;
    scene.receiver.wait_for(3).await;
    scene.store.recover();
    scene.site.stop().await;
    assert_eq!(scene.receiver.bodies("/a"), ["1", "1", "2"]);
    let attempts = scene.site.attempts(subscription).await;
    assert_eq!(attempts[0].end, AttemptEnd::Unknown);
    assert_eq!(ends(&attempts[1..]), [SEEN; 2]);
}

#[tokio::test]
async fn what_was_leased_by_an_answer_that_was_lost_is_delivered_when_that_lease_has_ended() {
    let clock = Arc::new(ManualClock::new());
    let mut scene = Scene::new(Arc::<ManualClock>::clone(&clock), EngineOptions::default()).await;
    let subscription = scene.subscribe("/a").await;
    scene.store.fail_at("lease", Fault::AnswerLost);
    scene.site.post(&["1"]).await;
    scene.store.wait_for_failures("lease", 1).await;
    clock.advance_secs(LONGER_THAN_A_LEASE);
    scene.store.wait_for_failures("lease", 3).await;
    scene.store.recover();
    scene.site.post(&["2"]).await;
    scene.receiver.wait_for(2).await;
    scene.site.stop().await;
    assert_eq!(scene.receiver.bodies("/a"), ["1", "2"]);
    let attempts = scene.site.attempts(subscription).await;
    assert_eq!(attempts[0].end, AttemptEnd::Unknown);
    assert_eq!(ends(&attempts[1..]), [SEEN; 2]);
}

#[tokio::test]
async fn what_was_leased_by_an_answer_that_was_lost_is_delivered_once_when_the_store_answers() {
    // The lease does not end.
    let clock = Arc::new(ManualClock::new());
    let options = EngineOptions { waiting: 2, ..EngineOptions::default() };
    let mut scene = Scene::new(clock, options).await;
    let subscription = scene.subscribe("/a").await;
    scene.store.fail_at("lease", Fault::AnswerLost);
    scene.site.post(&["1", "2", "3"]).await;
    scene.store.wait_for_failures("lease", 2).await;
    // Nor can it be asked for a while.
    scene.store.fail_at("lease", Fault::NotDone);
    let failures = scene.store.calls("lease");
    scene.store.wait_for_failures("lease", failures + 2).await;
    scene.store.recover();
    scene.site.post(&["4"]).await;
    scene.receiver.wait_for(4).await;
    scene.site.stop().await;
    assert_eq!(scene.receiver.bodies("/a"), ["1", "2", "3", "4"]);
    assert_eq!(ends(&scene.site.attempts(subscription).await), [SEEN; 4]);
}
