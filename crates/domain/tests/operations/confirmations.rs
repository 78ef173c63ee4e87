//! Where subscribers must confirm: who is asked what, and when.

use std::sync::Arc;

use serde_json::{Value, json};
use zaqar_domain::{Error, Limits, QueueListing, SubscriptionParams, WaitingConfirmation, Zaqar};
use zaqar_model::{
    Attempt, Clock, ConfirmationKind, Delivery, DeliveryOutcome, DestinationKind, DestinationName, Excerpt,
    RandomIds, Subscription, SubscriptionId,
};
use zaqar_storage_conformance::{LeaseDue, ManualClock};

use crate::fixture::{Fixture, caller, draft, name, queue_named, topic_named};

const SUBSCRIBER: &str = "http://trigger.me";

fn fixture() -> Fixture {
    Fixture::with(Limits { require_confirmation: true, max_confirmations_per_hour: 3, ..Limits::default() })
}

fn wish(document: Value) -> SubscriptionParams {
    SubscriptionParams::new(document).unwrap()
}

async fn try_to_subscribe(fixture: &Fixture, to: &DestinationName) -> Result<SubscriptionId, Error> {
    let wish = wish(json!({ "subscriber": SUBSCRIBER, "ttl": 600 }));
    fixture.zaqar.create_subscription(&fixture.caller, to, &wish).await
}

async fn subscribe(fixture: &Fixture, to: &DestinationName) -> SubscriptionId {
    try_to_subscribe(fixture, to).await.unwrap()
}

async fn confirm(fixture: &Fixture, of: &DestinationName, id: SubscriptionId, confirmed: bool) {
    let (id, confirmed) = (id.to_string(), json!(confirmed));
    fixture.zaqar.confirm_subscription(&fixture.caller, of, &id, Some(&confirmed)).await.unwrap();
}

async fn get(fixture: &Fixture, of: &DestinationName, id: SubscriptionId) -> Subscription {
    fixture.zaqar.get_subscription(&fixture.caller, of, &id.to_string()).await.unwrap().subscription
}

/// Makes all deliveries that are due.
async fn deliver(fixture: &Fixture) -> Vec<Delivery> {
    let now = fixture.clock.now();
    let (lease, due) = fixture.store.deliveries().unwrap().lease_due(100, now).await.unwrap();
    let attempt =
        Attempt { at: now, status: None, latency_ms: 0, excerpt: Excerpt::default(), address: None };
    let report = |delivery: &Delivery| delivery.report(DeliveryOutcome::Delivered(attempt.clone()));
    let reports: Vec<_> = due.iter().map(report).collect();
    fixture.store.deliveries().unwrap().record(lease, &reports, now).await.unwrap();
    due
}

/// Who is asked what by the deliveries that are due.
async fn asked(fixture: &Fixture) -> Vec<WaitingConfirmation> {
    let mut asked = Vec::new();
    for delivery in deliver(fixture).await {
        assert!(Zaqar::is_confirmation(&delivery), "{delivery:?}");
        asked.extend(fixture.zaqar.waiting_confirmation(&delivery).await.unwrap());
    }
    asked
}

fn kinds(asked: &[WaitingConfirmation]) -> Vec<ConfirmationKind> {
    asked.iter().map(|asked| asked.kind).collect()
}

#[tokio::test]
async fn a_subscriber_is_asked_and_owed_what_is_posted_once_they_agree() {
    let fixture = fixture();
    for to in [queue_named("q"), topic_named("t")] {
        let id = subscribe(&fixture, &to).await;
        fixture.post_to(&to, vec![draft("1")]).await;
        let asked = asked(&fixture).await;
        assert_eq!(kinds(&asked), [ConfirmationKind::Subscription]);
        assert_eq!(asked[0].subscription, get(&fixture, &to, id).await);
        assert_eq!(asked[0].expires, fixture.clock.now().plus_secs(600));

        confirm(&fixture, &to, id, true).await;
        let posted = fixture.post_to(&to, vec![draft("2")]).await;
        let owed: Vec<_> = deliver(&fixture).await.iter().map(|owed| owed.message.message.id).collect();
        assert_eq!(owed, posted);
    }
}

