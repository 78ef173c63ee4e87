//! The engine over a store, with senders that do as the test says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use zaqar_authentication::SigningKeys;
use zaqar_domain::{Draft, Limits, MessageListing, Stores, SubscriptionWish, Zaqar};
use zaqar_model::{
    AttemptEnd, Caller, ClientId, Clock, ConfirmationKind, ConfirmationRequest, DestinationName, Identity,
    JsonText, KeptAttempt, MessageId, Metadata, PageRequest, ProjectId, QueueName, RandomIds, SubscriptionId,
    SystemClock,
};
use zaqar_notifier::{
    Answer, Confirmations, Engine, EngineOptions, Notice, PublicEndpoints, Sender, Senders, Verdict,
};
use zaqar_storage::{ManagementStore, MessageStore};
use zaqar_storage_conformance::ModelStore;

/// Keeps what it is to send, and answers by the text of it (of a request to confirm, its type) and how often that has come.
struct Scripted {
    sent: Mutex<Vec<Value>>,
    more: Notify,
    script: fn(&str, usize) -> Verdict,
}

impl Scripted {
    fn new(script: fn(&str, usize) -> Verdict) -> Arc<Self> {
        Arc::new(Self { sent: Mutex::default(), more: Notify::new(), script })
    }

    async fn wait_for(&self, count: usize) -> Vec<Value> {
        loop {
            let sent = self.sent.lock().clone();
            if sent.len() >= count {
                return sent;
            }
            self.more.notified().await;
        }
    }
}

#[async_trait::async_trait]
impl Sender for Scripted {
    async fn send(&self, notice: &Notice) -> Answer {
        let document: Value = serde_json::from_slice(&notice.document).unwrap();
        let body = document.get("body").unwrap_or(&document["Message_Type"]).clone();
        let times = {
            let mut sent = self.sent.lock();
            sent.push(body.clone());
            sent.iter().filter(|sent| **sent == body).count()
        };
        self.more.notify_one();
        let verdict = (self.script)(body.as_str().unwrap(), times);
        Answer { verdict, status: Some(200), excerpt: "as told".to_owned(), retry_after: None }
    }
}

/// A service whose engine works with one sender.
struct Site {
    zaqar: Arc<Zaqar>,
    management: Arc<dyn ManagementStore>,
    store: Arc<dyn MessageStore>,
    stop: oneshot::Sender<()>,
    engine: tokio::task::JoinHandle<()>,
}

impl Site {
    fn start(sender: &Arc<Scripted>) -> Self {
        Self::start_with(sender, Limits::default(), SigningKeys::default())
    }

    /// Where subscribers must confirm.
    fn start_asking(sender: &Arc<Scripted>, key: Option<&str>) -> Self {
        let limits = Limits { require_confirmation: true, ..Limits::default() };
        Self::start_with(sender, limits, SigningKeys::new(key, Vec::new(), 86_400))
    }

    fn start_with(sender: &Arc<Scripted>, limits: Limits, keys: SigningKeys) -> Self {
        let management: Arc<dyn ManagementStore> = Arc::new(ModelStore::new());
        let store: Arc<dyn MessageStore> = Arc::new(ModelStore::new());
        let stores =
            Stores { management: Arc::clone(&management), messages: Arc::clone(&store), placement: None };
        let zaqar = Zaqar::new(stores, limits, Arc::new(SystemClock), Arc::new(RandomIds));
        let zaqar = Arc::new(zaqar);
        let sender: Arc<dyn Sender> = Arc::<Scripted>::clone(sender);
        let senders = Senders::default().with(&["http"], &sender);
        let (stop, stopping) = oneshot::channel();
        let confirmations = Confirmations::new(keys, PublicEndpoints::default());
        let engine = Engine::new(Arc::clone(&zaqar), senders, confirmations, EngineOptions::default());
        let engine = tokio::spawn(engine.run(async move { drop(stopping.await) }));
        Self { zaqar, management, store, stop, engine }
    }

