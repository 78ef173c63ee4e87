use serde_json::{Value, json};
use zaqar_domain::Limits;
use zaqar_model::{
    Clock, ConfirmationAttempt, ConfirmationKind, DeliveryOutcome, DestinationKind, Excerpt, ProjectId,
    QueueName,
};
use zaqar_storage_conformance::samples::confirmation;

use crate::fixture::Fixture;

const API: &str = "Invalid API request";
const BODY: &str = "Invalid request body";

/// A queue or topic with a subscription and some messages. Returns the path of the subscription and the ids of the messages.
async fn fill(fixture: &Fixture, place: &str, messages: usize) -> (String, Vec<String>) {
    let path = format!("{place}/subscriptions");
    let subscribed = fixture.post(&path, r#"{"subscriber": "http://trigger.me"}"#).await.json();
    let document = json!({ "messages": vec![json!({ "body": 1, "ttl": 300 }); messages] });
    let posted = fixture.post(&format!("{place}/messages"), document.to_string()).await.json();
    let hrefs = posted["resources"].as_array().unwrap().iter().map(|href| href.as_str().unwrap());
    let ids = hrefs.map(|href| href.rsplit('/').next().unwrap().to_owned()).collect();
    (format!("{path}/{}", subscribed["subscription_id"].as_str().unwrap()), ids)
}

async fn give_up(fixture: &Fixture) {
    let end = |attempt| DeliveryOutcome::GivenUp(Excerpt::new("410 Gone"), attempt);
    fixture.deliver(410, end).await;
}

/// The members of this name of the items of a page.
fn each<'a>(page: &'a Value, items: &str, member: &str) -> Vec<&'a Value> {
    page[items].as_array().unwrap().iter().map(|item| &item[member]).collect()
}

#[tokio::test]
async fn attempts_show_what_was_answered_and_what_followed() {
    for place in ["/v2/queues/q", "/v2/topics/q"] {
        let fixture = Fixture::new();
        let (subscription, ids) = fill(&fixture, place, 1).await;
        let later = fixture.clock.now().plus_secs(5);
        fixture.deliver(503, |attempt| DeliveryOutcome::RetryAt(later, attempt)).await;
        fixture.clock.advance_secs(5);
        give_up(&fixture).await;
        let page = fixture.get(&format!("{subscription}/attempts")).await.json();
        let [second, first] = &page["attempts"].as_array().unwrap()[..] else { panic!("{page}") };
        assert_eq!(
            *first,
            json!({
                "message_id": ids[0], "message_type": "Notification", "attempted_at": "2026-05-28T20:26:40Z", "address": "https://example.org/hook", "status": 503,
                "latency_ms": 12, "response": "what it answered", "outcome": "retry",
                "retry_at": "2026-05-28T20:26:45Z"
            })
        );
        assert_eq!(
            *second,
            json!({
                "message_id": ids[0], "message_type": "Notification", "attempted_at": "2026-05-28T20:26:45Z", "address": "https://example.org/hook", "status": 410,
                "latency_ms": 12, "response": "what it answered", "outcome": "failed", "retry_at": null
            })
        );
    }
}

#[tokio::test]
async fn attempts_to_ask_a_subscriber_are_told_from_those_to_notify() {
    for place in ["/v2/queues/q", "/v2/topics/q"] {
        let fixture = Fixture::with(Limits { require_confirmation: true, ..Limits::default() });
        let (subscription, _) = fill(&fixture, place, 1).await;
        let (project, name) = (ProjectId::new("p").unwrap(), QueueName::new("q").unwrap());
        let kind = if place.contains("topics") { DestinationKind::Topic } else { DestinationKind::Queue };
        let source = &fixture.management.find(kind, &project, &name).await.unwrap().unwrap().destination;
        let id = subscription.rsplit('/').next().unwrap().parse().unwrap();
        let now = fixture.clock.now();
        let asked = confirmation(now);
        let told = ConfirmationAttempt { kind: ConfirmationKind::Unsubscription, ..confirmation(now) };
        for attempt in [&asked, &told] {
            fixture
                .store
                .deliveries()
                .unwrap()
                .record_confirmation(source, id, attempt.clone(), now)
                .await
                .unwrap();
        }
        let page = fixture.get(&format!("{subscription}/attempts")).await.json();
        let types = each(&page, "attempts", "message_type");
        assert_eq!(types, ["UnsubscribeConfirmation", "SubscriptionConfirmation"]);
        let of_one = format!("{subscription}/attempts?message_id={}", asked.request);
        let page = fixture.get(&of_one).await.json();
        assert_eq!(
            page["attempts"],
            json!([{
                "message_id": asked.request.to_string(), "message_type": "SubscriptionConfirmation",
                "attempted_at": "2026-05-28T20:26:40Z", "address": "https://example.org/hook", "status": 204, "latency_ms": 12,
                "response": "what it answered", "outcome": "delivered", "retry_at": null
            }])
        );
    }
}

