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

mod support;

use std::convert::Infallible;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use support::http::{Connection, EndOfAnswer, http, ids_in, request};
use support::ports::Reserved;
use support::ratio;
use support::server::Server;
use tokio::net::TcpListener;

const CONNECTIONS: usize = 64;
const DURATION: Duration = Duration::from_secs(5);
/// Set in the environment of the child that plays the bare server.
const BARE: &str = "ZAQAR_BENCH_BARE_SERVER";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match std::env::var(BARE) {
        Ok(_) => runtime.block_on(bare_server()),
        Err(_) => runtime.block_on(compare()),
    }
}

async fn compare() {
    println!("{CONNECTIONS} connections, messages of 1 KiB, {} s each\n", DURATION.as_secs());
    let bare = bare();
    let post = post_request("/v2/queues/bench/messages");
    let floor = run(&bare, "bare hyper: POST 1 KiB, 201", http, post.clone()).await;
    drop(bare);

    let zaqar = Server::zaqar(&[]);
    let posts = run(&zaqar, "zaqar: durable POST of one message", http, post).await;
    ratio("requests/s over the bare server's (aim ≥ 0.6)", posts.per_second / floor.per_second);
    ratio("CPU over the bare server's (aim ≤ 1.7)", posts.cpu_micros / floor.cpu_micros);
    let get = request("GET", "/v2/queues/bench/messages?limit=20&echo=true", "");
    run(&zaqar, "zaqar: GET of 20 messages", http, get).await;
    let cycles = claim_cycles(&zaqar).await;
    ratio("cycles/s over the bare server's requests/s (aim ≥ 0.35)", cycles.per_second / floor.per_second);
    drop(zaqar);

    match redis() {
        None => println!("redis-server is not installed: not compared"),
        Some(redis) => {
            let add = format!(
                "*5\r\n$4\r\nXADD\r\n$5\r\nbench\r\n$1\r\n*\r\n$1\r\nb\r\n$1024\r\n{}\r\n",
                "x".repeat(1024)
            );
            let name = "redis: XADD 1 KiB, appendfsync always";
            let streams = run(&redis, name, bulk_string, add.into_bytes()).await;
            ratio("posts/s over Redis streams (aim ≥ 2.5)", posts.per_second / streams.per_second);
        }
    }
}

fn bare() -> Server {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(BARE, "yes");
    Server::start(command, None)
}

fn redis() -> Option<Server> {
    let directory = tempfile::tempdir().unwrap();
    // It cannot be told to take any port, nor one that is reserved.
    let address = Reserved::new().address;
    let mut command = Command::new("redis-server");
    command.args(["--port", &address.port().to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(directory.path());
    Server::start_at(address, command, "Ready to accept", directory)
}

async fn bare_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
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

/// Sends the same request over all connections for a while.
async fn run(server: &Server, name: &str, end: EndOfAnswer, request: Vec<u8>) -> Figures {
    let (start, cpu_before) = (Instant::now(), server.cpu());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (request, address) = (request.clone(), server.address);
        tasks.spawn(async move {
            let mut connection = Connection::open(address, end).await;
            let mut latencies = Vec::with_capacity(100_000);
            while start.elapsed() < DURATION {
                let began = Instant::now();
                connection.exchange(&request).await;
                latencies.push(began.elapsed());
            }
            latencies
        });
    }
    let latencies: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    report(name, server, latencies.len() as u64, start, cpu_before, latencies)
}

/// What Redis answers with the id of an entry.
fn bulk_string(answer: &[u8]) -> Option<usize> {
    assert_eq!(answer.first(), Some(&b'$'), "{}", String::from_utf8_lossy(answer));
    (answer.iter().filter(|byte| **byte == b'\n').count() == 2).then_some(answer.len())
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
            let mut connection = Connection::open(address, http).await;
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
            let mut connection = Connection::open(address, http).await;
            let mut latencies = Vec::new();
            while start.elapsed() < DURATION {
                let began = Instant::now();
                let claimed = connection.exchange(&claim).await;
                let ids = ids_in(claimed).join(",");
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

fn message() -> String {
    format!("{{\"ttl\": 300, \"body\": \"{}\"}}", "x".repeat(1022))
}

fn post_request(path: &str) -> Vec<u8> {
    request("POST", path, &format!("{{\"messages\": [{}]}}", message()))
}