#[tokio::test]
async fn whoever_is_subscribed_again_before_they_agree_is_asked_again() {
    let fixture = fixture();
    let q = queue_named("q");
    let id = subscribe(&fixture, &q).await;
    assert_eq!(subscribe(&fixture, &q).await, id);
    assert_eq!(kinds(&asked(&fixture).await), [ConfirmationKind::Subscription; 2]);
    confirm(&fixture, &q, id, true).await;
    assert!(matches!(try_to_subscribe(&fixture, &q).await, Err(Error::Conflict(_))));
    assert_eq!(asked(&fixture).await, []);
}

#[tokio::test]
async fn whoever_takes_it_back_is_told_and_owed_nothing_more() {
    let fixture = fixture();
    let q = queue_named("q");
    let id = subscribe(&fixture, &q).await;
    assert_eq!(asked(&fixture).await.len(), 1);
    confirm(&fixture, &q, id, true).await;
    fixture.post("q", &["1"]).await;
    confirm(&fixture, &q, id, false).await;
    fixture.post("q", &["2"]).await;
    assert_eq!(kinds(&asked(&fixture).await), [ConfirmationKind::Unsubscription]);
}

#[tokio::test]
async fn nothing_is_asked_of_whoever_has_answered_or_is_gone() {
    let fixture = fixture();
    let q = queue_named("q");
    let id = subscribe(&fixture, &q).await;
    confirm(&fixture, &q, id, true).await;
    assert_eq!(asked(&fixture).await, []);
    let ended = subscribe(&fixture, &queue_named("r")).await.to_string();
    fixture.zaqar.delete_subscription(&fixture.caller, &queue_named("r"), &ended).await.unwrap();
    assert_eq!(asked(&fixture).await, []);
    subscribe(&fixture, &topic_named("q")).await;
    fixture.zaqar.delete_queue(&fixture.caller, &topic_named("q")).await.unwrap();
    assert_eq!(asked(&fixture).await, []);
}

#[tokio::test]
async fn whoever_has_said_no_is_not_asked_before_they_are_subscribed_again() {
    let fixture = fixture();
    let q = queue_named("q");
    let id = subscribe(&fixture, &q).await;
    confirm(&fixture, &q, id, false).await;
    assert_eq!(kinds(&asked(&fixture).await), [ConfirmationKind::Unsubscription]);
    assert_eq!(subscribe(&fixture, &q).await, id);
    assert_eq!(kinds(&asked(&fixture).await), [ConfirmationKind::Subscription]);
}

#[tokio::test]
async fn whoever_is_subscribed_again_is_not_told_that_they_are_out() {
    let fixture = fixture();
    let q = queue_named("q");
    let id = subscribe(&fixture, &q).await;
    assert_eq!(asked(&fixture).await.len(), 1);
    confirm(&fixture, &q, id, false).await;
    assert_eq!(subscribe(&fixture, &q).await, id);
    assert_eq!(kinds(&asked(&fixture).await), [ConfirmationKind::Subscription]);
}

#[tokio::test]
async fn a_new_subscriber_is_asked_before_they_are_notified() {
    let fixture = fixture();
    let q = queue_named("q");
    let id = subscribe(&fixture, &q).await;
    confirm(&fixture, &q, id, true).await;
    deliver(&fixture).await;
    let update = async |document| {
        let (id, wish) = (id.to_string(), wish(document));
        fixture.zaqar.update_subscription(&fixture.caller, &q, &id, &wish).await.unwrap();
        fixture.post("q", &["1"]).await;
    };
    // The same one, and other options: nobody new.
    update(json!({ "subscriber": SUBSCRIBER, "options": {} })).await;
    assert_eq!(deliver(&fixture).await.len(), 1);
    update(json!({ "subscriber": "mailto:a@example.org" })).await;
    let asked = asked(&fixture).await;
    assert_eq!(kinds(&asked), [ConfirmationKind::Subscription]);
    assert_eq!(asked[0].subscription.subscriber, "mailto:a@example.org");
    assert!(!asked[0].subscription.confirmed);
}

