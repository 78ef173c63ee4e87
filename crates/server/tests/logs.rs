//! The form of log lines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::{SinkExt, StreamExt};
use regex::Regex;
use serde_json::{Value, json};
use support::http::CLIENT_ID;
use support::ports::Reserved;
use support::server::{Server, Site};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

/// The lines that a server logs while it starts, answers `paths`, and stops; and the ids of those requests.
fn logged(options: &str, paths: &[&str]) -> (Vec<String>, Vec<String>) {
    let site = Site::new(options);
    let server = site.start();
    let mut client = server.client();
    let ids = paths
        .iter()
        .map(|path| {
            let response = client.request("GET", path, None).unwrap();
            response.header("x-openstack-request-id").unwrap().to_owned()
        })
        .collect();
    server.signal(rustix::process::Signal::TERM);
    (server.log.all(), ids)
}

#[test]
fn json_lines_are_objects_with_time_level_and_message() {
    let (lines, _) = logged("[DEFAULT]\nlog_format = json\ndebug = true", &["/v2/ping"]);
    assert!(!lines.is_empty());
    for line in lines {
        let entry: Value = serde_json::from_str(&line).unwrap();
        for member in ["timestamp", "level", "target", "message"] {
            assert!(entry[member].is_string(), "no {member} in {line}");
        }
    }
}

#[test]
fn use_json_is_understood_as_openstack_writes_it() {
    let (lines, _) = logged("[DEFAULT]\nuse_json = True", &[]);
    assert!(lines.iter().all(|line| line.starts_with('{')), "{lines:?}");
}

#[test]
fn text_is_plain_where_there_is_no_terminal() {
    let (lines, _) = logged("[DEFAULT]\nlog_format = text\ndebug = true", &["/v2/ping"]);
    assert!(!lines.is_empty());
    for line in lines {
        assert!(!line.starts_with('{') && !line.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn every_request_is_logged_with_its_id_at_debug_and_none_at_info() {
    let (lines, ids) = logged("[DEFAULT]\ndebug = true", &["/v2/ping", "/v2/queues"]);
    for id in &ids {
        assert!(lines.iter().any(|line| line.contains(id)), "{id} is not in {lines:?}");
    }
    let (lines, ids) = logged("", &["/v2/ping", "/v2/queues"]);
    for id in &ids {
        assert!(!lines.iter().any(|line| line.contains(id)), "{id} is in {lines:?}");
    }
}

#[test]
fn a_request_that_fails_inside_is_logged_with_its_id() {
    let nobody = Reserved::new();
    let keystone = format!(
        "[DEFAULT]\nauth_strategy = keystone\n[keystone_authtoken]\nauth_url = http://{}\nauth_type = password\n\
         username = zaqar\npassword = secret\nuser_domain_id = default\nhttp_request_max_retries = 0\n",
        nobody.address
    );
    let site = Site::new(&keystone);
    let server = site.start();
    let token = [("X-Auth-Token", "some"), ("Client-ID", CLIENT_ID)];
    let failed = server.client().send("GET", "/v2/queues", &token, None).unwrap();
    assert_eq!(failed.status, 503);
    let id = failed.header("x-openstack-request-id").unwrap();
    server.log.find(|line| line.contains("request failed") && line.contains(id)).unwrap();
}

/// The lines of a server with `options`, as JSON, once one of them has this message.
fn entries(server: &Server, message: &str) -> Vec<Value> {
    let wanted = format!("\"message\":\"{message}\"");
    server.log.find(|line| line.contains(&wanted)).unwrap();
    server.signal(rustix::process::Signal::TERM);
    server.log.all().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn with_message<'e>(entries: &'e [Value], message: &str) -> &'e Value {
    entries.iter().find(|entry| entry["message"] == message).unwrap()
}

/// At the usual level of logs.
#[test]
fn a_request_whose_names_look_like_slips_is_logged_with_what_the_client_was_told() {
    let server = Site::new("[DEFAULT]\nlog_format = json").start();
    let mut client = server.client();
    let slip = json!({ "messages": [{ "body": 1, "dealy": 5 }] });
    assert_eq!(client.request("POST", "/v2/queues/q/messages", Some(&slip)).unwrap().status, 201);
    assert_eq!(client.request("GET", "/v2/queues/q/messages", None).unwrap().status, 200);
    let headers = json!({ "Client-ID": CLIENT_ID, "X-Project-ID": "tests" });
    let list = json!({ "action": "queue_list", "headers": headers, "body": { "limt": 5 } }).to_string();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let stream = TcpStream::connect(server.websocket).await.unwrap();
        let (mut socket, _) = client_async(server.websocket_url(), stream).await.unwrap();
        socket.send(Message::text(list)).await.unwrap();
        socket.next().await.unwrap().unwrap();
    });
    let by_websocket = |line: &str| line.contains("unknown names") && line.contains("queue_list");
    server.log.find(by_websocket).unwrap();
    let entries = entries(&server, "request with unknown names");
    let told: Vec<_> =
        entries.iter().filter(|entry| entry["message"] == "request with unknown names").collect();
    let [rest, websocket] = told[..] else { panic!("{told:?}") };
    for (entry, route, status, warning) in [
        (
            rest,
            "/v2/queues/{queue_name}/messages",
            201,
            "Unknown name 'dealy' in a message: did you mean 'delay'?",
        ),
        (websocket, "queue_list", 200, "Unknown name 'limt' in the body: did you mean 'limit'?"),
    ] {
        assert_eq!((&entry["level"], &entry["warnings"]), (&json!("INFO"), &json!(warning)));
        assert_eq!((&entry["project"], &entry["client"]), (&json!("tests"), &json!(CLIENT_ID)));
        assert_eq!((&entry["route"], &entry["status"]), (&json!(route), &json!(status)));
    }
}

