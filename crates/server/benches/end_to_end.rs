//! What a client gets over HTTP, beside a bare hyper server that does nothing and, where `redis-server` is installed,
//! beside Redis streams that fsync every write: `cargo bench -p zaqar-server`.
//!
//! All of them run here, one after the other, on loopback, under the same 64 keep-alive connections. Absolute figures
//! move with the machine: read the ratios of one run.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and stops at an error"
)]

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 64;
const DURATION: Duration = Duration::from_secs(5);
/// Set in the environment of the child that plays the bare server.
const BARE: &str = "ZAQAR_BENCH_BARE_SERVER";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if std::env::var_os(BARE).is_some() {
        runtime.block_on(bare_server());
    } else {
        runtime.block_on(compare());
    }
}

async fn compare() {
    println!("{CONNECTIONS} connections, messages of 1 KiB, {} s each\n", DURATION.as_secs());
    let bare = Server::bare();
    let post = post_request("/v2/queues/bench/messages");
    let floor = run(&bare, "bare hyper: POST 1 KiB, 201", 1, move |_| post.clone()).await;
    drop(bare);

    let zaqar = Server::zaqar();
    let post = post_request("/v2/queues/bench/messages");
    let posts = run(&zaqar, "zaqar: durable POST of one message", 1, move |_| post.clone()).await;
    ratio("requests/s over the bare server's (aim ≥ 0.6)", posts.per_second / floor.per_second);
    ratio("CPU over the bare server's (aim ≤ 1.7)", posts.cpu_micros / floor.cpu_micros);
    let get = request("GET", "/v2/queues/bench/messages?limit=20&echo=true", "");
    run(&zaqar, "zaqar: GET of 20 messages", 1, move |_| get.clone()).await;
    let cycles = claim_cycles(&zaqar).await;
    ratio("cycles/s over the bare server's requests/s (aim ≥ 0.35)", cycles.per_second / floor.per_second);
    drop(zaqar);

    match Server::redis() {
        None => println!("redis-server is not installed: not compared"),
        Some((redis, _directory)) => {
            let add = format!(
                "*5\r\n$4\r\nXADD\r\n$5\r\nbench\r\n$1\r\n*\r\n$1\r\nb\r\n$1024\r\n{}\r\n",
                "x".repeat(1024)
            );
            let streams =
                run(&redis, "redis: XADD 1 KiB, appendfsync always", 1, move |_| add.clone().into_bytes())
                    .await;
            ratio("posts/s over Redis streams (aim ≥ 2.5)", posts.per_second / streams.per_second);
        }
    }
}

fn ratio(name: &str, value: f64) {
    println!("  → {value:.2} {name}");
}

/// A server under test: a process of its own, so that its processor time can be told from the client's.
struct Server {
    child: Child,
    address: SocketAddr,
    speaks_http: bool,
    _directory: Option<tempfile::TempDir>,
}

impl Server {
    fn bare() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(BARE, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().unwrap(), speaks_http: true, _directory: None }
    }

    fn zaqar() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let address = free_address();
        let mut child = Command::new(env!("CARGO_BIN_EXE_zaqar"))
            .arg("server")
            .arg("--data-dir")
            .arg(directory.path())
            .env("OS_DRIVERS_TRANSPORT_WSGI__PORT", address.port().to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains("curl")), "the server has not started");
        Self { child, address, speaks_http: true, _directory: Some(directory) }
    }

    fn redis() -> Option<(Self, tempfile::TempDir)> {
        let directory = tempfile::tempdir().unwrap();
        let address = free_address();
        let mut child = Command::new("redis-server")
            .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
            .arg(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(
            lines.map_while(Result::ok).any(|line| line.contains("Ready to accept")),
            "redis has not started"
        );
        Some((Self { child, address, speaks_http: false, _directory: None }, directory))
    }

    /// Processor seconds that the process has used.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
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

async fn bare_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(nothing)),
        );
    }
}

async fn nothing(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    let body = Bytes::from_static(
        b"{\"resources\": [\"/v2/queues/bench/messages/00000000-0000-0000-0000-000000000000\"]}",
    );
    let response =
        Response::builder().status(201).header("content-type", "application/json").body(Full::new(body));
    Ok(response.unwrap())
}

struct Figures {
    per_second: f64,
    cpu_micros: f64,
}

fn report(
    name: &str,
    server: &Server,
    operations: u64,
    start: Instant,
    cpu_before: f64,
    mut latencies: Vec<Duration>,
) -> Figures {
    let figures = Figures {
        per_second: operations as f64 / start.elapsed().as_secs_f64(),
        cpu_micros: (server.cpu() - cpu_before) * 1e6 / operations as f64,
    };
    latencies.sort_unstable();
    let p99 = latencies[latencies.len() * 99 / 100];
    println!(
        "{name:<44} {:>9.0} /s {:>8.1} µs CPU of the server   p99 {p99:>8.2?}",
        figures.per_second, figures.cpu_micros
    );
    figures
}

