//! The programs and the page under `examples/websocket`: they follow a queue, and miss nothing while they are away.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use support::http::{CLIENT_ID, Response};
use support::lines::Lines;
use support::server::{Server, Site, directory_of_binaries};
use support::tools::Tools;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/websocket").join(name)
}

fn post(server: &Server, numbers: &[u32]) {
    let messages: Vec<_> = numbers.iter().map(|number| json!({ "body": number, "ttl": 300 })).collect();
    let body = json!({ "messages": messages }).to_string();
    let request = format!(
        "POST /v2/queues/orders/messages HTTP/1.1\r\nHost: localhost\r\nX-Project-ID: demo\r\n\
         Client-ID: 3381af92-2b9e-11e3-b191-71861300734c\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(server.client().exchange(request.as_bytes()).unwrap().status, 201);
}

/// Starts the program, posts when it follows, and ends it when it has printed the last of what was posted.
fn printed(server: &Server, program: Command, marker: &Path, posted: &[u32]) -> Vec<String> {
    let (mut follower, lines) = following(server, program, marker);
    post(server, posted);
    let last = posted.last().unwrap().to_string();
    lines.find(|line| line == last).unwrap();
    follower.kill().unwrap();
    follower.wait().unwrap();
    lines.all().into_iter().filter(|line| !line.starts_with("following")).collect()
}

fn misses_nothing(program: impl Fn() -> Command) {
    let site = Site::new("");
    let server = site.start();
    post(&server, &[1]);
    let marker = site.path("marker");
    let mut seen = printed(&server, program(), &marker, &[2, 3]);
    post(&server, &[4]);
    seen.extend(printed(&server, program(), &marker, &[5]));
    // It may have been ended before it wrote down where it was.
    seen.dedup();
    assert_eq!(seen, ["2", "3", "4", "5"]);
    survives_the_end_of_its_queue(&server, program());
    ends_when_somebody_ends_its_subscription(&server, program());
}

/// The program, once it follows the queue.
fn following(server: &Server, mut program: Command, marker: &Path) -> (Child, Lines) {
    program.args([&server.websocket_url(), "demo", "orders"]).arg(marker);
    let mut follower = program.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let lines = Lines::collect(follower.stdout.take().unwrap());
    lines.find(|line| line == "following orders").unwrap();
    (follower, lines)
}

fn ask(server: &Server, method: &str, path: &str) -> Response {
    let headers = [("X-Project-ID", "demo"), ("Client-ID", CLIENT_ID), ("Accept", "application/json")];
    server.client().send(method, &format!("/v2/queues/orders{path}"), &headers, None).unwrap()
}

fn ends_when_somebody_ends_its_subscription(server: &Server, program: Command) {
    let site = Site::new("");
    let (mut follower, lines) = following(server, program, &site.path("marker"));
    let listed: Value = serde_json::from_slice(&ask(server, "GET", "/subscriptions").body).unwrap();
    let id = listed["subscriptions"][0]["id"].as_str().unwrap();
    assert_eq!(ask(server, "DELETE", &format!("/subscriptions/{id}")).status, 204);
    assert_eq!(lines.all(), ["following orders"]);
    assert!(follower.wait().unwrap().success());
}

/// It is made anew while the program follows.
fn survives_the_end_of_its_queue(server: &Server, program: Command) {
    let site = Site::new("");
    let (mut follower, lines) = following(server, program, &site.path("marker"));
    assert_eq!(ask(server, "DELETE", "").status, 204);
    post(server, &[6, 7]);
    lines.find(|line| line == "7").unwrap();
    follower.kill().unwrap();
    follower.wait().unwrap();
    assert!(lines.find(|line| line == "6").is_some());
}

#[test]
fn the_python_program_misses_nothing() {
    let python = Tools::find().python;
    misses_nothing(|| {
        let mut command = Command::new(&python);
        command.arg(example("subscriber.py"));
        command
    });
}

#[test]
fn the_rust_program_misses_nothing() {
    let built = directory_of_binaries().join("examples/subscriber");
    misses_nothing(|| Command::new(&built));
}

#[test]
fn the_page_in_a_browser_misses_nothing() {
    let site = Site::new("");
    let server = site.start();
    let output = Command::new(Tools::find().python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/websocket_page.py"))
        .arg(std::fs::canonicalize(example("page.html")).unwrap())
        .arg(server.websocket_url())
        .arg(site.path("browser"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", site.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
