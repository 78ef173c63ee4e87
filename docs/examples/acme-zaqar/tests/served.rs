//! The site's binary with its stage in the pipeline of messages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

// A client and a reader of output, which the tests of the server have, too.
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../../../../crates/server/tests/support/http.rs"]
mod http;
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../../../../crates/server/tests/support/lines.rs"]
mod lines;
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../../../../crates/server/tests/support/ports.rs"]
mod ports;

use std::fs;
use std::process::{Child, Command, Stdio};

use http::Client;
use lines::Lines;
use serde_json::{Value, json};
use tempfile::TempDir;

fn binary(site: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acme-zaqar"));
    command.env_clear().envs(ports::FREE).current_dir(site.path()).stdin(Stdio::null());
    command
}

/// A directory with a configuration that names the stage.
fn site(forbidden_words: Option<&str>) -> TempDir {
    let site = TempDir::new().unwrap();
    let options = "[drivers]\ntransport = wsgi\n[storage]\nmessage_pipeline = zaqar.notification.notifier, acme.house_rules\n";
    fs::write(site.path().join("zaqar.conf"), options).unwrap();
    if let Some(words) = forbidden_words {
        fs::write(site.path().join("forbidden-words.txt"), words).unwrap();
    }
    site
}

/// Ended when it goes out of scope.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(site: &TempDir) -> (Running, Client) {
    let mut command = binary(site);
    command.args(["server", "--config-file", "zaqar.conf"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let output = Lines::collect(child.stdout.take().unwrap());
    let running = Running(child);
    let line = output.find(|line| line.contains("listening on http")).expect("it starts");
    let address = line.rsplit("://").next().unwrap().parse().unwrap();
    (running, Client::new(address))
}

fn post(client: &mut Client, queue: &str, body: &Value) -> (u16, Value) {
    let path = format!("/v2/queues/{queue}/messages");
    let answer = client.request("POST", &path, Some(&json!({"messages": [body]}))).unwrap();
    (answer.status, answer.json())
}

fn messages_in(client: &mut Client, queue: &str) -> Vec<Value> {
    let path = format!("/v2/queues/{queue}/messages?echo=true");
    let listed = client.request("GET", &path, None).unwrap().json();
    listed["messages"].as_array().unwrap().clone()
}

#[test]
fn clients_meet_the_rules_of_the_house() {
    let site = site(Some("roadmap\n"));
    let (_running, mut client) = start(&site);

    let (status, document) = post(&mut client, "q", &json!({"body": "our roadmap"}));
    assert_eq!(status, 403);
    assert_eq!(
        document,
        json!({
            "title": "Forbidden",
            "description": "A message has the word \"roadmap\" in it, which does not leave this house.",
        })
    );

    let (status, document) = post(&mut client, "load-test", &json!({"body": 1}));
    assert_eq!((status, document["resources"].as_array().unwrap().len()), (201, 1));
    assert!(messages_in(&mut client, "load-test").is_empty());

    assert_eq!(post(&mut client, "q", &json!({"body": 2, "ttl": 99_999})).0, 201);
    let kept = messages_in(&mut client, "q");
    assert_eq!((kept.len(), &kept[0]["body"], &kept[0]["ttl"]), (1, &json!(2), &json!(3600)));
}

#[test]
fn a_stage_that_cannot_be_made_keeps_the_server_from_starting() {
    let site = site(None);
    let output = binary(&site).args(["server", "--config-file", "zaqar.conf"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    let start =
        "zaqar: [storage] message_pipeline: the stage acme.house_rules cannot be made: forbidden-words.txt: ";
    assert!(errors.starts_with(start) && errors.lines().count() == 1, "{errors}");
    assert!(!site.path().join("zaqar-data").exists(), "it leaves nothing behind");
}

#[test]
fn the_stage_is_known_to_the_check_of_a_configuration() {
    let output =
        binary(&site(None)).args(["config", "check", "--config-file", "zaqar.conf"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "the configuration is valid\n");
}