const DEBUG: &str = "[DEFAULT]\nlog_format = json\ndebug = true";

#[test]
fn a_line_about_a_request_says_who_asked_for_what_and_what_became_of_it() {
    let server = Site::new(DEBUG).start();
    let mut client = server.client();
    assert_eq!(client.request("GET", "/v2/queues/no-such-queue/claims/1", None).unwrap().status, 404);
    assert_eq!(client.request("GET", "/nowhere", None).unwrap().status, 404);
    let entries = entries(&server, "request");
    let requests: Vec<_> = entries.iter().filter(|entry| entry["message"] == "request").collect();
    let [asked, nowhere] = requests[..] else { panic!("{requests:?}") };
    assert_eq!(asked["project"], "tests");
    assert_eq!(asked["client"], CLIENT_ID);
    assert!(asked["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert_eq!(asked["method"], "GET");
    assert_eq!(asked["route"], "/v2/queues/{queue_name}/claims/{claim_id}");
    assert_eq!(asked["path"], "/v2/queues/no-such-queue/claims/1");
    assert_eq!(asked["status"], 404);
    assert!(asked["milliseconds"].as_f64().unwrap() > 0.0);
    assert!(asked["request_id"].as_str().unwrap().starts_with("req-"));
    assert_eq!((&nowhere["route"], &nowhere["project"]), (&Value::Null, &Value::Null));
    assert_eq!((&nowhere["path"], &nowhere["status"]), (&json!("/nowhere"), &json!(404)));
}

#[test]
fn a_line_about_a_request_by_websocket_says_the_same() {
    let server = Site::new(DEBUG).start();
    let ask = |action: &str| {
        let headers = json!({ "Client-ID": CLIENT_ID, "X-Project-ID": "tests" });
        json!({ "action": action, "headers": headers, "body": { "queue_name": "q" } }).to_string()
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let stream = TcpStream::connect(server.websocket).await.unwrap();
        let (mut socket, _) = client_async(server.websocket_url(), stream).await.unwrap();
        for frame in ["{".to_owned(), "[]".to_owned(), ask("no_such_action"), ask("queue_create")] {
            socket.send(Message::text(frame)).await.unwrap();
            socket.next().await.unwrap().unwrap();
        }
    });
    let entries = entries(&server, "session ended");
    let requests: Vec<_> = entries.iter().filter(|entry| entry["message"] == "request").collect();
    let [no_json, no_object, unknown, created] = requests[..] else { panic!("{requests:?}") };
    for refused in [no_json, no_object, unknown] {
        assert_eq!((&refused["route"], &refused["status"]), (&Value::Null, &json!(400)));
        assert!(refused["peer"].is_string() && refused["milliseconds"].is_number(), "{refused}");
    }
    assert_eq!((&created["route"], &created["status"]), (&json!("queue_create"), &json!(201)));
    assert_eq!((&created["project"], &created["client"]), (&json!("tests"), &json!(CLIENT_ID)));
    assert!(created["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(created["milliseconds"].as_f64().unwrap() > 0.0);
    let ended = with_message(&entries, "session ended");
    assert!(ended["reason"].is_string() && ended["peer"].is_string(), "{ended}");
}

#[test]
fn values_are_plain() {
    let server = Site::new(DEBUG).start();
    let addresses = [server.address, server.websocket].map(|address| json!(address.to_string()));
    let entries = entries(&server, "started");
    let started = with_message(&entries, "started");
    assert_eq!([started["rest"].clone(), started["websocket"].clone()], addresses);
}

/// Every file of the program, and its text.
fn program() -> Vec<(String, String)> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = vec![];
    for member in fs::read_dir(crates).unwrap() {
        sources(&member.unwrap().path().join("src"), &mut files);
    }
    assert!(files.len() > 100);
    files.iter().map(|file| (file.display().to_string(), fs::read_to_string(file).unwrap())).collect()
}

#[test]
fn no_line_shows_a_value_as_a_debugger_does() {
    let lines = Regex::new(r"\b(?:trace|debug|info|warn|error)(?:_span)?!\(([^;]*?)\)[;,\n]").unwrap();
    let shown = Regex::new(r"(?:^|[\s=,(])\?[a-z]|:\?\}").unwrap();
    for (file, text) in program() {
        for line in lines.captures_iter(&text) {
            assert!(!shown.is_match(&line[1]), "{file}: {}", &line[0]);
        }
    }
}

#[test]
fn a_line_about_an_endpoint_says_whose_it_is_where_it_is_and_what_is_wrong() {
    let lines = Regex::new(r#"\btracing::(?:info|warn|error)!\(([^;]*?)"([^;]*?)"\s*\)[;,\n]"#).unwrap();
    let about_one = Regex::new(
        r"\b(endpoint|subscriber|subscription)\b|deliveries are given up|cannot be de(livered|crypted, and is)",
    );
    let (about_one, mut found) = (about_one.unwrap(), 0);
    for (file, text) in program() {
        for line in lines.captures_iter(&text).filter(|line| about_one.is_match(&line[0])) {
            found += 1;
            let has = |field: &str| Regex::new(&format!(r"\b{field}\b")).unwrap().is_match(&line[1]);
            let all = ["project", "queue", "subscription", "address"].into_iter().all(has);
            assert!(all && (has("reason") || has("error")), "{file}: {}", &line[0]);
        }
    }
    assert!(found >= 8, "{found}");
}

fn sources(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Talks HTTP/2 to a server with these options, until its log has a line of each target.
fn http2(options: &str, targets: &[&str]) -> Vec<Value> {
    let server = Site::new(options).start();
    let url = format!("{}/v2/ping", server.url());
    let curl = Command::new("curl").args(["-sS", "--http2-prior-knowledge", &url]).output().unwrap();
    assert!(curl.status.success(), "{}", String::from_utf8_lossy(&curl.stderr));
    for target in targets {
        server.log.find(|line| line.contains(&format!("\"target\":\"{target}"))).unwrap();
    }
    entries(&server, "request")
}

#[test]
fn at_debug_the_lines_are_our_own_unless_others_are_asked_for() {
    let ours = |entry: &Value| entry["target"].as_str().unwrap().starts_with("zaqar");
    let debug = http2(DEBUG, &["zaqar_transport_http"]);
    assert!(debug.iter().all(ours), "{debug:?}");
    let both =
        http2("[DEFAULT]\nlog_format = json\nlog_level = debug,h2=debug", &["zaqar_transport_http", "h2"]);
    assert!(both.iter().any(ours) && !both.iter().all(ours));
}

#[test]
fn logs_that_cannot_be_written_disturb_nobody() {
    let site = Site::new("[DEFAULT]\ndebug = true");
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let server = Server::start_logging_to(full.into(), site.command());
    let response = server.client().request("PUT", "/v2/queues/q", None).unwrap();
    assert_eq!(response.status, 201);
    assert!(server.stop().success());
}
