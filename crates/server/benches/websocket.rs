//! WebSocket: what 10 000 connections on one process cost, how fast a message reaches all of them, and requests on one
//! connection beside REST's: `cargo bench -p zaqar-server --bench websocket`.
//!
//! Client and server share the machine. Absolute figures move with it: read the ratios of one run.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and stops at an error"
)]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const CONNECTIONS: usize = 10_000;
/// How many of them are made at a time.
const AT_ONCE: usize = 100;
const BROADCASTS: usize = 10;
const DURATION: Duration = Duration::from_secs(5);
/// So many requests are under way when they are sent ahead.
const AHEAD: usize = 16;
const HEADERS: &str = r#"{"Client-ID": "3381af92-2b9e-11e3-b191-71861300734c", "X-Project-ID": "bench"}"#;

#[tokio::main]
async fn main() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let server = Server::start();
    one_connection(&server).await;
    many_connections(&server).await;
}

async fn one_connection(server: &Server) {
    let mut rest = open(server.rest).await;
    let request = "GET /v2/queues/bench/stats HTTP/1.1\r\nHost: localhost\r\nX-Project-ID: bench\r\n\
                   Client-ID: 3381af92-2b9e-11e3-b191-71861300734c\r\n\r\n";
    post(&mut rest).await;
    let rest =
        per_second("REST, one request after the other", async || exchange(&mut rest, request).await).await;
    let ask = frame(&format!(
        r#"{{"action": "queue_get_stats", "headers": {HEADERS}, "body": {{"queue_name": "bench"}}}}"#
    ));
    let mut socket = connect(server.websocket).await;
    let one = per_second("WebSocket, one request after the other", async || {
        send(&mut socket, &ask).await;
        receive(&mut socket).await;
    })
    .await;
    println!("  → {:.2} times REST's (aim ≥ 1.5)", one / rest);
    for _ in 0..AHEAD {
        send(&mut socket, &ask).await;
    }
    let ahead = per_second("WebSocket, sent ahead", async || {
        receive(&mut socket).await;
        send(&mut socket, &ask).await;
    })
    .await;
    println!("  → {:.2} times REST's\n", ahead / rest);
}

async fn per_second(name: &str, mut request: impl AsyncFnMut()) -> f64 {
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < DURATION {
        request().await;
        count += 1;
    }
    let per_second = f64::from(count) / start.elapsed().as_secs_f64();
    println!("{name:<42} {per_second:>9.0} /s");
    per_second
}

async fn many_connections(server: &Server) {
    let before = server.memory();
    let mut sockets = Vec::with_capacity(CONNECTIONS);
    while sockets.len() < CONNECTIONS {
        let some = (0..AT_ONCE).map(|_| tokio::spawn(connect(server.websocket)));
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
    let mut rest = open(server.rest).await;
    let mut latencies = Vec::new();
    for _ in 0..BROADCASTS {
        let start = Instant::now();
        post(&mut rest).await;
        for _ in 0..CONNECTIONS {
            latencies.push(arrivals.recv().await.unwrap() - start);
        }
    }
    readers.shutdown().await;
    latencies.sort_unstable();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    println!("a message to all of them: p50 {:.1?}, p99 {:.1?}, the last {:.1?}", at(50), at(99), at(100));
}

struct Server {
    child: Child,
    rest: SocketAddr,
    websocket: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [rest, websocket] = [free_address(), free_address()];
        let mut child = Command::new(env!("CARGO_BIN_EXE_zaqar"))
            .arg("server")
            .arg("--data-dir")
            .arg(directory.path())
            .env("OS_DRIVERS_TRANSPORT_WSGI__PORT", rest.port().to_string())
            .env("OS_DRIVERS_TRANSPORT_WEBSOCKET__PORT", websocket.port().to_string())
            .env("OS_DRIVERS_TRANSPORT_WEBSOCKET__MAX_CONNECTIONS", (CONNECTIONS + 10).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains("curl")), "the server has not started");
        Self { child, rest, websocket, _directory: directory }
    }

    /// What it holds of the machine's memory, in KiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

type Stream = BufStream<TcpStream>;

async fn open(address: SocketAddr) -> Stream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    BufStream::with_capacity(1024, 1024, stream)
}

async fn post(rest: &mut Stream) {
    let body = r#"{"messages": [{"ttl": 300, "body": "to all"}]}"#;
    let request = format!(
        "POST /v2/queues/bench/messages HTTP/1.1\r\nHost: localhost\r\nX-Project-ID: bench\r\n\
         Client-ID: 3381af92-2b9e-11e3-b191-71861300734c\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(rest, &request).await;
}

/// A request of HTTP and its answer, which must be a good one.
async fn exchange(stream: &mut Stream, request: &str) {
    send(stream, request.as_bytes()).await;
    let head = head(stream).await.to_ascii_lowercase();
    assert_eq!(head.as_bytes()[9], b'2', "{head}");
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
    stream.read_exact(&mut vec![0; length.parse().unwrap()]).await.unwrap();
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
