//! How endpoints are, and what follows: real requests to real receivers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use support::http::{CLIENT_ID, Client};
use support::queues::{post_ok, subscribe};
use support::receiver::{Receiver, status};
use support::server::Site;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// The subscription, once it is shown like this.
fn wait_until_shown(client: &mut Client, subscription: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
    loop {
        let answer = client.request("GET", subscription, None).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let shown = answer.json();
        if is_meant(&shown) {
            return shown;
        }
    }
}

fn path(queue: &str, id: &str) -> String {
    format!("/v2/queues/{queue}/subscriptions/{id}")
}

#[test]
fn messages_that_an_endpoint_cannot_take_hold_up_no_others() {
    // If the breaker opened, the test would not end in time.
    let site = Site::new("[notification]\nbreaker_time = 3600\nbreaker_max_time = 3600");
    let server = site.start();
    let receiver =
        Receiver::deciding(|received| status(if received.json()["body"] == "bad" { 500 } else { 200 }));
    let mut client = server.client();
    let id = subscribe(&mut client, "mixed", &receiver.url("/"), &json!({}));
    let good = (0..10).map(|number| json!(number));
    let bodies: Vec<Value> = vec![json!("bad"); 5].into_iter().chain(good).collect();
    post_ok(&mut client, "mixed", &bodies);
    // Each bad one is tried again at once, beside the good ones.
    let received = receiver.wait_until(|received| {
        let bad = received.iter().filter(|received| received.json()["body"] == "bad").count();
        received.len() - bad == 10 && bad >= 20
    });
    let good = received.iter().map(|received| received.json()["body"].clone()).filter(Value::is_number);
    assert_eq!(good.collect::<Vec<_>>(), (0..10).map(|number| json!(number)).collect::<Vec<_>>());
    wait_until_shown(&mut client, &path("mixed", &id), |shown| {
        shown["endpoint"] == json!({"state": "healthy"})
    });
}