    async fn subscribe(&self, subscriber: &str, options: Value) -> SubscriptionId {
        let wish = SubscriptionWish::new(json!({"subscriber": subscriber, "options": options})).unwrap();
        self.zaqar.create_subscription(&caller(), &queue(), &wish).await.unwrap()
    }

    async fn post(&self, bodies: &[&'static str]) {
        let draft = |body: &&'static str| Draft {
            ttl: None,
            delay: None,
            body: JsonText::parse(Bytes::from_static(body.as_bytes())).unwrap(),
        };
        let (caller, queue) = (caller(), queue());
        let posting = self.zaqar.begin_post(&caller, &queue).await.unwrap();
        posting.post(bodies.iter().map(draft).collect()).await.unwrap();
    }

    /// What is on record of a subscription once the engine has ended, the oldest first.
    async fn attempts(self, subscription: SubscriptionId) -> Vec<KeptAttempt> {
        drop(self.stop);
        self.engine.await.unwrap();
        on_record(&*self.management, &*self.store, subscription).await
    }

    /// The same, once it ends like this.
    async fn wait_for_attempt(
        &self,
        subscription: SubscriptionId,
        is_meant: fn(AttemptEnd) -> bool,
    ) -> Vec<KeptAttempt> {
        loop {
            let attempts = on_record(&*self.management, &*self.store, subscription).await;
            if attempts.last().is_some_and(|kept| is_meant(kept.end)) {
                return attempts;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Lets a request to confirm be tried at once, and waits until that has found nobody to ask.
    async fn try_in_vain(&self, request: MessageId) {
        let (name, project, now) = (DestinationName::confirmations(), caller().project, SystemClock.now());
        let found = self.management.find(name.kind, &project, &name.name).await.unwrap().unwrap();
        let source = &found.destination;
        let own = self.store.find_subscriber(source, ConfirmationRequest::SUBSCRIBER, now).await.unwrap();
        let own = own.unwrap().id;
        assert!(self.store.redeliver(source, own, request, now).await.unwrap());
        loop {
            let attempts = self.store.attempts_of_message(source, own, request, now).await.unwrap();
            if ends(&attempts)[0] == ("there is nothing left to confirm", true) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// The bodies of the messages in a queue, once there are some.
    async fn wait_for_messages(&self, queue: &str) -> Vec<Value> {
        let (caller, name) = (caller(), DestinationName::queue(QueueName::new(queue).unwrap()));
        let listing = MessageListing { echo: true, limit: Some(20), ..MessageListing::default() };
        loop {
            let listed = self.zaqar.list_messages(&caller, &name, &listing).await.unwrap().messages;
            if !listed.is_empty() {
                return listed
                    .iter()
                    .map(|message| serde_json::from_slice(message.body.as_bytes()).unwrap())
                    .collect();
            }
            tokio::task::yield_now().await;
        }
    }
}

fn caller() -> Caller {
    Caller {
        project: ProjectId::new("p").unwrap(),
        client: Some(ClientId::new("3381af92-2b9e-11e3-b191-71861300734c")),
        roles: vec!["admin".into()],
        identity: Identity::default(),
        token: None,
    }
}

fn queue() -> DestinationName {
    DestinationName::queue(QueueName::new("q").unwrap())
}

async fn on_record(
    management: &dyn ManagementStore,
    store: &dyn MessageStore,
    subscription: SubscriptionId,
) -> Vec<KeptAttempt> {
    let (kind, name) = (queue().kind, queue().name);
    let source = management.find(kind, &caller().project, &name).await.unwrap().unwrap();
    let page = PageRequest { marker: None, limit: 100 };
    let kept = store.attempts(&source.destination, subscription, &page, SystemClock.now());
    let mut attempts = kept.await.unwrap().items;
    attempts.reverse();
    attempts
}

/// Options by which a first retry comes after so many seconds.
fn retry_after(secs: u64) -> Value {
    json!({"_retry_policy": {
        "retries_with_no_delay": 0, "minimum_delay_retries": 1,
        "minimum_delay": secs, "maximum_delay": secs + 10,
    }})
}

fn ends(attempts: &[KeptAttempt]) -> Vec<(&str, bool)> {
    let end = |kept: &KeptAttempt| kept.end == AttemptEnd::Delivered;
    attempts.iter().map(|kept| (kept.attempt.excerpt.as_str(), end(kept))).collect()
}

#[tokio::test]
async fn first_attempts_keep_their_order_and_further_ones_hold_nobody_up() {
    let sender = Scripted::new(|body, times| match (body, times) {
        ("a", 1..=2) => Verdict::TryAgain,
        _ => Verdict::Delivered,
    });
    let site = Site::start(&sender);
    site.subscribe("http://a", json!({})).await;
    site.post(&["\"a\"", "\"b\"", "\"c\""]).await;
    let sent = sender.wait_for(5).await;
    let first = |wanted: &str| sent.iter().position(|body| body == wanted).unwrap();
    assert!(first("a") < first("b") && first("b") < first("c"));
    assert_eq!(sent.iter().filter(|body| *body == "a").count(), 3);
}

#[tokio::test]
async fn a_panic_harms_its_attempt_only() {
    let sender = Scripted::new(|body, times| {
        assert!(body != "bad" || times > 1, "as the test wants it");
        Verdict::Delivered
    });
    let site = Site::start(&sender);
    let subscription = site.subscribe("http://a", json!({})).await;
    site.post(&["\"bad\"", "\"good\""]).await;
    sender.wait_for(3).await;
    let attempts = site.attempts(subscription).await;
    let panicked = attempts.iter().filter(|kept| kept.end != AttemptEnd::Delivered);
    let told: Vec<_> = panicked.map(|kept| kept.attempt.excerpt.as_str()).collect();
    assert_eq!(told, ["the server failed while it made this attempt"]);
    assert_eq!(attempts.len(), 3);
}

#[tokio::test]
async fn what_nobody_can_send_is_given_up_with_a_reason() {
    let sender = Scripted::new(|_, _| Verdict::Delivered);
    let site = Site::start(&sender);
    let subscription = site.subscribe("mailto:a@example.org", json!({"_dead_letter_queue": "dead"})).await;
    site.post(&["\"a\""]).await;
    let reason = "this server has no way to deliver to subscribers of this kind";
    let letters = site.wait_for_messages("dead").await;
    assert_eq!(
        letters[0]["reason"],
        json!(format!("Given up after 1 attempt. The last one failed: {reason}"))
    );
    assert_eq!(ends(&site.attempts(subscription).await), [(reason, false)]);
}

#[tokio::test]
async fn two_subscriptions_may_share_a_dead_letter_queue() {
    let sender = Scripted::new(|_, _| Verdict::Refused);
    let site = Site::start(&sender);
    for subscriber in ["http://a", "http://b"] {
        site.subscribe(subscriber, json!({"_dead_letter_queue": "dead"})).await;
    }
    site.post(&["\"a\""]).await;
    sender.wait_for(2).await;
    let mut letters = site.wait_for_messages("dead").await;
    while letters.len() < 2 {
        letters = site.wait_for_messages("dead").await;
    }
    let mut subscribers: Vec<_> =
        letters.iter().map(|letter| letter["subscriber"].as_str().unwrap()).collect();
    subscribers.sort_unstable();
    assert_eq!(subscribers, ["http://a", "http://b"]);
}

#[tokio::test]
async fn when_the_engine_stops_what_was_delivered_is_on_record() {
    let sender = Scripted::new(|_, _| Verdict::Delivered);
    let site = Site::start(&sender);
    let subscription = site.subscribe("http://a", json!({})).await;
    site.post(&["\"a\"", "\"b\""]).await;
    sender.wait_for(2).await;
    assert_eq!(ends(&site.attempts(subscription).await), [("as told", true), ("as told", true)]);
}

#[tokio::test]
async fn attempts_to_ask_are_on_record_for_who_is_asked() {
    let sender = Scripted::new(|_, times| if times == 1 { Verdict::TryAgain } else { Verdict::Delivered });
    let site = Site::start_asking(&sender, Some("key"));
    let other = site.subscribe("http://b", json!({})).await;
    site.wait_for_attempt(other, |end| end == AttemptEnd::Delivered).await;
    let asked = site.subscribe("http://a", json!({})).await;
    let attempts = site.wait_for_attempt(asked, |end| end == AttemptEnd::Delivered).await;
    assert_eq!(ends(&attempts), [("as told", true)]);
    let attempts = site.attempts(other).await;
    assert_eq!(ends(&attempts), [("as told", false), ("as told", true)]);
    assert!(matches!(attempts[0].end, AttemptEnd::RetryAt(_)));
    let (kind, request) = (Some(ConfirmationKind::Subscription), attempts[0].message);
    assert!(attempts.iter().all(|kept| (kept.confirmation, kept.message) == (kind, request)));
}

#[tokio::test]
async fn why_nobody_can_be_asked_is_on_record() {
    let sender = Scripted::new(|_, _| Verdict::Delivered);
    let site = Site::start_asking(&sender, None);
    let asked = site.subscribe("http://a", json!({})).await;
    let attempts = site.wait_for_attempt(asked, |end| end == AttemptEnd::Exhausted).await;
    assert_eq!(ends(&attempts), [("the service has no key to sign with", false)]);
    assert_eq!(*sender.sent.lock(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_request_to_confirm_is_tried_again_as_its_subscription_or_the_queue_wants() {
    let sender = Scripted::new(|_, _| Verdict::TryAgain);
    let site = Site::start_asking(&sender, Some("key"));
    let Value::Object(metadata) = retry_after(1000) else { panic!() };
    site.zaqar.create_queue(&caller(), &queue(), Metadata::new(metadata)).await.unwrap();
    for (subscriber, options, secs) in [("http://a", json!({}), 1000), ("http://b", retry_after(2000), 2000)]
    {
        let asked = site.subscribe(subscriber, options).await;
        let attempts = site.wait_for_attempt(asked, |end| matches!(end, AttemptEnd::RetryAt(_))).await;
        let AttemptEnd::RetryAt(due) = attempts[0].end else { panic!() };
        let wait = due.secs_since(attempts[0].attempt.at);
        // What failed together is not tried again together.
        assert!((secs..secs + secs / 5).contains(&wait), "{wait}");
    }
}

#[tokio::test]
async fn a_request_that_waits_for_a_try_ends_with_a_no_and_with_its_subscription() {
    let sender = Scripted::new(|_, _| Verdict::TryAgain);
    let site = Site::start_asking(&sender, Some("key"));
    let (caller, queue) = (caller(), queue());
    for subscriber in ["http://says-no", "http://is-gone"] {
        let asked = site.subscribe(subscriber, retry_after(1000)).await;
        let attempts = site.wait_for_attempt(asked, |end| matches!(end, AttemptEnd::RetryAt(_))).await;
        let id = asked.to_string();
        if subscriber == "http://says-no" {
            let no = json!(false);
            site.zaqar.confirm_subscription(&caller, &queue, &id, Some(&no)).await.unwrap();
            sender.wait_for(2).await;
        } else {
            site.zaqar.delete_subscription(&caller, &queue, &id).await.unwrap();
        }
        site.try_in_vain(attempts[0].message).await;
    }
    let sent = sender.wait_for(3).await;
    assert_eq!(sent, ["SubscriptionConfirmation", "UnsubscribeConfirmation", "SubscriptionConfirmation"]);
}
