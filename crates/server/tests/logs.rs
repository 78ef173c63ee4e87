//! The form of log lines.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::Value;
use support::server::{Server, Site};

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
    let (lines, ids) =
        logged("[drivers]\nmessage_store = faulty\nmanagement_store = faulty", &["/v2/queues"]);
    assert!(lines.iter().any(|line| line.contains(&ids[0])), "{lines:?}");
}

#[test]
fn logs_that_cannot_be_written_disturb_nobody() {
    let site = Site::new("[DEFAULT]\ndebug = true");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let server = Server::start_logging_to(full.into(), site.command());
    let response = server.client().request("PUT", "/v2/queues/q", None).unwrap();
    assert_eq!(response.status, 201);
    assert!(server.stop().success());
}
