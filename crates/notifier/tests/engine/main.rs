//! The engine: over a model of a store with senders that do as the test says, and over a store on disk that fails for a
//! while.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod confirming;
mod outages;
mod receiver;
mod simulation;
mod site;

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use site::{Site, ends};
use tokio::sync::Notify;
use zaqar_model::{AttemptEnd, SystemClock};
use zaqar_notifier::{Answer, EngineOptions, Notice, Sender, Senders, Verdict};
use zaqar_storage_conformance::ReferenceStore;

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

/// A service that sends by this alone.
fn start(sender: &Arc<Scripted>) -> Site {
    Site::start(Arc::new(ReferenceStore::new()), Arc::new(SystemClock), by(sender), EngineOptions::default())
}

fn by(sender: &Arc<Scripted>) -> Senders {
    let sender: Arc<dyn Sender> = Arc::<Scripted>::clone(sender);
    Senders::default().with(&["http"], &sender)
}

#[tokio::test]
async fn first_attempts_keep_their_order_and_further_ones_hold_nobody_up() {
    let sender = Scripted::new(|body, times| match (body, times) {
        ("a", 1..=2) => Verdict::TryAgain,
        _ => Verdict::Delivered,
    });
    let site = start(&sender);
    site.subscribe("http://a", json!({})).await;
    site.post(&["a", "b", "c"]).await;
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
    let mut site = start(&sender);
    let subscription = site.subscribe("http://a", json!({})).await;
    site.post(&["bad", "good"]).await;
    sender.wait_for(3).await;
    site.stop().await;
    let attempts = site.attempts(subscription).await;
    let panicked = attempts.iter().filter(|kept| kept.end != AttemptEnd::Delivered);
    let told: Vec<_> = panicked.map(|kept| kept.attempt.excerpt.as_str()).collect();
    assert_eq!(told, ["the server failed while it made this attempt"]);
    assert_eq!(attempts.len(), 3);
}

#[tokio::test]
async fn what_nobody_can_send_is_given_up_with_a_reason() {
    let sender = Scripted::new(|_, _| Verdict::Delivered);
    let mut site = start(&sender);
    let subscription = site.subscribe("mailto:a@example.org", json!({"_dead_letter_queue": "dead"})).await;
    site.post(&["a"]).await;
    let reason = "this server has no way to deliver to subscribers of this kind";
    let letters = site.wait_for_messages("dead").await;
    assert_eq!(
        letters[0]["reason"],
        json!(format!("Given up after 1 attempt. The last one failed: {reason}"))
    );
    site.stop().await;
    assert_eq!(ends(&site.attempts(subscription).await), [(reason, false)]);
}

#[tokio::test]
async fn two_subscriptions_may_share_a_dead_letter_queue() {
    let sender = Scripted::new(|_, _| Verdict::Refused);
    let site = start(&sender);
    for subscriber in ["http://a", "http://b"] {
        site.subscribe(subscriber, json!({"_dead_letter_queue": "dead"})).await;
    }
    site.post(&["a"]).await;
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
    let mut site = start(&sender);
    let subscription = site.subscribe("http://a", json!({})).await;
    site.post(&["a", "b"]).await;
    sender.wait_for(2).await;
    site.stop().await;
    assert_eq!(ends(&site.attempts(subscription).await), [("as told", true), ("as told", true)]);
}
