//! Subscribers are told of messages: real requests to real receivers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};
use support::http::Client;
use support::queues::{self, post_ok, subscribe};
use support::receiver::{Received, Receiver, status};
use support::server::Site;

/// The bodies that came, in the order in which each came first.
fn bodies(received: &[Received]) -> Vec<Value> {
    let mut bodies: Vec<Value> = Vec::new();
    for body in received.iter().map(|received| received.json()["body"].clone()) {
        if !bodies.contains(&body) {
            bodies.push(body);
        }
    }
    bodies
}

/// The messages of a queue, once there are some.
fn wait_for_messages(client: &mut Client, queue: &str) -> Vec<queues::Taken> {
    loop {
        let messages = queues::list_all(client, queue);
        if !messages.is_empty() {
            return messages;
        }
    }
}

#[test]
fn a_subscriber_gets_upstreams_document_with_the_id_of_the_message() {
    let (site, receiver) = (Site::new(""), Receiver::answering(204));
    let server = site.start();
    let mut client = server.client();
    subscribe(&mut client, "beds", &receiver.url("/path?query=1"), &json!({}));
    let ids = post_ok(&mut client, "beds", &[json!({"event": "BackupStarted", "b": [1, 2]})]);
    let received = receiver.wait_for(1).remove(0);
    assert_eq!(
        String::from_utf8(received.body.clone()).unwrap(),
        "{\"ttl\": 3600, \"body\": {\"event\":\"BackupStarted\",\"b\":[1,2]}, \
         \"Message_Type\": \"Notification\", \"queue_name\": \"beds\"}"
    );
    assert_eq!(received.path, "/path?query=1");
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(received.header("webhook-id"), Some(ids[0].as_str()));
    assert_eq!(received.header("webhook-signature"), None);
    // A topic tells its subscribers, too, and its messages need no consumer.
    let document = json!({"subscriber": receiver.url("/topic"), "ttl": 3600});
    let made = client.request("POST", "/v2/topics/news/subscriptions", Some(&document)).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let messages = json!({"messages": [{"ttl": 60, "body": "new"}]});
    assert_eq!(client.request("POST", "/v2/topics/news/messages", Some(&messages)).unwrap().status, 201);
    assert_eq!(receiver.wait_for(2)[1].path, "/topic");
}

#[test]
fn options_of_a_subscription_shape_its_requests() {
    let (site, receiver) = (Site::new(""), Receiver::answering(200));
    let server = site.start();
    let mut client = server.client();
    let options = json!({
        "post_headers": {"X-Custom": "value", "Content-Type": "application/x-custom"},
        "post_data": "{\"wrapped\": \"$zaqar_message$\", \"more\": 1}",
    });
    subscribe(&mut client, "shaped", &receiver.url("/"), &options);
    post_ok(&mut client, "shaped", &[json!("body")]);
    let received = receiver.wait_for(1).remove(0);
    assert_eq!(received.header("x-custom"), Some("value"));
    assert_eq!(received.header("content-type"), Some("application/x-custom"));
    assert_eq!(received.json()["wrapped"]["body"], json!("body"));
    assert_eq!(received.json()["more"], json!(1));
}

#[test]
fn first_attempts_come_in_the_order_of_posting_and_failures_are_tried_again() {
    let site = Site::new("[notification]\nbreaker_failures = 0");
    let server = site.start();
    let mut count = 0;
    let receiver = Receiver::deciding(move |_| {
        count += 1;
        status(if count % 3 == 0 { 503 } else { 200 })
    });
    let mut client = server.client();
    subscribe(&mut client, "ordered", &receiver.url("/"), &json!({}));
    let numbers: Vec<Value> = (0..200).map(|number| json!(number)).collect();
    for batch in numbers.chunks(20) {
        post_ok(&mut client, "ordered", batch);
    }
    let received = receiver.wait_until(|received| received.len() >= 250 && bodies(received).len() == 200);
    assert_eq!(bodies(&received), numbers);
}

#[test]
fn a_message_that_is_deleted_early_still_reaches_its_subscriber() {
    let site = Site::new("[notification]\nbreaker_failures = 0");
    let (server, receiver) = (site.start(), Receiver::answering(500));
    let mut client = server.client();
    subscribe(&mut client, "early", &receiver.url("/"), &json!({}));
    let ids = post_ok(&mut client, "early", &[json!("kept")]);
    receiver.wait_for(1);
    let gone = client.request("DELETE", &format!("/v2/queues/early/messages/{}", ids[0]), None).unwrap();
    assert_eq!(gone.status, 204);
    receiver.switch_to(200);
    let last = receiver.wait_for(2).pop().unwrap();
    assert_eq!(last.header("webhook-id"), Some(ids[0].as_str()));
}