#[tokio::test]
async fn a_subscriber_is_asked_so_many_times_within_an_hour() {
    let fixture = fixture();
    for queue in ["a", "b", "c"] {
        subscribe(&fixture, &queue_named(queue)).await;
    }
    let refused = try_to_subscribe(&fixture, &queue_named("d")).await;
    assert!(matches!(refused, Err(Error::AskedTooOften(3))));
    let (project, d) = (&fixture.caller.project, name("d"));
    assert_eq!(fixture.management.find(DestinationKind::Queue, project, &d).await.unwrap(), None);
    assert_eq!(asked(&fixture).await.len(), 3);
    // Other projects have an hour of their own.
    let wish = wish(json!({ "subscriber": SUBSCRIBER }));
    fixture.zaqar.create_subscription(&caller("other"), &queue_named("q"), &wish).await.unwrap();
    assert_eq!(asked(&fixture).await.len(), 1);
    fixture.clock.advance_secs(3600);
    subscribe(&fixture, &queue_named("d")).await;
    assert_eq!(asked(&fixture).await.len(), 1);
}

#[tokio::test]
async fn whoever_was_told_too_often_can_still_take_it_back() {
    let fixture = fixture();
    let q = queue_named("q");
    let id = subscribe(&fixture, &q).await;
    for _ in 0..5 {
        confirm(&fixture, &q, id, true).await;
        confirm(&fixture, &q, id, false).await;
    }
    let there = get(&fixture, &q, id).await;
    assert!(!there.confirmed && !there.notified);
    assert_eq!(deliver(&fixture).await.len(), 3);
}

#[tokio::test]
async fn where_nobody_must_confirm_nobody_is_asked() {
    let strict = fixture();
    let q = queue_named("q");
    let before = subscribe(&strict, &q).await;
    deliver(&strict).await;
    // The same stores, with another configuration.
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&strict.clock);
    let stores = zaqar_domain::Stores {
        management: Arc::clone(&strict.management),
        messages: Arc::clone(&strict.store),
        placement: None,
    };
    let zaqar = Zaqar::new(stores, Limits::default(), clock, Arc::new(RandomIds));
    let relaxed = Fixture { zaqar, ..strict };
    assert!(!get(&relaxed, &q, before).await.notified);
    assert_eq!(subscribe(&relaxed, &q).await, before);
    assert!(get(&relaxed, &q, before).await.notified, "subscribed again, it is as any other");
    confirm(&relaxed, &q, before, false).await;
    assert!(get(&relaxed, &q, before).await.notified);
    assert_eq!(deliver(&relaxed).await, []);
}

#[tokio::test]
async fn no_client_sees_the_requests() {
    let fixture = fixture();
    subscribe(&fixture, &queue_named("q")).await;
    for kind in [DestinationKind::Queue, DestinationKind::Topic] {
        let listing = QueueListing::default();
        let listed = fixture.zaqar.list_queues(&fixture.caller, kind, &listing).await.unwrap();
        let names: Vec<_> = listed.queues.iter().map(|queue| queue.destination.name.as_str()).collect();
        assert_eq!(names, if kind.is_topic() { vec![] } else { vec!["q"] });
    }
}

#[tokio::test]
async fn with_the_last_queue_or_topic_of_a_project_its_requests_are_gone() {
    let fixture = fixture();
    let (q, t) = (queue_named("q"), topic_named("t"));
    let are_there = async || {
        let name = DestinationName::confirmations();
        let found = fixture.management.find(name.kind, &fixture.caller.project, &name.name).await;
        found.unwrap().is_some()
    };
    subscribe(&fixture, &q).await;
    subscribe(&fixture, &t).await;
    fixture.zaqar.delete_queue(&fixture.caller, &q).await.unwrap();
    assert!(are_there().await);
    fixture.zaqar.delete_queue(&fixture.caller, &t).await.unwrap();
    assert!(!are_there().await);
    assert_eq!(deliver(&fixture).await, []);
    subscribe(&fixture, &q).await;
    assert_eq!(asked(&fixture).await.len(), 1);
}
