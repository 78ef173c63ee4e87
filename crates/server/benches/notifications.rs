//! Deliveries to subscribers: how many in a second, beside a bare HTTP client; whether endpoints that hang delay others;
//! what subscriptions add to the cost of a post: `cargo bench -p zaqar-server --bench notifications`.
//!
//! Absolute figures move with the machine: read the ratios of one run.

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

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;

const CONNECTIONS: usize = 64;
/// What each of them carries.
const DELIVERIES: usize = 1000;
const HANGING: usize = 1000;
const SAMPLES: usize = 300;
/// Set in the environment of the child that plays the bare client: where it sends to.
const BARE: &str = "ZAQAR_BENCH_BARE_CLIENT";

fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match std::env::var(BARE) {
        Ok(address) => runtime.block_on(bare_client(&address)),
        Err(_) => runtime.block_on(async {
            throughput().await;
            isolation().await;
            cost_of_a_post().await;
        }),
    }
}

fn ratio(name: &str, value: f64) {
    println!("  → {value:.2} {name}");
}

/// A receiver in this process. What comes to `/hang…` is never answered.
struct Receiver {
    address: SocketAddr,
    state: Arc<Arrivals>,
}

#[derive(Default)]
struct Arrivals {
    count: AtomicU64,
    more: Notify,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, state) = (listener.local_addr().unwrap(), Arc::new(Arrivals::default()));
        let arrivals = Arc::clone(&state);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let arrivals = Arc::clone(&arrivals);
                let service = service_fn(move |request| receive(request, Arc::clone(&arrivals)));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { address, state }
    }

    /// Waits until so many have come since the last time.
    async fn wait_for(&self, count: u64) {
        while self.state.count.load(Ordering::SeqCst) < count {
            self.state.more.notified().await;
        }
        self.state.count.fetch_sub(count, Ordering::SeqCst);
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

async fn receive(
    request: Request<Incoming>,
    arrivals: Arc<Arrivals>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    if request.uri().path().starts_with("/hang") {
        std::future::pending::<()>().await;
    }
    let _ = request.into_body().collect().await;
    arrivals.count.fetch_add(1, Ordering::SeqCst);
    arrivals.more.notify_one();
    Ok(Response::new(Empty::new()))
}

/// A server with these options of `[notification]`, and a client of it.
struct Zaqar {
    child: Child,
    url: String,
    http: reqwest::Client,
    _directory: tempfile::TempDir,
}

impl Zaqar {
    fn start(options: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_zaqar"));
        command.arg("server").arg("--data-dir").arg(directory.path());
        command.env("OS_DRIVERS_TRANSPORT_WSGI__PORT", address.port().to_string());
        command.env("OS_DEFAULT__LOG_LEVEL", "warn");
        for (name, value) in options {
            command.env(format!("OS_NOTIFICATION__{}", name.to_uppercase()), value);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains("curl")), "the server has not started");
        let url = format!("http://{address}/v2/queues");
        Self {
            child,
            url,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _directory: directory,
        }
    }

    async fn send(&self, path: &str, document: serde_json::Value) {
        let request = self.http.post(format!("{}/{path}", self.url)).body(document.to_string());
        let request = request.header("client-id", "3381af92-2b9e-11e3-b191-71861300734c");
        let request = request.header("x-project-id", "bench").header("content-type", "application/json");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }

    async fn subscribe(&self, queue: &str, subscriber: &str) {
        let document = json!({"subscriber": subscriber, "ttl": 3600, "options": {}});
        self.send(&format!("{queue}/subscriptions"), document).await;
    }

    async fn post(&self, queue: &str, count: usize) {
        let messages = vec![json!({"ttl": 3600, "body": "x".repeat(1022)}); count];
        self.send(&format!("{queue}/messages"), json!({"messages": messages})).await;
    }
}