#[test]
fn an_endpoint_that_answers_429_is_slowed_and_shown_so() {
    let site = Site::new("");
    let server = site.start();
    let mut count = 0;
    let receiver = Receiver::deciding(move |_| {
        count += 1;
        status(if count == 4 { 429 } else { 200 })
    });
    let mut client = server.client();
    let id = subscribe(&mut client, "limited", &receiver.url("/"), &json!({}));
    post_ok(&mut client, "limited", &[json!(1), json!(2), json!(3), json!(4)]);
    let shown =
        wait_until_shown(&mut client, &path("limited", &id), |shown| shown["endpoint"]["state"] == "slowed");
    let endpoint = &shown["endpoint"];
    assert!(endpoint["deliveries_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{endpoint}");
    assert!(endpoint["reason"].as_str().is_some_and(|reason| reason.contains("429")), "{endpoint}");
    receiver.wait_for(5);
}

#[test]
fn an_endpoint_that_is_left_alone_is_shown_with_the_reason() {
    let site =
        Site::new("[notification]\nbreaker_failures = 2\nbreaker_time = 3600\nbreaker_max_time = 3600");
    let server = site.start();
    let receiver = Receiver::answering(503);
    let mut client = server.client();
    let id = subscribe(&mut client, "unwell", &receiver.url("/"), &json!({}));
    post_ok(&mut client, "unwell", &[json!(1), json!(2)]);
    let shown =
        wait_until_shown(&mut client, &path("unwell", &id), |shown| shown["endpoint"]["state"] == "open");
    assert!(shown["endpoint"]["until"].as_str().unwrap().ends_with('Z'));
    assert!(shown["endpoint"]["reason"].as_str().unwrap().contains("502 to 504"));
    // Another queue finds out for itself.
    let id = subscribe(&mut client, "other", &receiver.url("/"), &json!({}));
    wait_until_shown(&mut client, &path("other", &id), |shown| shown["endpoint"]["state"] == "healthy");
    let line = server.log.find(|line| line.contains("left alone for a while")).unwrap();
    for part in ["project=", "queue=unwell", "subscription=", &format!("address={}", receiver.url("/"))] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

/// Requests that `socket` sends and that make, or change, a subscription to the queue `q`.
async fn ask(socket: &mut WebSocketStream<TcpStream>, action: &str, mut body: Value) -> (Value, Value) {
    body["queue_name"] = "q".into();
    let headers = json!({ "Client-ID": CLIENT_ID, "X-Project-ID": "tests" });
    let request = json!({ "action": action, "headers": headers, "body": body }).to_string();
    socket.send(Message::text(request)).await.unwrap();
    let reply: Value = serde_json::from_slice(&socket.next().await.unwrap().unwrap().into_data()).unwrap();
    (reply["headers"]["status"].clone(), reply["body"].clone())
}

#[test]
fn what_can_never_be_delivered_is_400_on_create_and_on_patch_over_both_interfaces() {
    let server = Site::new("").start();
    let mut client = server.client();
    let path = path("q", &subscribe(&mut client, "q", "http://example.org/first", &json!({})));
    let id = path.rsplit('/').next().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut socket = runtime.block_on(async {
        let stream = TcpStream::connect(server.websocket).await.unwrap();
        client_async(server.websocket_url(), stream).await.unwrap().0
    });
    let too_many: Value = (0..999).map(|number| (format!("x-{number}"), json!(""))).collect();
    for bad in [
        json!({ "options": { "post_headers": { "X-N": 5 } } }),
        json!({ "options": { "post_headers": { "a b": "c" } } }),
        json!({ "options": { "post_headers": { "X-N": "a\r\nb" } } }),
        json!({ "options": { "post_headers": { "Host": "a" } } }),
        json!({ "options": { "post_headers": too_many } }),
        json!({ "options": { "post_data": {} } }),
        json!({ "subscriber": "http://" }),
        json!({ "subscriber": "http://example.org:99999/" }),
        json!({ "subscriber": "http://169.254.169.254/latest" }),
    ] {
        let mut wish = json!({ "subscriber": "http://example.org/second" });
        wish.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        let mut named = bad.clone();
        named["subscription_id"] = id.into();
        let is_told = |text: &str| {
            assert!(text.starts_with("Nothing can be delivered to this subscription: "), "{bad}: {text}");
        };
        for (method, path, body) in
            [("POST", "/v2/queues/q/subscriptions", &wish), ("PATCH", path.as_str(), &bad)]
        {
            let answer = client.request(method, path, Some(body)).unwrap();
            assert_eq!(answer.status, 400, "{method} {bad}");
            is_told(answer.json()["description"].as_str().unwrap());
        }
        for (action, body) in [("subscription_create", wish), ("subscription_update", named)] {
            let (status, body) = runtime.block_on(ask(&mut socket, action, body));
            assert_eq!(status, 400, "{action} {bad}");
            is_told(body["exception"].as_str().unwrap());
        }
    }
    // So number upstream's clients their subscribers.
    subscribe(&mut client, "q", "http://1", &json!({}));
    let shown = client.request("GET", &path, None).unwrap().json();
    assert_eq!((&shown["subscriber"], &shown["options"]), (&json!("http://example.org/first"), &json!({})));
}

#[test]
fn an_endpoint_that_is_gone_is_sent_nothing_until_somebody_lifts_that() {
    let site = Site::new("");
    let server = site.start();
    let receiver = Receiver::answering(410);
    let mut client = server.client();
    let id = subscribe(&mut client, "gone", &receiver.url("/"), &json!({}));
    post_ok(&mut client, "gone", &[json!(1), json!(2)]);
    let shown = wait_until_shown(&mut client, &path("gone", &id), |shown| !shown["suspended"].is_null());
    assert!(shown["suspended"]["reason"].as_str().unwrap().contains("410"), "{shown}");
    let asked = receiver.wait_for(1).len();
    assert!(server.stop().success());
    let server = site.start();
    let mut client = server.client();
    assert!(!wait_until_shown(&mut client, &path("gone", &id), |_| true)["suspended"].is_null());
    receiver.switch_to(200);
    let renewed = client.request("PATCH", &path("gone", &id), Some(&json!({"ttl": 600}))).unwrap();
    assert_eq!(renewed.status, 204, "{}", renewed.text());
    let received = receiver.wait_for(asked + 2);
    let delivered: Vec<_> =
        received[asked..].iter().map(|received| received.json()["body"].clone()).collect();
    assert!(delivered.contains(&json!(1)) && delivered.contains(&json!(2)), "{delivered:?}");
    assert_eq!(asked, 1);
}