#[tokio::test]
async fn an_attempt_whose_end_nobody_told_shows_as_unknown() {
    let fixture = Fixture::new();
    let (subscription, ids) = fill(&fixture, "/v2/queues/q", 1).await;
    fixture.lease().await;
    fixture.clock.advance_secs(60);
    fixture.lease().await;
    let page = fixture.get(&format!("{subscription}/attempts")).await.json();
    let broken_off = json!({
        "message_id": ids[0], "message_type": "Notification", "attempted_at": "2026-05-28T20:26:40Z",
        "address": null, "status": null, "latency_ms": null,
        "response": "It is not known how this attempt ended, or whether it reached the subscriber: \
                     the server ended while the delivery was under way.",
        "outcome": "unknown", "retry_at": null
    });
    assert_eq!(page["attempts"], json!([broken_off]));
}

#[tokio::test]
async fn attempts_are_listed_with_links_also_those_of_one_message() {
    let fixture = Fixture::new();
    let (subscription, ids) = fill(&fixture, "/v2/queues/q", 2).await;
    for _ in 0..2 {
        let again = |attempt| DeliveryOutcome::RetryAt(fixture.clock.now(), attempt);
        fixture.deliver(503, again).await;
    }
    for (query, messages) in [
        ("?limit=1".to_owned(), vec![&ids[1], &ids[0], &ids[1], &ids[0]]),
        (format!("?limit=1&message_id={}", ids[0]), vec![&ids[0], &ids[0]]),
    ] {
        let mut path = format!("{subscription}/attempts{query}");
        for message in messages {
            let page = fixture.get(&path).await.json();
            assert_eq!(each(&page, "attempts", "message_id"), [message]);
            path = page["links"][0]["href"].as_str().unwrap().to_owned();
            assert!(path.starts_with(&format!("{subscription}/attempts{query}&marker=")), "{path}");
        }
        assert_eq!(fixture.get(&path).await.text(), "{\"attempts\": [], \"links\": []}");
    }
    let text = "Limit must be at least 1 and may not be greater than 20.";
    fixture.get(&format!("{subscription}/attempts?limit=21")).await.is_error(400, API, text);
}

#[tokio::test]
async fn failures_tell_the_reason_and_are_listed_with_links() {
    let fixture = Fixture::new();
    let (subscription, ids) = fill(&fixture, "/v2/queues/q", 2).await;
    give_up(&fixture).await;
    fixture.clock.advance_secs(7);
    let first = fixture.get(&format!("{subscription}/failures?limit=1")).await.json();
    let failed = json!({
        "message_id": ids[0], "failed_at": "2026-05-28T20:26:40Z", "attempts": 1, "reason": "410 Gone",
        "ttl": 300, "age": 7
    });
    assert_eq!(first["failures"], json!([failed]));
    let next = first["links"][0]["href"].as_str().unwrap();
    let second = fixture.get(next).await.json();
    assert_eq!(each(&second, "failures", "message_id"), [&ids[1]]);
    let last = fixture.get(second["links"][0]["href"].as_str().unwrap()).await;
    assert_eq!(last.text(), "{\"failures\": [], \"links\": []}");
}

#[tokio::test]
async fn one_message_or_all_that_failed_since_a_time_are_sent_again() {
    let fixture = Fixture::new();
    let (subscription, ids) = fill(&fixture, "/v2/queues/q", 4).await;
    give_up(&fixture).await;
    let resend = async |params: Value| {
        let answer = fixture.post(&format!("{subscription}/resend"), params.to_string()).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.text().to_owned()
    };
    assert_eq!(resend(json!({ "message_id": ids[2] })).await, "{\"resent\": 1}");
    let page = fixture.get(&format!("{subscription}/failures")).await.json();
    assert_eq!(each(&page, "failures", "message_id"), [&ids[0], &ids[1], &ids[3]]);
    // The time that a failure is listed with includes it.
    let since = &page["failures"][0]["failed_at"];
    assert_eq!(resend(json!({ "failed_since": since })).await, "{\"resent\": 3}");
    fixture.deliver(200, DeliveryOutcome::Delivered).await;
    assert_eq!(resend(json!({ "failed_since": "2026-01-01" })).await, "{\"resent\": 0}");
    let page = fixture.get(&format!("{subscription}/attempts?limit=4")).await.json();
    assert_eq!(each(&page, "attempts", "outcome"), ["delivered"; 4]);
}

#[tokio::test]
async fn a_resend_request_names_one_thing() {
    let fixture = Fixture::new();
    let (subscription, _) = fill(&fixture, "/v2/queues/q", 1).await;
    let path = format!("{subscription}/resend");
    let either = "Either \"message_id\" or \"failed_since\" must be given, and not both.";
    let time = "The value of the \"failed_since\" field must be a time, for example 2026-11-23T08:00:00Z.";
    for (body, text) in [
        ("", "JSON could not be parsed."),
        ("[]", "[] is not of type 'object'"),
        ("{}", either),
        (r#"{"message_id": "x", "failed_since": "2026-01-01"}"#, either),
        (r#"{"message_id": 5}"#, "message_id: 5 is not of type 'string'"),
        (r#"{"failed_since": 5}"#, "failed_since: 5 is not of type 'string'"),
        (r#"{"failed_since": "yesterday"}"#, time),
        (r#"{"message": "x"}"#, "Additional properties are not allowed ('message' was unexpected)"),
    ] {
        fixture.post(&path, body).await.is_error(400, BODY, text);
    }
    let gone = fixture.post(&path, r#"{"message_id": "x"}"#).await;
    gone.is_error(404, "Not found", "Message x does not exist in queue q for project p");
}