/// Sends the same kind of request over all connections for a while.
async fn run(
    server: &Server,
    name: &str,
    requests_per_operation: u64,
    make: impl Fn(u64) -> Vec<u8> + Clone + Send + 'static,
) -> Figures {
    let (start, cpu_before) = (Instant::now(), server.cpu());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (make, address, http) = (make.clone(), server.address, server.speaks_http);
        tasks.spawn(async move {
            let mut connection = Connection::open(address, http).await;
            let mut latencies = Vec::with_capacity(100_000);
            while start.elapsed() < DURATION {
                let began = Instant::now();
                connection.exchange(&make(latencies.len() as u64)).await;
                latencies.push(began.elapsed());
            }
            latencies
        });
    }
    let latencies: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    report(name, server, latencies.len() as u64 / requests_per_operation, start, cpu_before, latencies)
}

/// Claims ten messages and deletes them by their ids, over and over; posts what that needs beforehand.
async fn claim_cycles(server: &Server) -> Figures {
    const CYCLES: u64 = 30_000;
    let ten = format!("{{\"messages\": [{}]}}", vec![message(); 10].join(","));
    let post = request("POST", "/v2/queues/claims/messages", &ten);
    let left = Arc::new(AtomicU64::new(CYCLES));
    let each = |server: &Server| (Arc::clone(&left), server.address);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let ((left, address), post) = (each(server), post.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(address, true).await;
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            {
                connection.exchange(&post).await;
            }
        });
    }
    tasks.join_all().await;
    let (start, cpu_before) = (Instant::now(), server.cpu());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let address = server.address;
        tasks.spawn(async move {
            let claim = request("POST", "/v2/queues/claims/claims?limit=10", "{\"ttl\": 300, \"grace\": 60}");
            let mut connection = Connection::open(address, true).await;
            let mut latencies = Vec::new();
            while start.elapsed() < DURATION {
                let began = Instant::now();
                let claimed = connection.exchange(&claim).await;
                let ids = ids_in(&claimed);
                if ids.is_empty() {
                    break;
                }
                connection
                    .exchange(&request("DELETE", &format!("/v2/queues/claims/messages?ids={ids}"), ""))
                    .await;
                latencies.push(began.elapsed());
            }
            latencies
        });
    }
    let latencies: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    report("zaqar: claim 10 + delete 10", server, latencies.len() as u64, start, cpu_before, latencies)
}

/// The ids in an answer's messages, joined by commas.
fn ids_in(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let ids: Vec<&str> = text.split("\"id\":").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect();
    ids.join(",")
}

fn message() -> String {
    format!("{{\"ttl\": 300, \"body\": \"{}\"}}", "x".repeat(1022))
}

fn post_request(path: &str) -> Vec<u8> {
    request("POST", path, &format!("{{\"messages\": [{}]}}", message()))
}

fn request(method: &str, path: &str, body: &str) -> Vec<u8> {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nClient-ID: 3381af92-2b9e-11e3-b191-71861300734c\r\n\
         X-Project-ID: bench\r\nContent-Type: application/json\r\n{length}\r\n{body}"
    )
    .into_bytes()
}

/// One keep-alive connection, as cheap as a client can be.
struct Connection {
    stream: TcpStream,
    http: bool,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr, http: bool) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, http, buffer: Vec::with_capacity(64 << 10) }
    }

    /// Sends a request and reads its answer, which must be a good one.
    async fn exchange(&mut self, request: &[u8]) -> Vec<u8> {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        loop {
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "the server has hung up");
            if !self.http {
                assert_eq!(self.buffer[0], b'$', "{}", String::from_utf8_lossy(&self.buffer));
                if self.buffer.iter().filter(|byte| **byte == b'\n').count() == 2 {
                    return Vec::new();
                }
            } else if let Some(end) = self.answer_end() {
                assert_eq!(self.buffer[9], b'2', "{}", String::from_utf8_lossy(&self.buffer));
                return self.buffer[..end].to_vec();
            }
        }
    }

    /// Where the answer ends, once it is whole.
    fn answer_end(&self) -> Option<usize> {
        let head = self.buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let text = std::str::from_utf8(&self.buffer[..head]).unwrap().to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let end = head + length.map_or(0, |length| length.parse().unwrap());
        (self.buffer.len() >= end).then_some(end)
    }
}
