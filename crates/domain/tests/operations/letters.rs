//! Letters about deliveries that were given up, in the place of a notifier.

use serde_json::{Value, json};
use zaqar_domain::{FailureListing, SubscriptionParams};
use zaqar_model::{Clock, DeliveryOutcome, Excerpt};
use zaqar_storage::SubscriptionShare;
use zaqar_storage_conformance::LeaseDue;
use zaqar_storage_conformance::samples::attempt;

use crate::fixture::{Fixture, queue_named};

async fn subscribe(fixture: &Fixture, queue: &str, subscriber: &str, dead_letters: Option<&str>) -> String {
    let options = dead_letters.map_or(json!({}), |to| json!({"_dead_letter_queue": to}));
    let wish = json!({"subscriber": subscriber, "ttl": 10_000, "options": options});
    let wish = SubscriptionParams::new(wish).unwrap();
    let id = fixture.zaqar.create_subscription(&fixture.caller, &queue_named(queue), &wish).await.unwrap();
    id.to_string()
}

/// Gives up all that is due, as the engine does; answers the queues and the bodies.
async fn give_up(fixture: &Fixture) -> Vec<(String, Value)> {
    let now = fixture.clock.now();
    let request = fixture
        .store
        .deliveries()
        .unwrap()
        .lease_request(100, SubscriptionShare::each(100), now)
        .await
        .unwrap();
    let due = fixture.zaqar.lease_deliveries(&request).await.unwrap().owed;
    let (mut seen, mut reports) = (Vec::new(), Vec::new());
    for owed in &due {
        fixture.zaqar.dead_letter_delivery(owed, 1, "it is gone").await.unwrap();
        let outcome = DeliveryOutcome::GivenUp(Excerpt::new("it is gone"), attempt(now, Some(410)));
        reports.push(owed.delivery.report(outcome));
        let body = serde_json::from_slice(owed.delivery.message.message.body.as_bytes()).unwrap();
        seen.push((owed.delivery.subscription.source.name.to_string(), body));
    }
    fixture.zaqar.record_deliveries(request.id, &reports).await.unwrap();
    seen
}

async fn count_failures(fixture: &Fixture, queue: &str, id: &str) -> usize {
    let (of, listing) = (queue_named(queue), FailureListing::default());
    fixture.zaqar.list_failures(&fixture.caller, &of, id, &listing).await.unwrap().failures.len()
}

#[tokio::test]
async fn a_letter_is_owed_to_the_subscribers_of_the_dead_letter_queue() {
    let fixture = Fixture::new();
    subscribe(&fixture, "q", "http://down", Some("dlq")).await;
    subscribe(&fixture, "dlq", "http://watcher", None).await;
    fixture.post("q", &["{\"pies\": 1}"]).await;
    assert_eq!(give_up(&fixture).await, [("q".to_owned(), json!({"pies": 1}))]);
    let told = give_up(&fixture).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.as_str(), &told[0].1["body"]), ("dlq", &json!({"pies": 1})));
    assert_eq!(fixture.list("dlq").await.len(), 1, "and it is there for consumers");
}

#[tokio::test]
async fn a_letter_that_cannot_be_delivered_makes_no_other() {
    let fixture = Fixture::new();
    let id = subscribe(&fixture, "q", "http://down", Some("q")).await;
    fixture.post("q", &["1"]).await;
    assert_eq!(give_up(&fixture).await.len(), 1);
    assert_eq!(give_up(&fixture).await.len(), 1, "the letter");
    assert_eq!(give_up(&fixture).await, []);
    assert_eq!(fixture.list("q").await.len(), 2);
    assert_eq!(count_failures(&fixture, "q", &id).await, 2, "none is lost");
}

#[tokio::test]
async fn letters_do_not_go_round_between_two_queues() {
    let fixture = Fixture::new();
    let a = subscribe(&fixture, "a", "http://down/a", Some("b")).await;
    let b = subscribe(&fixture, "b", "http://down/b", Some("a")).await;
    fixture.post("a", &["1"]).await;
    let mut rounds = Vec::new();
    while let [(queue, _)] = &give_up(&fixture).await[..] {
        rounds.push(queue.clone());
    }
    assert_eq!(rounds, ["a", "b"]);
    assert_eq!((fixture.list("a").await.len(), fixture.list("b").await.len()), (1, 1));
    assert_eq!((count_failures(&fixture, "a", &a).await, count_failures(&fixture, "b", &b).await), (1, 1));
}

#[tokio::test]
async fn what_claims_have_moved_may_still_become_a_letter() {
    let fixture = Fixture::new();
    fixture.make_queue("q", json!({"_max_claim_count": 1, "_dead_letter_queue": "dlq"})).await;
    subscribe(&fixture, "dlq", "http://down", Some("last")).await;
    fixture.post("q", &["1"]).await;
    fixture.wear_out("q", 1).await;
    fixture.zaqar.look_at_ended_claims().await.unwrap();
    assert_eq!(give_up(&fixture).await, [("dlq".to_owned(), json!(1))]);
    assert_eq!(fixture.list("last").await.len(), 1);
}
