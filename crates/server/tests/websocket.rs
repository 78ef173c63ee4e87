//! The WebSocket interface of the real binary, by public client libraries.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::{Command, Stdio};

use serde_json::json;
use support::http::CLIENT_ID;
use support::keystone::Keystone;
use support::lines::Lines;
use support::queues;
use support::server::{Site, zaqar_command};
use support::tools::Tools;

fn python(script: &str, arguments: &[&str]) {
    let script = format!("{}/tests/python/{script}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(Tools::find().python).arg(script).args(arguments).env_clear().output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_public_library_converses_in_both_formats() {
    let server = Site::new("").start();
    python("websocket_conversation.py", &[&server.websocket_url()]);
}

#[test]
fn what_was_posted_by_websocket_is_there_over_rest() {
    let server = Site::new("").start();
    python("websocket_post.py", &[&server.websocket_url()]);
    assert_eq!(queues::list_all(&mut server.client(), "afar").len(), 1);
}

#[test]
fn the_asyncapi_document_in_the_guide_is_that_of_this_version() {
    let output = zaqar_command(&["asyncapi"]).output().unwrap();
    assert!(output.status.success());
    let committed = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/asyncapi.json")).unwrap();
    assert!(committed == output.stdout, "renew it: cargo run -- asyncapi > docs/asyncapi.json");
}

#[test]
fn when_the_server_stops_each_connection_is_told() {
    let server = Site::new("").start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/websocket_wait.py");
    let mut waiting = Command::new(Tools::find().python);
    let mut waiting = waiting.arg(script).arg(server.websocket_url()).stdout(Stdio::piped()).spawn().unwrap();
    let output = Lines::collect(waiting.stdout.take().unwrap());
    assert!(output.find(|line| line == "connected").is_some());
    assert!(server.stop().success());
    assert_eq!(output.all(), ["connected", "closed with 1001"]);
    assert!(waiting.wait().unwrap().success());
}

#[test]
fn after_a_kill_a_connections_own_subscription_is_gone() {
    let site = Site::new("");
    let server = site.start();
    let script = format!("{}/tests/python/websocket_subscribe.py", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(Tools::find().python);
    let mut subscriber =
        command.arg(script).arg(server.websocket_url()).stdout(Stdio::piped()).env_clear().spawn().unwrap();
    let lines = Lines::collect(subscriber.stdout.take().unwrap());
    lines.find(|line| line == "subscriptions: 1").unwrap();
    server.kill();
    assert!(subscriber.wait().unwrap().success());
    let server = site.start();
    let list = b"GET /v2/queues/q/subscriptions HTTP/1.1\r\nHost: localhost\r\nX-Project-ID: p\r\n\
                 Client-ID: 3381af92-2b9e-11e3-b191-71861300734c\r\n\r\n";
    let listed = server.client().exchange(list).unwrap().json();
    assert_eq!(listed["subscriptions"].as_array().unwrap().len(), 0, "{listed}");
}

#[test]
fn a_deletion_over_rest_is_told_to_the_connection() {
    let server = Site::new("").start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/websocket_ended.py");
    let mut command = Command::new(Tools::find().python);
    let command = command.arg(script).arg(server.websocket_url()).env_clear();
    let mut subscriber = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = Lines::collect(subscriber.stdout.take().unwrap());
    let id = lines.find(|line| line.starts_with("subscribed to a as ")).unwrap();
    let id = id.trim_start_matches("subscribed to a as ");
    lines.find(|line| line.starts_with("subscribed to c as ")).unwrap();
    let ends = [
        ("DELETE", format!("/v2/queues/a/subscriptions/{id}"), None, "a deleted"),
        (
            "POST",
            "/v2/queues/b/purge".to_owned(),
            Some(json!({ "resource_types": ["subscriptions"] })),
            "b purged",
        ),
        ("DELETE", "/v2/queues/c".to_owned(), None, "c source_deleted"),
    ];
    for (method, path, body, told) in ends {
        let headers = [("Client-ID", CLIENT_ID), ("X-Project-ID", "p"), ("Accept", "application/json")];
        let response = server.client().send(method, &path, &headers, body.as_ref()).unwrap();
        assert_eq!(response.status, 204, "{}", response.text());
        assert!(lines.find(|line| line == format!("SubscriptionEnded {told}")).is_some());
    }
    assert!(subscriber.wait().unwrap().success());
}

#[test]
fn one_interface_alone_may_be_served() {
    let server = Site::new("[drivers]\ntransport = websocket").start();
    assert_eq!(server.address.port(), 0);
    python("websocket_conversation.py", &[&server.websocket_url()]);
    let server = Site::new("[drivers]\ntransport = wsgi").start();
    assert_eq!((server.websocket.port(), server.address.port() > 0), (0, true));
}

#[test]
fn openstacks_client_lists_queues_and_a_connection_belongs_to_its_token() {
    let mut keystone = Keystone::start();
    keystone.project("shop");
    keystone.user("alice", "shop", "member");
    let (project, token) = (keystone.id_of("projects", "shop"), keystone.token("alice", "shop"));
    keystone.begin_again(10);
    let server = Site::new(&keystone.options("")).start();
    let short = keystone.token("alice", "shop");
    python("websocket_keystone.py", &[&server.websocket_url(), &project, &token, &short]);
    assert!(server.stop().success());
}
