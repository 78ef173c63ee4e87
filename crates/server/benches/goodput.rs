//! What arrives at endpoints that cannot take everything, and how late: messages that fail among others that do not, and
//! endpoints that take only so many in a second: `cargo bench -p zaqar-server --bench goodput`. It takes two minutes.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and stops at an error"
)]

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use support::zaqar::Zaqar;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Nothing is waited for longer.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Clone, Copy)]
enum Manner {
    /// 500 to messages that are bad.
    Fails,
    /// Takes so many in each second and answers 429 to more.
    Limited { per_second: u32, says_when: bool },
}

/// What has been taken: the number of each message, and when.
type Taken = watch::Sender<Vec<(u64, Instant)>>;

#[tokio::main]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let all = Duration::from_secs(0);
    let third = Duration::from_millis(333);
    println!("endpoint answers 500 to bad messages\n");
    let mixed = |count: u64, bad: fn(u64) -> bool| (0..count).map(bad).collect::<Vec<_>>();
    for (name, ttl, every, messages) in [
        ("5 bad, then 10 good, ttl 75", 75, all, mixed(15, |number| number < 5)),
        ("5 bad, then 10 good, ttl 3600", 3600, all, mixed(15, |number| number < 5)),
        ("4 bad, then 10 good", 3600, all, mixed(14, |number| number < 4)),
        ("6 bad among 54 good, three a second", 3600, third, mixed(60, |number| number % 10 == 4)),
    ] {
        let arrivals = deliver(Manner::Fails, ttl, every, &messages).await;
        let count = arrivals.iter().flatten().count();
        let latest = arrivals.iter().flatten().max().copied().unwrap_or_default();
        println!("{name:<44} {count:>3} good ones arrive, the latest {latest:>9.2?} after its post");
    }
    println!("\nendpoint takes so many in a second and answers 429 to more, one message a delivery\n");
    for (name, per_second, says_when, count) in [
        ("20/s, Retry-After: 1", 20, true, 400),
        ("20/s, no Retry-After", 20, false, 400),
        ("2/s, no Retry-After", 2, false, 60),
    ] {
        let manner = Manner::Limited { per_second, says_when };
        let arrivals = deliver(manner, 3600, all, &vec![false; count]).await;
        let delivered = arrivals.iter().flatten().count();
        let latest = arrivals.iter().flatten().max().copied().unwrap_or_default();
        println!(
            "{name:<44} {:>6.1}/s: {delivered} in {latest:.1?}",
            delivered as f64 / latest.as_secs_f64()
        );
    }
}

/// Posts messages, one every so often, of which some are bad. Answers how long after its post each of the others arrived.
async fn deliver(manner: Manner, ttl: u64, every: Duration, bad: &[bool]) -> Vec<Option<Duration>> {
    let taken = Arc::new(Taken::default());
    let zaqar = Zaqar::start(&[]);
    zaqar.subscribe("goodput", &receive(manner, Arc::clone(&taken)).await).await;
    let bodies: Vec<Value> = (0..).zip(bad).map(|(number, bad)| json!([number, bad])).collect();
    let mut posted = Vec::new();
    if every.is_zero() {
        posted = vec![Instant::now(); bodies.len()];
        zaqar.post_bodies("goodput", ttl, &bodies).await;
    } else {
        for body in bodies {
            posted.push(Instant::now());
            zaqar.post_bodies("goodput", ttl, &[body]).await;
            tokio::time::sleep(every).await;
        }
    }
    let good = bad.iter().filter(|bad| !**bad).count();
    let mut arrivals = taken.subscribe();
    let _ = tokio::time::timeout(LONGEST, arrivals.wait_for(|taken| taken.len() >= good)).await;
    let taken = taken.borrow();
    let arrived = |number: u64| taken.iter().find(|(own, _)| *own == number).map(|(_, at)| *at);
    let numbered = (0..).zip(bad).zip(posted);
    numbered.filter(|((_, bad), _)| !**bad).map(|((number, _), at)| Some(arrived(number)? - at)).collect()
}

/// Starts an endpoint; answers its URL.
async fn receive(manner: Manner, taken: Arc<Taken>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let taken = Arc::clone(&taken);
            let service = service_fn(move |request| answer(manner, request, Arc::clone(&taken)));
            let connection = hyper::server::conn::http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    url
}

async fn answer(
    manner: Manner,
    request: Request<Incoming>,
    taken: Arc<Taken>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let document: Value = serde_json::from_slice(&body).unwrap();
    let (number, bad) = (document["body"][0].as_u64().unwrap(), document["body"][1].as_bool().unwrap());
    let (now, mut answer) = (Instant::now(), Response::new(Empty::new()));
    taken.send_if_modified(|taken| {
        let (status, retry_after) = match manner {
            Manner::Fails => (if bad { 500 } else { 200 }, false),
            Manner::Limited { per_second, says_when } => {
                let lately = taken.iter().rev().take_while(|(_, at)| now - *at < Duration::from_secs(1));
                if lately.count() < per_second as usize { (200, false) } else { (429, says_when) }
            }
        };
        *answer.status_mut() = status.try_into().unwrap();
        if retry_after {
            answer.headers_mut().insert("retry-after", "1".parse().unwrap());
        }
        if status == 200 {
            taken.push((number, now));
        }
        status == 200
    });
    Ok(answer)
}
