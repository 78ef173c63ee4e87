//! Deliveries to subscribers: how many in a second, beside a bare HTTP client; whether endpoints that are dead delay
//! others; what subscriptions add to the cost of a post: `cargo bench -p zaqar-server --bench notifications`.
//!
//! Absolute figures move with the machine: read the ratios of one run.

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

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use support::zaqar::Zaqar;
use support::{median, raise_the_limit_of_files, ratio};
use tokio::net::TcpListener;
use tokio::sync::Notify;

const CONNECTIONS: usize = 64;
/// What each of them carries.
const DELIVERIES: usize = 1000;
const SAMPLES: usize = 300;
const TURNS: usize = 10;
/// Set in the environment of the child that plays the bare client: where it sends to.
const BARE: &str = "ZAQAR_BENCH_BARE_CLIENT";

fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    raise_the_limit_of_files();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match std::env::var(BARE) {
        Ok(address) => runtime.block_on(bare_client(&address)),
        Err(_) => runtime.block_on(async {
            throughput().await;
            isolation("1000 endpoints that hang", |receiver| {
                (0..1000).map(|number| receiver.hanging(number)).collect()
            })
            .await;
            isolation("10 000 dead ones, of which half refuse", |receiver| {
                (0..10_000)
                    .map(|number| match number % 2 {
                        0 => receiver.hanging(number),
                        _ => refusing(number),
                    })
                    .collect()
            })
            .await;
            cost_of_a_post().await;
        }),
    }
}

/// A receiver in this process. What comes to `/hang…` is never answered.
struct Receiver {
    port: u16,
    state: Arc<Arrivals>,
}

#[derive(Default)]
struct Arrivals {
    count: AtomicU64,
    more: Notify,
}

impl Receiver {
    async fn start() -> Self {
        // At all addresses of loopback: each of them is a host of its own.
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::new(Arrivals::default()));
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
        Self { port, state }
    }

    /// Waits until so many have come since the last time.
    async fn wait_for(&self, count: u64) {
        while self.state.count.load(Ordering::SeqCst) < count {
            self.state.more.notified().await;
        }
        self.state.count.fetch_sub(count, Ordering::SeqCst);
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    fn hanging(&self, number: usize) -> String {
        format!("http://{}:{}/hang", host(number), self.port)
    }
}

/// Nobody listens on the port that is reserved as the first.
fn refusing(number: usize) -> String {
    format!("http://{}:1/", host(number))
}

fn host(number: usize) -> String {
    format!("127.1.{}.{}", number / 250, number % 250 + 1)
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

    let zaqar = Zaqar::start(&[("NOTIFICATION__MAX_NOTIFIER_WORKERS", "64".to_owned())]);
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

/// The time from a post to its delivery, to one endpoint that is well, beside others.
async fn isolation(others: &str, subscribers: impl Fn(&Receiver) -> Vec<String>) {
    println!("\nfrom a post to its delivery, one at a time\n");
    let receiver = Receiver::start().await;
    let zaqar = Zaqar::start(&[]);
    zaqar.subscribe("well", &receiver.url("well")).await;
    let alone = median_delay(&zaqar, &receiver).await;
    println!("{:<44} {alone:>12.2?} median", "alone");
    zaqar.subscribe_all("dead", subscribers(&receiver)).await;
    zaqar.post("dead", 20).await;
    let beside = median_delay(&zaqar, &receiver).await;
    println!("{:<44} {beside:>12.2?} median", format!("beside {others}"));
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

/// With subscriptions whose deliveries wait: what is measured is the post, not what it leads to.
async fn cost_of_a_post() {
    println!("\na post, by the number of subscriptions to its queue\n");
    let zaqar = Zaqar::start(&[
        ("NOTIFICATION__BREAKER_FAILURES", "1".to_owned()),
        ("NOTIFICATION__BREAKER_TIME", "3600".to_owned()),
        ("NOTIFICATION__BREAKER_MAX_TIME", "3600".to_owned()),
    ]);
    let queues = [("with-0", 0), ("with-1", 1), ("with-1000", 1000)];
    for (queue, count) in queues {
        zaqar.subscribe_all(queue, (0..count).map(refusing).collect()).await;
        zaqar.post(queue, 1).await;
    }
    // Until each endpoint was tried once, and is left alone.
    tokio::time::sleep(Duration::from_secs(15)).await;
    // By turns, so that what else the machine does slows all of them down alike.
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..TURNS {
        for ((queue, _), times) in queues.iter().zip(&mut times) {
            for _ in 0..SAMPLES / TURNS {
                let began = Instant::now();
                zaqar.post(queue, 1).await;
                times.push(began.elapsed());
            }
        }
    }
    let medians = times.map(median);
    for ((_, count), time) in queues.iter().zip(medians) {
        println!("{:<44} {time:>12.2?} median", format!("{count} subscriptions"));
        ratio("times the cost without (aim ≤ 1.3)", time.as_secs_f64() / medians[0].as_secs_f64());
    }
}
