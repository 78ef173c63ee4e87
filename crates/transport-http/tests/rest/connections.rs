//! Misbehaving clients, over sockets.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;
use zaqar_listener::ConnectionLimits;
use zaqar_transport_http::ServeOptions;

use crate::fixture::CLIENT;
use crate::sockets::{read_all, read_until, start, start_limited};

fn head(line: &str, more: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: x\r\nClient-ID: {CLIENT}\r\nX-Project-ID: p\r\n{more}\r\n")
}

#[tokio::test]
async fn requests_follow_each_other_on_a_connection() {
    let server = start(ServeOptions::default()).await;
    let create = head("PUT /v2/queues/q", "");
    let last = head("GET /v2/queues", "Connection: close\r\n");
    // All at once: pipelined.
    let answers = server.exchange(format!("{create}{create}{last}").as_bytes()).await;
    let statuses: Vec<_> = answers.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")).collect();
    assert_eq!(statuses, ["201 Created", "204 No Content", "200 OK"]);
    server.stop().await;
}

#[tokio::test]
async fn garbage_is_refused() {
    let server = start(ServeOptions::default()).await;
    for garbage in ["\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n"] {
        let answer = server.exchange(garbage.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{garbage:?}: {answer}");
    }
    assert!(
        server.exchange(head("GET /", "Connection: close\r\n").as_bytes()).await.starts_with("HTTP/1.1 300")
    );
    server.stop().await;
}

#[tokio::test]
async fn too_many_headers_or_too_long_ones_are_refused() {
    let server = start(ServeOptions::default()).await;
    let many: String = (0..10_000).map(|number| format!("h{number}: v\r\n")).collect();
    let long = format!("h: {}\r\n", "x".repeat(1_000_000));
    for more in [many, long] {
        let answer = server.exchange(head("GET /", &more).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_huge_body_is_refused_and_the_client_gets_to_know_it() {
    let server = start(ServeOptions::default()).await;
    let size = 10 * 1024 * 1024;
    let mut request = head("POST /v2/queues/q/messages", &format!("Content-Length: {size}\r\n")).into_bytes();
    request.resize(request.len() + size, b'x');
    let answer = server.exchange(&request).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("Message collection size is too large. Max size 262144"));
    server.stop().await;
}

#[tokio::test]
async fn chunks_are_counted_and_cut_off() {
    let server = start(ServeOptions::default()).await;
    let mut request = head("POST /v2/queues/q/messages", "Transfer-Encoding: chunked\r\n").into_bytes();
    for _ in 0..1000 {
        request.extend_from_slice(b"400\r\n");
        request.resize(request.len() + 0x400, b' ');
        request.extend_from_slice(b"\r\n");
    }
    let answer = server.exchange(&request).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("Message collection size is too large."));

    let good = head("POST /v2/queues/q/messages", "Transfer-Encoding: chunked\r\nConnection: close\r\n");
    let chunks = "10\r\n{\"messages\": [{\"\r\nb\r\nbody\": 1}]}\r\n0\r\n\r\n";
    let answer = server.exchange(format!("{good}{chunks}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let broken = server.exchange(format!("{good}zz\r\n").as_bytes()).await;
    assert!(broken.starts_with("HTTP/1.1 400"), "{broken}");
    server.stop().await;
}

#[tokio::test]
async fn a_client_may_close_its_half_and_still_get_its_answer() {
    let server = start(ServeOptions::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(head("GET /v2/queues", "").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_half_way_is_forgotten() {
    let one_connection = ConnectionLimits { max_connections: 1, ..ConnectionLimits::default() };
    let server = start_limited(one_connection, ServeOptions::default()).await;
    for part in ["", "GET", "POST /v2/queues/q/messages HTTP/1.1\r\nContent-Length: 10\r\n\r\n{"] {
        let mut stream = server.connect().await;
        stream.write_all(part.as_bytes()).await.unwrap();
    }
    // The limit is one connection: this one waits until the others are closed.
    assert!(
        server.exchange(head("GET /", "Connection: close\r\n").as_bytes()).await.starts_with("HTTP/1.1 300")
    );
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_head_and_an_idle_connection_are_cut_off() {
    let server = start(ServeOptions::default()).await;
    let start = Instant::now();
    let mut slow = server.connect().await;
    slow.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    assert_eq!(read_all(&mut slow).await, "");
    assert!(start.elapsed() <= Duration::from_secs(20));

    let start = Instant::now();
    let mut idle = server.connect().await;
    assert_eq!(read_all(&mut idle).await, "");
    assert_eq!(start.elapsed().as_secs(), 75);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_given_up() {
    let server = start(ServeOptions::default()).await;
    let mut stream = server.connect().await;
    let request = head("POST /v2/queues/q/messages", "Content-Length: 10\r\n");
    stream.write_all(format!("{request}{{\"mess").as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_thousand_idle_connections_do_not_stop_the_others() {
    let server = start(ServeOptions::default()).await;
    let mut idle = Vec::new();
    for _ in 0..1000 {
        idle.push(server.connect().await);
    }
    assert!(
        server.exchange(head("GET /", "Connection: close\r\n").as_bytes()).await.starts_with("HTTP/1.1 300")
    );
    drop(idle);
    server.stop().await;
}

#[tokio::test]
async fn stopping_lets_requests_in_flight_end_and_closes_idle_connections() {
    let mut server = start(ServeOptions::default()).await;
    let mut idle = server.connect().await;
    idle.write_all(head("GET /v2/ping", "").as_bytes()).await.unwrap();
    read_until(&mut idle, "\r\n\r\n").await;

    let mut busy = server.connect().await;
    let more = "Content-Length: 2\r\nExpect: 100-continue\r\n";
    busy.write_all(head("PUT /v2/queues/q", more).as_bytes()).await.unwrap();
    // The request is being served: it waits for its body.
    read_until(&mut busy, "100 Continue\r\n\r\n").await;
    server.begin_to_stop();
    assert_eq!(read_all(&mut idle).await, "");
    busy.write_all(b"{}").await.unwrap();
    assert!(read_all(&mut busy).await.starts_with("HTTP/1.1 201"));
    let address = server.address;
    server.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}
