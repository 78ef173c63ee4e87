//! WebSocket: what 10 000 connections on one process cost, how fast a message reaches all of them, and requests on one
//! connection beside REST's: `cargo bench -p zaqar-server --bench websocket`.
//!
//! Client and server share the machine. Absolute figures move with it: read the ratios of one run.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and stops at an error"
)]

mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use support::http::{Connection, http, request};
use support::server::Server;
use support::{raise_the_limit_of_files, ratio};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const CONNECTIONS: usize = 10_000;
/// How many of them are made at a time.
const AT_ONCE: usize = 100;
const BROADCASTS: usize = 10;
const TURNS: u32 = 100;
/// In each turn.
const REQUESTS: u32 = 500;
/// So many requests are under way when they are sent ahead.
const AHEAD: usize = 16;
const HEADERS: &str = r#"{"Client-ID": "3381af92-2b9e-11e3-b191-71861300734c", "X-Project-ID": "bench"}"#;

#[tokio::main]
async fn main() {
    raise_the_limit_of_files();
    let connections = (CONNECTIONS + 10).to_string();
    let server = Server::zaqar(&[("DRIVERS_TRANSPORT_WEBSOCKET__MAX_CONNECTIONS", connections)]);
    let websocket = server.websocket.unwrap();
    one_connection(&server, websocket).await;
    many_connections(&server, websocket).await;
}

async fn one_connection(server: &Server, websocket: SocketAddr) {
    let mut rest = Connection::open(server.address, http).await;
    rest.exchange(&post()).await;
    let stats = request("GET", "/v2/queues/bench/stats", "");
    let ask = frame(&format!(
        r#"{{"action": "queue_get_stats", "headers": {HEADERS}, "body": {{"queue_name": "bench"}}}}"#
    ));
    let (mut one, mut ahead) = (connect(websocket).await, connect(websocket).await);
    let mut times = [Duration::ZERO; 3];
    // By turns, so that what else the machine does slows all of them down alike.
    for _ in 0..TURNS {
        times[0] += time_of(async || {
            rest.exchange(&stats).await;
        })
        .await;
        times[1] += time_of(async || {
            send(&mut one, &ask).await;
            receive(&mut one).await;
        })
        .await;
        for _ in 0..AHEAD {
            send(&mut ahead, &ask).await;
        }
        times[2] += time_of(async || {
            receive(&mut ahead).await;
            send(&mut ahead, &ask).await;
        })
        .await;
        for _ in 0..AHEAD {
            receive(&mut ahead).await;
        }
    }
    let per_second = times.map(|time| f64::from(TURNS * REQUESTS) / time.as_secs_f64());
    println!("{:<42} {:>9.0} /s", "REST, one request after the other", per_second[0]);
    println!("{:<42} {:>9.0} /s", "WebSocket, one request after the other", per_second[1]);
    ratio("times REST's", per_second[1] / per_second[0]);
    println!("{:<42} {:>9.0} /s", "WebSocket, sent ahead", per_second[2]);
    ratio("times REST's (aim ≥ 1.5)\n", per_second[2] / per_second[0]);
}

/// How long some requests take.
async fn time_of(mut request: impl AsyncFnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..REQUESTS {
        request().await;
    }
    start.elapsed()
}

async fn many_connections(server: &Server, websocket: SocketAddr) {
    let before = server.memory();
    let mut sockets = Vec::with_capacity(CONNECTIONS);
    while sockets.len() < CONNECTIONS {
        let some = (0..AT_ONCE).map(|_| tokio::spawn(connect(websocket)));
        for socket in some.collect::<Vec<_>>() {
            sockets.push(socket.await.unwrap());
        }
    }
    let each = |memory: u64| (memory - before) as f64 / CONNECTIONS as f64;
    println!("{CONNECTIONS} idle connections: {:.1} KiB each (aim ≤ 12)", each(server.memory()));
    let wish = frame(&format!(
        r#"{{"action": "subscription_create", "headers": {HEADERS}, "body": {{"queue_name": "bench"}}}}"#
    ));
    for socket in &mut sockets {
        send(socket, &wish).await;
        receive(socket).await;
    }
    println!("with a subscription each: {:.1} KiB each", each(server.memory()));

    let (told, mut arrivals) = mpsc::unbounded_channel();
    let mut readers = tokio::task::JoinSet::new();
    for mut socket in sockets {
        let told = told.clone();
        readers.spawn(async move {
            loop {
                receive(&mut socket).await;
                told.send(Instant::now()).unwrap();
            }
        });
    }
    let (mut rest, post) = (Connection::open(server.address, http).await, post());
    let mut latencies = Vec::new();
    for _ in 0..BROADCASTS {
        let start = Instant::now();
        rest.exchange(&post).await;
        for _ in 0..CONNECTIONS {
            latencies.push(arrivals.recv().await.unwrap() - start);
        }
    }
    readers.shutdown().await;
    latencies.sort_unstable();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    println!("a message to all of them: p50 {:.1?}, p99 {:.1?}, the last {:.1?}", at(50), at(99), at(100));
}

type Stream = BufStream<TcpStream>;

async fn open(address: SocketAddr) -> Stream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    BufStream::with_capacity(1024, 1024, stream)
}

fn post() -> Vec<u8> {
    request("POST", "/v2/queues/bench/messages", r#"{"messages": [{"ttl": 300, "body": "to all"}]}"#)
}

async fn head(stream: &mut Stream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn connect(address: SocketAddr) -> Stream {
    let mut stream = open(address).await;
    let handshake = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    send(&mut stream, handshake.as_bytes()).await;
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 101 "));
    stream
}

/// A text frame with a mask of zeros.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0xfe];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

async fn send(stream: &mut Stream, bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
    stream.flush().await.unwrap();
}

/// The next text frame; what else comes is answered by nothing.
async fn receive(stream: &mut Stream) {
    loop {
        let first = stream.read_u8().await.unwrap();
        let length = match stream.read_u8().await.unwrap() {
            126 => stream.read_u16().await.unwrap(),
            length => length.into(),
        };
        stream.read_exact(&mut vec![0; length.into()]).await.unwrap();
        if first == 0x81 {
            return;
        }
        assert_eq!(first, 0x89, "the server has closed the connection");
    }
}