impl Drop for Zaqar {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As many deliveries over as many connections, by both.
async fn throughput() {
    let (receiver, all) = (Receiver::start().await, (CONNECTIONS * DELIVERIES) as u64);
    println!("{CONNECTIONS} connections, {DELIVERIES} deliveries of 1 KiB over each\n");
    let began = Instant::now();
    let mut bare =
        Command::new(std::env::current_exe().unwrap()).env(BARE, receiver.url("")).spawn().unwrap();
    receiver.wait_for(all).await;
    let floor = all as f64 / began.elapsed().as_secs_f64();
    bare.wait().unwrap();
    println!("{:<44} {floor:>9.0} /s", "a bare client");

    let zaqar = Zaqar::start(&[("max_notifier_workers", "64")]);
    for number in 0..CONNECTIONS {
        zaqar.subscribe("fast", &receiver.url(&number.to_string())).await;
    }
    let began = Instant::now();
    for _ in 0..DELIVERIES / 100 {
        zaqar.post("fast", 100).await;
    }
    receiver.wait_for(all).await;
    let deliveries = all as f64 / began.elapsed().as_secs_f64();
    println!("{:<44} {deliveries:>9.0} /s", "zaqar, recorded on disk");
    ratio("deliveries/s over the bare client's (aim ≥ 0.5)", deliveries / floor);
}

async fn bare_client(url: &str) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = Bytes::from(format!(
        "{{\"ttl\": 3600, \"body\": \"{}\", \"Message_Type\": \"Notification\", \"queue_name\": \"fast\"}}",
        "x".repeat(1022)
    ));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..CONNECTIONS {
        let (http, body, url) = (http.clone(), body.clone(), format!("{url}{number}"));
        tasks.spawn(async move {
            for _ in 0..DELIVERIES {
                let request = http.post(&url).header("content-type", "application/json").body(body.clone());
                assert_eq!(request.send().await.unwrap().status(), 200);
            }
        });
    }
    tasks.join_all().await;
}

/// The time from a post to its delivery, to one endpoint that is well.
async fn isolation() {
    println!("\nfrom a post to its delivery, one at a time\n");
    let receiver = Receiver::start().await;
    let zaqar = Zaqar::start(&[]);
    zaqar.subscribe("well", &receiver.url("well")).await;
    let alone = median_delay(&zaqar, &receiver).await;
    println!("{:<44} {alone:>12.2?} median", "alone");
    for number in 0..HANGING {
        zaqar.subscribe("hanging", &receiver.url(&format!("hang/{number}"))).await;
    }
    zaqar.post("hanging", 20).await;
    let beside = median_delay(&zaqar, &receiver).await;
    println!("{:<44} {beside:>12.2?} median", format!("beside {HANGING} endpoints that hang"));
    ratio("times the delay alone (aim < 2)", beside.as_secs_f64() / alone.as_secs_f64());
}

async fn median_delay(zaqar: &Zaqar, receiver: &Receiver) -> Duration {
    let mut delays = Vec::new();
    for _ in 0..SAMPLES {
        let began = Instant::now();
        zaqar.post("well", 1).await;
        receiver.wait_for(1).await;
        delays.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    median(delays)
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// With subscriptions whose deliveries wait: what is measured is the post, not what it leads to.
async fn cost_of_a_post() {
    println!("\na post, by the number of subscriptions to its queue\n");
    let zaqar =
        Zaqar::start(&[("breaker_failures", "1"), ("breaker_time", "3600"), ("breaker_max_time", "3600")]);
    let mut first = None;
    for count in [0, 1, 1000] {
        let queue = format!("with-{count}");
        // Nobody listens on the port that is reserved as the first.
        for number in 0..count {
            zaqar.subscribe(&queue, &format!("http://127.0.0.1:1/{number}")).await;
        }
        zaqar.post(&queue, 1).await;
        if count > 0 {
            // Until each endpoint was tried once, and is left alone.
            tokio::time::sleep(Duration::from_secs(15)).await;
        }
        let mut times = Vec::new();
        for _ in 0..SAMPLES {
            let began = Instant::now();
            zaqar.post(&queue, 1).await;
            times.push(began.elapsed());
        }
        let time = median(times);
        println!("{:<44} {time:>12.2?} median", format!("{count} subscriptions"));
        let first = *first.get_or_insert(time);
        ratio("times the cost without (aim ≤ 1.3)", time.as_secs_f64() / first.as_secs_f64());
    }
}
