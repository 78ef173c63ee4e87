//! What stands in front of the API: browsers of other origins, and load balancers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use rustix::process::Signal;
use support::http::{CLIENT_ID, Response};
use support::server::{Server, Site};

/// An answer to a request with these lines, on a connection of its own.
fn exchange(server: &Server, line: &str, headers: &str) -> Response {
    let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    server.client().exchange(request.as_bytes()).unwrap()
}

#[test]
fn a_page_that_is_allowed_gets_its_preflight_and_its_answer_and_no_other_page_does() {
    const ALLOWED: &str = "access-control-allow-origin";
    let site = Site::new("[cors]\nallowed_origin = https://horizon.example.org, https://other.example.org");
    let server = site.start();
    for (origin, permitted) in [
        ("https://horizon.example.org", true),
        ("https://other.example.org", true),
        ("https://horizon.example.org.evil.example", false),
        ("null", false),
    ] {
        let origin_line = format!("Origin: {origin}\r\n");
        let wanted = "Access-Control-Request-Method: PUT\r\n\
                      Access-Control-Request-Headers: client-id,content-type,x-auth-token\r\n";
        let preflight = exchange(&server, "OPTIONS /v2/queues/q", &format!("{origin_line}{wanted}"));
        let identity = format!("Client-ID: {CLIENT_ID}\r\nX-Project-Id: tests\r\n");
        let answer = exchange(&server, "PUT /v2/queues/q", &format!("{origin_line}{identity}"));
        let error = exchange(&server, "PUT /v2/queues/q", &origin_line);
        assert_eq!((preflight.status, answer.status / 100, error.status), (200, 2, 400));
        for response in [preflight, answer, error] {
            assert_eq!(response.header(ALLOWED), permitted.then_some(origin));
        }
    }
}

#[test]
fn an_origin_that_no_browser_names_is_a_warning_and_one_that_cannot_be_sent_is_refused() {
    let server = Site::new("[cors]\nallowed_origin = https://horizon.example.org/").start();
    let told =
        |line: &str| line.contains("[cors] allowed_origin = https://horizon.example.org/ matches nothing");
    server.log.find(told).unwrap();
    let output = Site::new("[cors]\nallowed_origin = https://a\u{7f}b").run();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("[cors] allowed_origin: "), "{errors}");
    assert_eq!((output.status.code(), errors.lines().count()), (Some(1), 1));
}

#[test]
fn a_server_that_is_told_to_stop_tells_load_balancers_before_it_closes_its_port() {
    let site = Site::new("[drivers:transport:wsgi]\nshutdown_delay = 3600");
    let server = site.start();
    let health = || exchange(&server, "GET /healthcheck", "");
    assert_eq!((health().status, health().text().as_str()), (200, "OK"));
    server.signal(Signal::TERM);
    while health().status == 200 {
        std::thread::yield_now();
    }
    assert_eq!((health().status, health().text().as_str()), (503, "SHUTTING DOWN"));
    assert_eq!(server.client().request("GET", "/v2/ping", None).unwrap().status, 204);
}

#[test]
fn a_file_takes_a_server_out_of_rotation() {
    let site = Site::new("[healthcheck]\ndisable_by_file_path = maintenance");
    let server = site.start();
    let health = || exchange(&server, "GET /healthcheck", "").status;
    assert_eq!(health(), 200);
    let file = site.write("maintenance", "");
    assert_eq!(health(), 503);
    std::fs::remove_file(file).unwrap();
    assert_eq!(health(), 200);
}