#[test]
fn what_is_given_up_goes_to_the_dead_letter_queue_with_its_reason() {
    let (site, receiver) = (Site::new(""), Receiver::answering(404));
    let server = site.start();
    let mut client = server.client();
    let options = json!({"_dead_letter_queue": "dead"});
    let subscription = subscribe(&mut client, "letters", &receiver.url("/hook"), &options);
    let ids = post_ok(&mut client, "letters", &[json!({"a": 1})]);
    let dead = wait_for_messages(&mut client, "dead");
    assert_eq!(
        dead[0].body,
        json!({
            "reason": "Given up after 1 attempt. The last answer was 404: seen",
            "attempts": 1,
            "queue_name": "letters",
            "subscription_id": subscription,
            "subscriber": receiver.url("/hook"),
            "message_id": ids[0],
            "body": {"a": 1},
        })
    );
    assert_eq!(receiver.wait_for(1).len(), 1);
    // An endpoint that fails is tried as often as the policy says.
    receiver.switch_to(500);
    let policy = json!({
        "retries_with_no_delay": 2, "minimum_delay_retries": 0, "minimum_delay": 0, "maximum_delay": 10,
        "maximum_delay_retries": 0, "retry_backoff_function": "exponential",
    });
    let options = json!({"_dead_letter_queue": "dead-too", "_retry_policy": policy});
    subscribe(&mut client, "tries", &receiver.url("/failing"), &options);
    post_ok(&mut client, "tries", &[json!(2)]);
    let dead = wait_for_messages(&mut client, "dead-too");
    let attempts = dead[0].body["attempts"].as_u64().unwrap();
    assert_eq!(attempts, 5, "{}", dead[0].body);
}

#[test]
fn what_was_claimed_too_often_moves_by_itself_and_is_told() {
    let (site, receiver) = (Site::new(""), Receiver::answering(200));
    let server = site.start();
    let mut client = server.client();
    let metadata = json!({"_max_claim_count": 1, "_dead_letter_queue": "buried"});
    assert_eq!(client.request("PUT", "/v2/queues/worn", Some(&metadata)).unwrap().status, 201);
    subscribe(&mut client, "buried", &receiver.url("/"), &json!({}));
    post_ok(&mut client, "worn", &[json!("first")]);
    claim_and_release(&mut client);
    assert_eq!(bodies(&receiver.wait_for(1)), [json!("first")]);
    assert_eq!(wait_for_messages(&mut client, "buried")[0].body, json!("first"));
    // A claim that ends just before a crash is looked at after it.
    post_ok(&mut client, "worn", &[json!("second")]);
    claim_and_release(&mut client);
    server.kill();
    let server = site.start();
    let told = receiver.wait_until(|received| bodies(received).len() == 2);
    assert_eq!(bodies(&told), [json!("first"), json!("second")]);
    assert!(server.stop().success());
}

fn claim_and_release(client: &mut Client) {
    let claimed = queues::messages(&queues::claim(client, "worn", 1).unwrap());
    let claim = claimed[0].href.rsplit_once("claim_id=").unwrap().1;
    let released = client.request("DELETE", &format!("/v2/queues/worn/claims/{claim}"), None).unwrap();
    assert_eq!(released.status, 204);
}

#[test]
fn the_dead_letter_of_an_encrypted_queue_is_encrypted_and_read_as_plain() {
    let (site, receiver) = (Site::new(""), Receiver::answering(403));
    let server = site.start();
    let mut client = server.client();
    let secret = json!({"_enable_encrypt_messages": true});
    assert_eq!(client.request("PUT", "/v2/queues/secret", Some(&secret)).unwrap().status, 201);
    subscribe(&mut client, "secret", &receiver.url("/"), &json!({"_dead_letter_queue": "dead"}));
    post_ok(&mut client, "secret", &[json!("opensesame")]);
    assert_eq!(receiver.wait_for(1)[0].json()["body"], json!("opensesame"));
    assert_eq!(wait_for_messages(&mut client, "dead")[0].body["body"], json!("opensesame"));
    assert!(server.stop().success());
    for file in walk(&site.path("data")) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(10).any(|window| window == b"opensesame"), "{}", file.display());
    }
}

fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn an_endpoint_that_fails_is_left_alone_until_its_breaker_lets_someone_look() {
    let site = Site::new("[notification]\nbreaker_failures = 3\nbreaker_time = 1\nbreaker_max_time = 1");
    let code = Arc::new(AtomicU16::new(503));
    let decided = Arc::clone(&code);
    let receiver = Receiver::deciding(move |_| status(decided.load(Ordering::SeqCst)));
    let server = site.start();
    let mut client = server.client();
    subscribe(&mut client, "broken", &receiver.url("/"), &json!({}));
    let numbers: Vec<Value> = (0..50).map(|number| json!(number)).collect();
    post_ok(&mut client, "broken", &numbers);
    server.log.find(|line| line.contains("left alone for a while"));
    // A probe fails, another opens the way for all.
    server.log.find(|line| line.contains("left alone for a while"));
    let before = receiver.wait_for(4).len();
    assert!(before < 20, "{before} requests although the breaker is open");
    code.store(200, Ordering::SeqCst);
    let received = receiver.wait_until(|received| bodies(received).len() == 50);
    assert_eq!(bodies(&received), numbers);
}

#[test]
fn what_is_owed_survives_a_restart_and_what_was_delivered_is_not_delivered_again() {
    let (site, receiver) = (Site::new("[notification]\nbreaker_failures = 0"), Receiver::answering(200));
    let server = site.start();
    let mut client = server.client();
    subscribe(&mut client, "restart", &receiver.url("/"), &json!({}));
    post_ok(&mut client, "restart", &[json!("before")]);
    receiver.wait_for(1);
    receiver.switch_to(500);
    post_ok(&mut client, "restart", &[json!("between")]);
    receiver.wait_for(2);
    assert!(server.stop().success());
    receiver.switch_to(200);
    let server = site.start();
    let mut client = server.client();
    let behind = |received: &[Received], body: &str| {
        received.iter().filter(|received| received.json()["body"] == json!(body)).count()
    };
    receiver.wait_until(|received| behind(received, "between") >= 2);
    post_ok(&mut client, "restart", &[json!("after")]);
    let received = receiver.wait_until(|received| behind(received, "after") >= 1);
    assert_eq!(behind(&received, "before"), 1);
}

#[test]
fn a_hanging_endpoint_does_not_hold_up_its_neighbours_nor_the_end_of_the_server() {
    let site = Site::new(
        "[drivers:transport:wsgi]\nshutdown_timeout = 1\n[notification]\nmax_notifier_workers = 1\n\
         max_waiting_deliveries = 40\nmax_project_deliveries = 40",
    );
    let (hanging, healthy) = (Receiver::deciding(|_| None), Receiver::answering(200));
    let server = site.start();
    let mut client = server.client();
    for number in 0..20 {
        subscribe(&mut client, "shared", &hanging.url(&format!("/{number}")), &json!({}));
    }
    subscribe(&mut client, "shared", &healthy.url("/"), &json!({}));
    let numbers: Vec<Value> = (0..20).map(|number| json!(number)).collect();
    post_ok(&mut client, "shared", &numbers);
    let received = healthy.wait_until(|received| bodies(received).len() == 20);
    assert_eq!(bodies(&received), numbers);
    assert!(server.stop().success());
}

#[test]
fn loopback_is_refused_where_the_server_listens_elsewhere_and_the_reason_is_told() {
    let site = Site::new("[drivers:transport:wsgi]\nbind = 0.0.0.0");
    let receiver = Receiver::answering(200);
    let server = site.start();
    let mut client = Client::new(([127, 0, 0, 1], server.address.port()).into());
    for (subscriber, reason) in [
        (receiver.url("/"), "127.0.0.1 is this machine's own"),
        (
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "169.254.169.254 is link-local or serves a cloud's metadata",
        ),
    ] {
        let document = json!({"subscriber": subscriber});
        let refused = client.request("POST", "/v2/queues/guarded/subscriptions", Some(&document)).unwrap();
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains(reason), "{}", refused.text());
    }
    assert_eq!(receiver.wait_for(0).len(), 0);
}

#[test]
fn a_bad_range_of_addresses_is_refused_with_its_option() {
    let output = Site::new("[notification]\nallowed_addresses = 10.0.0.0/99").run();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("[notification] allowed_addresses = 10.0.0.0/99 is no range of addresses"),
        "{told}"
    );
}
