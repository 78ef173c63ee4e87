//! Many consumers on several servers: no message is in two live claims, and none is left behind.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::engines::Alone;
use super::support::http::Client;
use super::support::queues;
use super::support::server::Server;

const SERVERS: usize = 4;
const CONSUMERS: u64 = 64;
const BATCH: usize = 500;
/// Nobody holds it; it is in its queue, or will be.
const FREE: u64 = 0;
const DELETED: u64 = u64::MAX;
const PATIENCE: Duration = Duration::from_secs(900);
const QUEUE: &str = "/v2/queues/work";

/// What the consumers know of all messages.
struct Ledger {
    /// Who holds each message, by its body.
    holders: Vec<AtomicU64>,
    left: AtomicUsize,
    overlaps: AtomicUsize,
    claims: AtomicUsize,
    releases: AtomicUsize,
}

pub(crate) fn measure(engine: &str, messages: usize) {
    let store = Alone::start(engine);
    let servers = store.servers(SERVERS);
    let seed = rand::random();
    println!("{engine}: {messages} messages, {CONSUMERS} consumers, {} servers, seed {seed}", servers.len());
    let begun = Instant::now();
    fill(&servers, messages, seed);
    println!("posted in {:.1?}", begun.elapsed());
    let ledger = Ledger {
        holders: (0..messages).map(|_| AtomicU64::new(FREE)).collect(),
        left: AtomicUsize::new(messages),
        overlaps: AtomicUsize::new(0),
        claims: AtomicUsize::new(0),
        releases: AtomicUsize::new(0),
    };
    let begun = Instant::now();
    thread::scope(|scope| {
        for consumer in 1..=CONSUMERS {
            let server = &servers[usize::try_from(consumer).unwrap() % servers.len()];
            let (mut client, ledger) = (server.client(), &ledger);
            scope.spawn(move || consume(&mut client, consumer, seed, ledger, begun));
        }
    });
    let [left, overlaps, claims, releases] =
        [&ledger.left, &ledger.overlaps, &ledger.claims, &ledger.releases]
            .map(|count| count.load(Ordering::SeqCst));
    println!("{claims} claims, {releases} of them released, in {:.1?}", begun.elapsed());
    println!("{overlaps} messages in two live claims, {left} left behind");
    let found = queues::list_all(&mut servers[0].client(), "work").len();
    assert_eq!((overlaps, left, found), (0, 0, 0));
}

/// Messages with times to live and delays of all kinds. None lives for less than the whole measurement may take.
fn fill(servers: &[Server], messages: usize, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut client = servers[0].client();
    for first in (0..messages).step_by(BATCH) {
        let batch: Vec<Value> = (first..messages.min(first + BATCH))
            .map(|body| json!({"ttl": random.random_range(1800..3600), "delay": delay(&mut random), "body": body}))
            .collect();
        let answer = client.request("POST", &format!("{QUEUE}/messages"), Some(&json!({"messages": batch})));
        let answer = answer.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
}

/// Half of them have none.
fn delay(random: &mut StdRng) -> u32 {
    if random.random() { 0 } else { random.random_range(1..20) }
}

fn consume(client: &mut Client, consumer: u64, seed: u64, ledger: &Ledger, begun: Instant) {
    let mut random = StdRng::seed_from_u64(seed ^ consumer);
    while ledger.left.load(Ordering::SeqCst) > 0 {
        assert!(begun.elapsed() < PATIENCE, "messages are left behind");
        let claimed = queues::claim(client, "work", random.random_range(1..=20)).unwrap();
        let messages = queues::messages(&claimed);
        if messages.is_empty() {
            thread::sleep(Duration::from_millis(50));
            continue;
        }
        ledger.claims.fetch_add(1, Ordering::SeqCst);
        let holders: Vec<_> = messages
            .iter()
            .map(|message| &ledger.holders[usize::try_from(message.body.as_u64().unwrap()).unwrap()])
            .collect();
        for holder in &holders {
            if holder.swap(consumer, Ordering::SeqCst) != FREE {
                ledger.overlaps.fetch_add(1, Ordering::SeqCst);
            }
        }
        if random.random_ratio(1, 5) {
            holders.iter().for_each(|holder| holder.store(FREE, Ordering::SeqCst));
            let claim = claimed.header("location").unwrap();
            assert_eq!(client.request("DELETE", claim, None).unwrap().status, 204);
            ledger.releases.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        for (message, holder) in messages.iter().zip(&holders) {
            assert_eq!(queues::delete(client, &message.href).unwrap().status, 204);
            if holder.swap(DELETED, Ordering::SeqCst) != consumer {
                ledger.overlaps.fetch_add(1, Ordering::SeqCst);
            }
            ledger.left.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
