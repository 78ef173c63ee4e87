//! Clients that send too much, too slowly, or nothing at all: the others are served as before.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{Read, Write};

use rustix::process::{Resource, getrlimit, setrlimit};
use support::http::{connect, head, read_response};
use support::server::{Server, Site};

#[track_caller]
fn others_are_served(server: &Server) {
    let response = server.client().request("GET", "/v2/ping", None).unwrap();
    assert_eq!(response.status, 204);
}

#[test]
fn a_thousand_idle_connections_do_not_keep_others_out() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();

    let site = Site::new("");
    let server = site.start();
    let mut idle = Vec::new();
    for number in 0..1000 {
        let mut connection = connect(server.address).unwrap();
        // Half of them have begun a request that they do not go on with.
        if number % 2 == 0 {
            connection.get_mut().write_all(b"GET /v2/ping HTTP/1.1\r\nHost: loc").unwrap();
        }
        idle.push(connection);
    }
    others_are_served(&server);
}

#[test]
fn a_client_that_does_not_end_its_request_is_let_go() {
    let site = Site::new("[drivers:transport:wsgi]\nheader_timeout = 1\nbody_timeout = 1");
    let server = site.start();
    let mut half_a_head = connect(server.address).unwrap();
    half_a_head.get_mut().write_all(b"GET /v2/ping HTTP/1.1\r\nHost: loc").unwrap();
    let mut half_a_body = connect(server.address).unwrap();
    let request = head("POST", "/v2/queues/orders/messages", 1000) + "{\"mess";
    half_a_body.get_mut().write_all(request.as_bytes()).unwrap();
    others_are_served(&server);
    for mut slow in [half_a_head, half_a_body] {
        let mut rest = Vec::new();
        // Answered or not, the connection is closed; reset is one way of closing.
        let _ = slow.read_to_end(&mut rest);
        let rest = String::from_utf8_lossy(&rest).into_owned();
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 4"), "{rest}");
    }
    others_are_served(&server);
}

#[test]
fn a_body_of_ten_megabytes_is_refused() {
    let site = Site::new("");
    let server = site.start();
    let body = vec![b' '; 10 << 20];
    let mut connection = connect(server.address).unwrap();
    connection
        .get_mut()
        .write_all(head("POST", "/v2/queues/orders/messages", body.len()).as_bytes())
        .unwrap();
    // The server may answer and close before it has read all of it.
    let _ = connection.get_mut().write_all(&body);
    let response = read_response(&mut connection).unwrap();
    assert_eq!(response.status, 400, "{}", response.text());
    others_are_served(&server);
}

#[test]
fn ten_thousand_headers_are_refused() {
    let site = Site::new("");
    let server = site.start();
    let mut connection = connect(server.address).unwrap();
    let many: String = (0..10_000).map(|number| format!("X-Header-{number}: {number}\r\n")).collect();
    let request = head("GET", "/v2/ping", 0).replace("\r\n\r\n", &format!("\r\n{many}\r\n"));
    let _ = connection.get_mut().write_all(request.as_bytes());
    let response = read_response(&mut connection).unwrap();
    assert_eq!(response.status, 431);
    others_are_served(&server);
}
