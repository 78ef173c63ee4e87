//! Deliberate differences from upstream. Each is a row of COMPATIBILITY.md.

use std::sync::Arc;

use serde_json::{Value, json};
use zaqar_domain::{EndpointHealth, EndpointState};
use zaqar_model::{
    Caller, Clock, Destination, DestinationKind, DestinationName, Identity, ProjectId, QueueName,
    Subscription, Timestamp,
};

use crate::fixture::{CLIENT, Fixture};

/// The caller of the fixture's connections.
fn caller() -> Caller {
    let project = ProjectId::new("p").unwrap();
    Caller { project, client: None, roles: Vec::new(), identity: Identity::default(), token: None }
}

fn q() -> DestinationName {
    DestinationName { kind: DestinationKind::Queue, name: QueueName::new("q").unwrap() }
}

#[tokio::test]
async fn a_subscription_that_is_not_made_is_told_with_the_reason() {
    let fixture = Fixture::new().await;
    let mut client = fixture.connect().await;
    let params = |subscriber: &str| json!({ "queue_name": "q", "subscriber": subscriber, "ttl": 600 });
    let made = client.expect(201, "subscription_create", params("http://subscriber")).await;
    let id = made["subscription_id"].as_str().unwrap();
    fixture.zaqar.confirm_subscription(&caller(), &q(), id, Some(&json!(true))).await.unwrap();
    for (subscriber, reason) in [
        ("http://subscriber", "Such subscription already exists."),
        ("trust+https://subscriber", "No trust can be made here: "),
    ] {
        let refused = client.expect(409, "subscription_create", params(subscriber)).await;
        assert_eq!(refused["error"], "Subscription q not created.");
        assert!(refused["exception"].as_str().unwrap().starts_with(reason), "{refused}");
    }
}

#[tokio::test]
async fn a_subscription_is_bounded_in_size_as_over_rest() {
    let mut client = Fixture::new().await.connect().await;
    let large = json!({ "a": "x".repeat(65_536) });
    let text = json!({ "exception": "The subscription is too large. Max size: 65536", "error": null });
    for body in [
        json!({ "queue_name": "q", "subscriber": "http://subscriber", "options": large }),
        json!({ "queue_name": "q", "options": large }),
    ] {
        assert_eq!(client.ask("subscription_create", body).await, (400, text.clone()));
    }
    assert_eq!(client.expect(200, "queue_list", json!({})).await["queues"], json!([]));
    let params = json!({ "queue_name": "q", "subscriber": "http://subscriber" });
    let id = client.expect(201, "subscription_create", params).await["subscription_id"].clone();
    let change = json!({ "queue_name": "q", "subscription_id": id, "options": large });
    assert_eq!(client.ask("subscription_update", change).await, (400, text));
}

/// Endpoints whose breaker is open.
#[derive(Debug)]
struct LeftAlone;

impl EndpointHealth for LeftAlone {
    fn state(&self, _: &Destination, _: &str, _: Timestamp) -> EndpointState {
        EndpointState::Open { until: Timestamp::from_secs(1_780_000_000), reason: "It is unwell." }
    }
}

#[tokio::test]
async fn how_the_endpoint_is_and_that_it_is_suspended_is_shown_as_over_rest() {
    let fixture = Fixture::new().await;
    let mut client = fixture.connect().await;
    let params = json!({ "queue_name": "q", "subscriber": "http://subscriber" });
    let id = client.expect(201, "subscription_create", params).await["subscription_id"].clone();
    let named = json!({ "queue_name": "q", "subscription_id": id });
    let shown = client.expect(200, "subscription_get", named.clone()).await;
    assert_eq!((shown.get("suspended"), shown.get("endpoint")), (None, None));
    fixture.zaqar.watch_endpoints(Arc::new(LeftAlone));
    let found = fixture.zaqar.get_subscription(&caller(), &q(), id.as_str().unwrap()).await.unwrap();
    let Subscription { source, id, .. } = found.subscription;
    fixture.zaqar.suspend_subscription(&source, id, "http://subscriber", "410 Gone").await.unwrap();
    let mut shown = client.expect(200, "subscription_get", named).await;
    let suspended = json!({ "since": fixture.clock.now().to_iso8601(), "reason": "410 Gone" });
    assert_eq!(shown["suspended"], suspended);
    let endpoint = json!({ "state": "open", "until": "2026-05-28T20:26:40Z", "reason": "It is unwell." });
    assert_eq!(shown.as_object_mut().unwrap().remove("endpoint"), Some(endpoint));
    let listed = client.expect(200, "subscription_list", json!({ "queue_name": "q" })).await;
    assert_eq!(listed["subscriptions"], json!([shown]));
}

#[tokio::test]
async fn a_subscriber_that_waits_to_be_confirmed_is_answered_again() {
    let mut client = Fixture::new().await.connect().await;
    let params = json!({ "queue_name": "q", "subscriber": "http://subscriber", "ttl": 600, "options": {} });
    let first = client.expect(201, "subscription_create", params.clone()).await["subscription_id"].clone();
    let second = client.expect(201, "subscription_create", params).await["subscription_id"].clone();
    assert!(first.is_string());
    assert_eq!(first, second);
}

#[tokio::test]
async fn every_action_waits_for_the_delay_of_the_queue() {
    let fixture = Fixture::new().await;
    let mut client = fixture.connect().await;
    let made = json!({ "queue_name": "q", "metadata": { "_default_message_delay": 100 } });
    client.expect(201, "queue_create", made).await;
    client.post("q", &[json!(1), json!(2)]).await;
    let count = |page: &Value| page["messages"].as_array().unwrap().len();
    let list = json!({ "queue_name": "q", "echo": true });
    let (claim, pop) = (json!({ "queue_name": "q", "limit": 1 }), json!({ "queue_name": "q", "pop": 1 }));
    assert_eq!(count(&client.expect(200, "message_list", list.clone()).await), 0);
    assert_eq!(count(&client.expect(200, "message_delete_many", pop.clone()).await), 0);
    let (status, _) = client.ask("claim_create", claim.clone()).await;
    assert_eq!(status, 204);
    fixture.clock.advance_secs(100);
    assert_eq!(count(&client.expect(200, "message_list", list).await), 2);
    assert_eq!(count(&client.expect(200, "message_delete_many", pop).await), 1);
    assert_eq!(count(&client.expect(201, "claim_create", claim).await), 1);
}

#[tokio::test]
async fn an_empty_project_is_refused() {
    let mut client = Fixture::new().await.connect().await;
    let headers = json!({ "Client-ID": CLIENT, "X-Project-ID": "" });
    let reply = client.exchange(&json!({ "action": "queue_list", "headers": headers, "body": {} })).await;
    assert_eq!(reply["headers"]["status"], 400, "{reply}");
}
