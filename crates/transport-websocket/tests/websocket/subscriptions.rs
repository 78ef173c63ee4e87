//! Connections that are subscribers.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use zaqar_domain::{Policy, RuleText};
use zaqar_transport_websocket::WebSocketOptions;

use crate::fixture::{Client, Fixture, request};
use crate::raw::{RawClient, TEXT, frame};

async fn subscribe(client: &mut Client, body: Value) -> String {
    let made = client.expect(201, "subscription_create", body).await;
    made["subscription_id"].as_str().unwrap().to_owned()
}

async fn notification(client: &mut Client) -> Value {
    let Message::Text(text) = client.receive().await else { panic!("no text") };
    serde_json::from_str(&text).unwrap()
}

/// Posts numbers. Returns the ids of their messages.
async fn post(client: &mut Client, numbers: std::ops::Range<u32>) -> Vec<String> {
    let bodies: Vec<_> = numbers.map(Value::from).collect();
    client.post("q", &bodies).await
}

#[tokio::test]
async fn what_is_posted_comes_to_the_connection_with_upstreams_members_and_its_id() {
    let fixture = Fixture::new().await;
    let (mut poster, mut reader) = (fixture.connect().await, fixture.connect().await);
    post(&mut poster, 0..3).await;
    subscribe(&mut reader, json!({ "queue_name": "q", "ttl": 600 })).await;
    let ids = post(&mut poster, 3..8).await;
    for (number, id) in (3..8).zip(ids) {
        let mut told = notification(&mut reader).await;
        assert!(told["marker"].take().is_string());
        let expected = json!({ "body": number, "ttl": 300, "queue_name": "q", "Message_Type": "Notification", "id": id, "marker": null });
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn notifications_come_in_the_format_of_the_subscription() {
    let fixture = Fixture::new().await;
    let (mut poster, mut reader) = (fixture.connect().await, fixture.connect().await);
    let params = request("subscription_create", json!({ "topic_name": "t", "subscriber": "" }));
    reader.send(Message::binary(rmp_serde::to_vec(&params).unwrap())).await;
    assert!(reader.receive().await.is_binary());
    reader.expect(200, "queue_list", json!({})).await;
    let body = json!({ "topic_name": "t", "messages": [{ "body": { "a": [1] }, "ttl": 60 }] });
    let posted = poster.expect(201, "message_post", body).await;
    let Message::Binary(told) = reader.receive().await else { panic!("no binary frame") };
    let mut told: Value = rmp_serde::from_slice(&told).unwrap();
    let id = &posted["message_ids"][0];
    assert!(told["marker"].take().is_string());
    let expected = json!({ "body": { "a": [1] }, "ttl": 60, "topic_name": "t", "Message_Type": "Notification", "id": id, "marker": null });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn it_is_listed_shown_and_changed_like_others_and_ends_with_its_connection() {
    let fixture = Fixture::new().await;
    let (mut other, mut reader) = (fixture.connect().await, fixture.connect().await);
    let id = subscribe(&mut reader, json!({ "queue_name": "q", "options": { "a": 1 } })).await;
    let stored = subscribe(&mut other, json!({ "queue_name": "q", "subscriber": "http://a" })).await;
    let q = json!({ "queue_name": "q" });
    let listed = other.expect(200, "subscription_list", q.clone()).await;
    let listed = listed["subscriptions"].as_array().unwrap();
    let mut ids: Vec<_> = listed.iter().map(|item| item["id"].as_str().unwrap()).collect();
    let mut expected = [id.as_str(), stored.as_str()];
    ids.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let named = json!({ "queue_name": "q", "subscription_id": id });
    let mut shown = other.expect(200, "subscription_get", named.clone()).await;
    let subscriber = shown["subscriber"].take();
    assert!(subscriber.as_str().unwrap().starts_with("websocket://"), "{subscriber}");
    let rest = json!({
        "id": id, "source": "q", "subscriber": null, "ttl": 3600, "age": 0, "options": { "a": 1 }, "confirmed": false,
    });
    assert_eq!(shown, rest);
    reader.socket.close(None).await.unwrap();
    // The server ends the subscription before it closes its side.
    while reader.socket.next().await.is_some() {}
    let left = other.expect(200, "subscription_list", q).await;
    assert_eq!(left["subscriptions"].as_array().unwrap().len(), 1);
    assert_eq!(other.ask("subscription_get", named).await.0, 404);
}

#[tokio::test]
async fn a_connection_is_told_that_its_subscription_has_ended_and_why_and_nothing_comes_any_more() {
    let fixture = Fixture::new().await;
    let (mut other, mut reader) = (fixture.connect().await, fixture.connect().await);
    let q = json!({ "queue_name": "q" });
    let purge = json!({ "queue_name": "q", "resource_types": ["subscriptions"] });
    for (code, reason) in [
        ("deleted", "It was deleted."),
        ("purged", "The subscriptions of its queue or topic were purged."),
        ("expired", "Its time to live is over."),
        ("source_deleted", "Its queue or topic was deleted."),
    ] {
        let id = subscribe(&mut reader, json!({ "queue_name": "q", "ttl": 3600 })).await;
        post(&mut other, 0..1).await;
        let marker = notification(&mut reader).await["marker"].take();
        let named = json!({ "queue_name": "q", "subscription_id": id });
        match code {
            "deleted" => drop(other.expect(204, "subscription_delete", named).await),
            "purged" => drop(other.expect(204, "queue_purge", purge.clone()).await),
            "source_deleted" => drop(other.expect(204, "queue_delete", q.clone()).await),
            _ => {
                fixture.clock.advance_secs(3600);
                // This timer is that of the system; posting a message triggers the check earlier.
                post(&mut other, 0..1).await;
            }
        }
        let expected = json!({
            "Message_Type": "SubscriptionEnded", "queue_name": "q", "subscription_id": id, "code": code,
            "reason": reason, "marker": marker,
        });
        assert_eq!(notification(&mut reader).await, expected);
        post(&mut other, 0..1).await;
        // A reply, and nothing before it.
        reader.expect(200, "queue_list", json!({})).await;
    }
}

#[tokio::test]
async fn the_end_comes_in_the_format_of_the_subscription_and_names_a_topic() {
    let fixture = Fixture::new().await;
    let (mut other, mut reader) = (fixture.connect().await, fixture.connect().await);
    let params = request("subscription_create", json!({ "topic_name": "t" }));
    reader.send(Message::binary(rmp_serde::to_vec(&params).unwrap())).await;
    assert!(reader.receive().await.is_binary());
    other.expect(204, "topic_delete", json!({ "topic_name": "t" })).await;
    let Message::Binary(told) = reader.receive().await else { panic!("no binary frame") };
    let told: Value = rmp_serde::from_slice(&told).unwrap();
    assert_eq!((&told["topic_name"], &told["code"]), (&json!("t"), &json!("source_deleted")));
}

/// A client that ends a subscription gets the reply only. Other ended subscriptions are reported all the same.
#[tokio::test]
async fn of_an_end_that_a_connection_asks_for_the_reply_tells() {
    let mut reader = Fixture::new().await.connect().await;
    let id = subscribe(&mut reader, json!({ "queue_name": "q" })).await;
    // Another queue has no such subscription.
    let elsewhere = json!({ "queue_name": "other", "subscription_id": id });
    reader.expect(204, "subscription_delete", elsewhere).await;
    let ids = post(&mut reader, 0..1).await;
    assert_eq!(notification(&mut reader).await["id"], ids[0]);
    reader.expect(204, "subscription_delete", json!({ "queue_name": "q", "subscription_id": id })).await;
    post(&mut reader, 0..1).await;
    reader.expect(200, "queue_list", json!({})).await;
    let id = subscribe(&mut reader, json!({ "queue_name": "q" })).await;
    reader.expect(204, "queue_delete", json!({ "queue_name": "q" })).await;
    let told = notification(&mut reader).await;
    assert_eq!((&told["subscription_id"], &told["code"]), (&json!(id), &json!("source_deleted")));
}

#[tokio::test]
async fn whoever_subscribes_again_by_the_same_connection_renews() {
    let options = WebSocketOptions { max_subscriptions: 1, ..WebSocketOptions::default() };
    let fixture = Fixture::with(options).await;
    let (mut other, mut reader) = (fixture.connect().await, fixture.connect().await);
    let params = json!({ "queue_name": "q", "ttl": 3600, "options": { "a": 1 } });
    let id = subscribe(&mut reader, params.clone()).await;
    let shown = async |client: &mut Client| {
        let named = json!({ "queue_name": "q", "subscription_id": id });
        let shown = client.expect(200, "subscription_get", named).await;
        (shown["ttl"].clone(), shown["age"].clone(), shown["options"].clone())
    };
    fixture.clock.advance_secs(3599);
    let renewed = json!({ "subscription_id": id, "message": "Subscription q renewed." });
    assert_eq!(reader.ask("subscription_create", params).await, (201, renewed.clone()));
    assert_eq!(shown(&mut other).await, (json!(3600), json!(0), json!({ "a": 1 })));
    fixture.clock.advance_secs(3599);
    // A marker has no effect: the subscription continues where it is.
    let again = json!({ "queue_name": "q", "ttl": 7200, "marker": "0", "options": { "b": 2 } });
    assert_eq!(reader.ask("subscription_create", again).await, (201, renewed));
    assert_eq!(shown(&mut other).await, (json!(7200), json!(0), json!({ "b": 2 })));
    let ids = post(&mut other, 0..1).await;
    assert_eq!(notification(&mut reader).await["id"], ids[0]);
    // Another connection has its own.
    assert_ne!(subscribe(&mut other, json!({ "queue_name": "q" })).await, id);
}

#[tokio::test]
async fn it_is_changed_by_an_action_too() {
    let fixture = Fixture::new().await;
    let (mut other, mut reader) = (fixture.connect().await, fixture.connect().await);
    let id = subscribe(&mut reader, json!({ "queue_name": "q" })).await;
    let change = |with: Value| {
        let mut body = json!({ "queue_name": "q", "subscription_id": id });
        body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        body
    };
    other.expect(204, "subscription_update", change(json!({ "ttl": 600, "options": { "a": 1 } }))).await;
    let shown = reader.expect(200, "subscription_get", change(json!({}))).await;
    assert_eq!((&shown["ttl"], &shown["options"]), (&json!(600), &json!({ "a": 1 })));
    let refused = other.expect(400, "subscription_update", change(json!({ "subscriber": "http://a" }))).await;
    let text = "The subscriber of this subscription is a WebSocket connection; that cannot be changed.";
    assert_eq!(refused["exception"], text);
}

#[tokio::test]
async fn after_a_reconnect_it_goes_on_behind_a_marker_without_a_gap() {
    let fixture = Fixture::new().await;
    let mut poster = fixture.connect().await;
    let mut reader = fixture.connect().await;
    subscribe(&mut reader, json!({ "queue_name": "q" })).await;
    let ids = post(&mut poster, 0..10).await;
    let mut markers = Vec::new();
    for _ in 0..5 {
        markers.push(notification(&mut reader).await["marker"].take());
    }
    drop(reader);
    // The last message that was read, and the one before it by its id. The message of a marker may be deleted.
    poster.expect(204, "message_delete", json!({ "queue_name": "q", "message_id": ids[4] })).await;
    poster.expect(204, "message_delete", json!({ "queue_name": "q", "message_id": ids[7] })).await;
    for (marker, expected) in [(markers[4].take(), vec![5, 6, 8, 9]), (json!(ids[5]), vec![6, 8, 9])] {
        let mut reader = fixture.connect().await;
        subscribe(&mut reader, json!({ "queue_name": "q", "marker": marker })).await;
        for number in expected {
            assert_eq!(notification(&mut reader).await["body"], number);
        }
    }
    let mut reader = fixture.connect().await;
    let (status, body) =
        reader.ask("subscription_create", json!({ "queue_name": "new", "marker": "x y" })).await;
    let text = "The marker is neither the id of a message nor one of a listing.";
    assert_eq!((status, body), (400, json!({ "exception": text, "error": null })));
    assert_eq!(reader.expect(200, "queue_list", json!({})).await, json!({ "queues": [{ "name": "q" }] }));
}

#[tokio::test]
async fn a_connection_has_so_many_subscriptions_and_no_more() {
    let options = WebSocketOptions { max_subscriptions: 2, ..WebSocketOptions::default() };
    let mut reader = Fixture::with(options).await.connect().await;
    let first = subscribe(&mut reader, json!({ "queue_name": "a" })).await;
    subscribe(&mut reader, json!({ "topic_name": "a" })).await;
    let text = "This connection has reached its maximum of 2 subscriptions.";
    let refused = (400, json!({ "exception": text, "error": null }));
    assert_eq!(reader.ask("subscription_create", json!({ "queue_name": "b" })).await, refused);
    let named = json!({ "queue_name": "a", "subscription_id": first });
    reader.expect(204, "subscription_delete", named).await;
    subscribe(&mut reader, json!({ "queue_name": "b" })).await;
}

#[tokio::test]
async fn who_may_not_subscribe_is_refused_here_too() {
    let fixture = Fixture::new().await;
    let rule = ("subscription:create".to_owned(), RuleText::Expression("!".to_owned()));
    fixture.zaqar.set_policy(Policy::new(&[rule], "default").unwrap());
    let mut reader = fixture.connect().await;
    assert_eq!(reader.ask("subscription_create", json!({ "queue_name": "q" })).await.0, 403);
}

/// Each reader reads on its own, so the server buffers nothing for one that does not read.
#[tokio::test]
async fn a_subscriber_that_does_not_read_is_cut_off_and_keeps_nobody_waiting() {
    let options =
        WebSocketOptions { send_timeout: Duration::from_millis(200), ..WebSocketOptions::default() };
    let fixture = Fixture::with(options).await;
    let (mut poster, mut reader) = (fixture.connect().await, fixture.connect().await);
    let mut silent = RawClient::connect(fixture.address).await;
    let params = request("subscription_create", json!({ "queue_name": "q" })).to_string();
    silent.write(&frame(TEXT, params.as_bytes())).await;
    subscribe(&mut reader, json!({ "queue_name": "q" })).await;
    let body = "x".repeat(200_000);
    let q = json!({ "queue_name": "q" });
    let both = async |client: &mut Client| {
        let listed = client.expect(200, "subscription_list", q.clone()).await;
        listed["subscriptions"].as_array().unwrap().len() == 2
    };
    while !both(&mut poster).await {}
    while both(&mut poster).await {
        poster.post("q", &[json!(body)]).await;
        assert_eq!(notification(&mut reader).await["body"], body.as_str());
    }
}
