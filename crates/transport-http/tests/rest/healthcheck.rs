//! The health checks of load balancers and process managers.

use http::Request;
use http_body_util::Full;

use crate::fixture::{Answer, Fixture};

/// A request without authentication.
async fn ask(fixture: &Fixture, method: &str, path: &str) -> Answer {
    fixture.send(Request::builder().method(method).uri(path).body(Full::default()).unwrap()).await
}

async fn is(fixture: &Fixture, status: u16, text: &str) {
    let answer = ask(fixture, "GET", "/healthcheck").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (status, text));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
    let touched = ask(fixture, "HEAD", "/healthcheck").await;
    let expected = if status == 200 { 204 } else { status };
    assert_eq!((touched.status.as_u16(), touched.text()), (expected, ""));
    // The process is alive even if it is not ready.
    let live = ask(fixture, "GET", "/healthcheck/live").await;
    assert_eq!((live.status.as_u16(), live.text()), (200, "OK"));
}

#[tokio::test]
async fn a_server_that_can_serve_is_healthy() {
    is(&Fixture::new(), 200, "OK").await;
}

#[tokio::test]
async fn a_server_without_a_store_wants_no_requests_and_says_which_is_away() {
    let fixture = Fixture::new();
    fixture.store.close().await.unwrap();
    is(&fixture, 503, "MESSAGE STORE UNAVAILABLE").await;
    fixture.management.close().await.unwrap();
    is(&fixture, 503, "STORES UNAVAILABLE").await;
    let fixture = Fixture::new();
    fixture.management.close().await.unwrap();
    is(&fixture, 503, "MANAGEMENT STORE UNAVAILABLE").await;
}

#[tokio::test]
async fn a_server_that_stops_wants_no_requests_and_answers_those_that_come() {
    let fixture = Fixture::new();
    fixture.service.mark_not_ready();
    is(&fixture, 503, "SHUTTING DOWN").await;
    assert_eq!(fixture.put("/v2/queues/q", "").await.status, 201);
}

#[tokio::test]
async fn a_file_keeps_requests_away_while_it_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("disabled");
    let fixture = Fixture::with_options(|options| options.disable_by_file = Some(file.clone()));
    is(&fixture, 200, "OK").await;
    std::fs::write(&file, "").unwrap();
    is(&fixture, 503, "DISABLED BY FILE").await;
    std::fs::remove_file(&file).unwrap();
    is(&fixture, 200, "OK").await;
}

#[tokio::test]
async fn other_methods_are_refused() {
    for path in ["/healthcheck", "/healthcheck/live"] {
        let answer = ask(&Fixture::new(), "POST", path).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
        assert_eq!(ask(&Fixture::new(), "OPTIONS", path).await.header("allow"), Some("GET, HEAD"));
    }
}
