//! How the server stops.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use rustix::process::Signal;
use serde_json::json;
use support::http::{connect, head, read_response};
use support::queues;
use support::server::{Server, Site};

const BODY: &str = r#"{"messages": [{"body": "late", "ttl": 300}]}"#;

/// Sends a request but for the last byte of its body, so that the server has begun with it and cannot end it.
fn begin_request(address: SocketAddr) -> BufReader<TcpStream> {
    let mut connection = connect(address).unwrap();
    let request = head("POST", "/v2/queues/orders/messages", BODY.len()) + BODY;
    // The server asks for the body with 100 only once it reads it: then the request is under way.
    let request = request.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    connection.get_mut().write_all(&request.as_bytes()[..request.len() - 1]).unwrap();
    let interim = read_response(&mut connection).unwrap();
    assert_eq!(interim.status, 100);
    connection
}

fn end_request(connection: &mut BufReader<TcpStream>) {
    connection.get_mut().write_all(&BODY.as_bytes()[BODY.len() - 1..]).unwrap();
}

/// Waits until the server has closed its port.
fn stops_listening(server: &Server) {
    while TcpStream::connect(server.address).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn it_ends_with_success_when_asked_to() {
    for signal in [Signal::TERM, Signal::INT] {
        let site = Site::new("");
        let server = site.start();
        server.signal(signal);
        assert!(server.wait().success(), "{signal:?}");
    }
}

#[test]
fn a_request_under_way_is_answered_and_kept_while_new_connections_are_refused() {
    let site = Site::new("");
    let server = site.start();
    let mut connection = begin_request(server.address);
    server.signal(Signal::TERM);
    stops_listening(&server);
    end_request(&mut connection);
    let response = read_response(&mut connection).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
    assert!(server.wait().success());

    let server = site.start();
    assert_eq!(queues::list_all(&mut server.client(), "orders").len(), 1);
}

#[test]
fn idle_connections_do_not_hold_it_up() {
    let site = Site::new("[drivers:transport:wsgi]\nshutdown_timeout = 3600");
    let server = site.start();
    let mut used = server.client();
    assert_eq!(used.request("GET", "/v2/ping", None).unwrap().status, 204);
    let _unused = connect(server.address).unwrap();
    assert!(server.stop().success());
}

#[test]
fn a_request_that_does_not_end_is_given_up_after_a_bounded_time() {
    let site = Site::new("[drivers:transport:wsgi]\nshutdown_timeout = 1");
    let server = site.start();
    let mut connection = begin_request(server.address);
    server.signal(Signal::TERM);
    assert!(server.wait().success());
    let mut rest = Vec::new();
    // Closed or reset, but never answered with success.
    let _ = connection.read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains("201 Created"));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let site = Site::new("[drivers:transport:wsgi]\nshutdown_timeout = 3600");
    let server = site.start();
    let _connection = begin_request(server.address);
    server.signal(Signal::TERM);
    stops_listening(&server);
    server.signal(Signal::TERM);
    assert!(!server.wait().success());
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let site = Site::new("");
    let server = site.start();
    let response = queues::post(&mut server.client(), "orders", &[json!({"n": 1})]).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
    server.kill();

    let server = site.start();
    let messages = queues::list_all(&mut server.client(), "orders");
    assert_eq!(messages.iter().map(|message| &message.body).collect::<Vec<_>>(), [&json!({"n": 1})]);
}
