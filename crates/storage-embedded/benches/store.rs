//! What the embedded message store does in a second, without HTTP: `cargo bench -p zaqar-storage-embedded`.
//!
//! Every figure stands beside the processor time it cost. Absolute figures move with the machine: read the ratios of
//! one run. A word on the command line selects the scenarios whose names contain it.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and stops at an error"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use zaqar_model::{
    Attempt, ClaimId, ClaimTerms, ClientId, DelaySeconds, DeliveryOutcome, Destination, DestinationKind,
    DestinationNumber, Excerpt, GraceSeconds, JsonText, Metadata, NewMessage, ProjectId, QueueName,
    Subscription, SubscriptionId, SubscriptionTtl, Timestamp, TtlSeconds,
};
use zaqar_storage::{
    ClaimRequest, Claims, Deliveries, Guard, ListStart, MessageQuery, MessageStore, Messages,
    SubscriptionShare, Subscriptions,
};
use zaqar_storage_conformance::{LeaseDue, PopMessages, PostMessages};
use zaqar_storage_embedded::{EmbeddedMessageStore, Options};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
const PRODUCERS: usize = 64;
const DURATION: Duration = Duration::from_secs(3);

fn queue(number: u64) -> Destination {
    Destination {
        kind: DestinationKind::Queue,
        project: ProjectId::new("bench").unwrap(),
        name: QueueName::new(&format!("queue-{number}")).unwrap(),
        number: DestinationNumber::new(number + 1),
    }
}

fn message() -> NewMessage {
    let body = format!("\"{}\"", "x".repeat(1022));
    NewMessage {
        ttl: TtlSeconds::new(3600),
        delay: DelaySeconds::default(),
        body: JsonText::parse(Bytes::from(body)).unwrap().into(),
        checksum: None,
    }
}

fn client() -> ClientId {
    ClientId::new("3381af92-2b9e-11e3-b191-71861300734c")
}

fn open(directory: &Path) -> Arc<EmbeddedMessageStore> {
    Arc::new(EmbeddedMessageStore::open(directory, Options::default()).unwrap())
}

/// Processor seconds that this process has used, and bytes that it has sent to the device.
fn used() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).unwrap();
    (ticks / 100.0, written.parse().unwrap())
}

fn resident_megabytes() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 4096.0 / 1e6
}

struct Figures {
    per_second: f64,
    cpu_micros: f64,
    p99: Duration,
    written: u64,
    operations: u64,
}

/// Runs one kind of operation from 64 tasks for a while.
async fn measure<F, Fut>(operation: F) -> Figures
where
    F: Fn(usize, u64) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let (cpu_before, written_before) = used();
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..PRODUCERS {
        let operation = operation.clone();
        tasks.spawn(async move {
            let mut latencies = Vec::with_capacity(100_000);
            let mut round = 0;
            while start.elapsed() < DURATION {
                let began = Instant::now();
                operation(task, round).await;
                latencies.push(began.elapsed());
                round += 1;
            }
            latencies
        });
    }
    let mut latencies: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let elapsed = start.elapsed().as_secs_f64();
    let (cpu, written) = used();
    latencies.sort_unstable();
    let operations = latencies.len() as u64;
    Figures {
        per_second: operations as f64 / elapsed,
        cpu_micros: (cpu - cpu_before) * 1e6 / operations as f64,
        p99: latencies[latencies.len() * 99 / 100],
        written: written - written_before,
        operations,
    }
}

fn report(name: &str, items: u64, figures: &Figures) {
    println!(
        "{name:<44} {:>10.0} /s {:>11.0} messages/s {:>8.1} µs CPU   p99 {:>8.2?}",
        figures.per_second,
        figures.per_second * items as f64,
        figures.cpu_micros,
        figures.p99
    );
}

fn wanted(name: &str) -> bool {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
}

async fn fill(store: &EmbeddedMessageStore, queues: u64, depth: u64) {
    for number in 0..queues {
        let mut left = depth;
        while left > 0 {
            let count = left.min(1000);
            let messages = (0..count).map(|_| message()).collect();
            store.post_messages(&queue(number), &client(), messages, NOW).await.unwrap();
            left -= count;
        }
    }
}

async fn posts(queues: u64, batch: usize) -> Option<Figures> {
    let name = format!("post {batch}, {queues} queues");
    if !wanted(&name) {
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store, queues, 1).await;
    let posting = Arc::clone(&store);
    let next = Arc::new(AtomicU64::new(0));
    let figures = measure(move |_, _| {
        let (store, number) = (Arc::clone(&posting), next.fetch_add(1, Ordering::Relaxed) % queues);
        async move {
            let messages = (0..batch).map(|_| message()).collect();
            store.post_messages(&queue(number), &client(), messages, NOW).await.unwrap();
        }
    })
    .await;
    report(&name, batch as u64, &figures);
    let accepted = figures.operations * batch as u64 * 1024;
    println!("{:<44} {:>10.2} bytes written per byte accepted", "", figures.written as f64 / accepted as f64);
    Some(figures)
}

/// Post ten, claim ten, delete ten: the queue stays as deep as it was.
async fn cycles(queues: u64, depth: u64) -> Option<Figures> {
    let name = format!("post 10 + claim 10 + delete, {queues} queues, {depth} deep");
    if !wanted(&name) {
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store, queues, depth).await;
    let cycling = Arc::clone(&store);
    let next = Arc::new(AtomicU64::new(1));
    let figures = measure(move |_, _| {
        let (store, turn) = (Arc::clone(&cycling), next.fetch_add(1, Ordering::Relaxed));
        async move {
            let queue = queue(turn % queues);
            store.post_messages(&queue, &client(), (0..10).map(|_| message()).collect(), NOW).await.unwrap();
            let request = ClaimRequest {
                id: ClaimId::from_u128(u128::from(turn)),
                terms: ClaimTerms { ttl: TtlSeconds::new(300), grace: GraceSeconds::new(60) },
                limit: 10,
                dead_letters: None,
                outlives: true,
                is_repeated: false,
            };
            let claimed = store.claim(&queue, &request, NOW).await.unwrap();
            let ids: Vec<_> = claimed.messages.iter().map(|message| message.id).collect();
            store.delete(&queue, &ids, Guard::Any, NOW).await.unwrap();
            if turn.is_multiple_of(1000) {
                store.expire(NOW).await.unwrap();
            }
        }
    })
    .await;
    report(&name, 10, &figures);
    Some(figures)
}

async fn lists(depth: u64) -> Option<Figures> {
    let name = format!("list 20, {depth} deep");
    if !wanted(&name) {
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store, 1, depth).await;
    let figures = measure(move |task, round| {
        let store = Arc::clone(&store);
        async move {
            let marker = (task as u64 * 7919 + round * 20) % depth.saturating_sub(20).max(1);
            let query = MessageQuery {
                start: ListStart::Behind(zaqar_model::Marker::new(marker)),
                limit: 20,
                max_bytes: usize::MAX,
                without_client: None,
                include_claimed: false,
                include_delayed: false,
            };
            assert_eq!(store.list(&queue(0), &query, NOW).await.unwrap().items.len(), 20);
        }
    })
    .await;
    report(&name, 20, &figures);
    Some(figures)
}

async fn subscribe(store: &EmbeddedMessageStore, to: u64, count: u64) {
    for number in 0..count {
        let subscription = Subscription {
            id: SubscriptionId::from_u128(u128::from(number)),
            source: queue(to),
            subscriber: format!("http://example.org/{number}"),
            ttl: SubscriptionTtl::new(3600),
            renewed: NOW,
            options: Metadata::default(),
            confirmed: true,
            declined: false,
            notified: true,
            suspended: None,
        };
        store.subscribe(subscription, NOW).await.unwrap();
    }
}

/// Posts to one queue that so many subscribers wait for: what a post costs must not depend on them.
async fn posts_to_subscribers(subscriptions: u64) -> Option<Figures> {
    let name = format!("post 1, {subscriptions} subscriptions");
    if !wanted(&name) {
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    subscribe(&store, 0, subscriptions).await;
    let figures = measure(move |_, _| {
        let store = Arc::clone(&store);
        async move {
            store.post_messages(&queue(0), &client(), vec![message()], NOW).await.unwrap();
        }
    })
    .await;
    report(&name, 1, &figures);
    Some(figures)
}

/// Leases a hundred deliveries and records that they were made.
async fn deliveries(subscriptions: u64, depth: u64) {
    let name = format!("lease 100 + record, {subscriptions} subscriptions");
    if !wanted(&name) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    subscribe(&store, 0, subscriptions).await;
    fill(&store, 1, depth).await;
    let figures = measure(move |_, _| {
        let store = Arc::clone(&store);
        async move {
            let share = SubscriptionShare::each(10_000);
            let request = store.lease_request(100, share, NOW).await.unwrap();
            let due = store.lease(&request, NOW).await.unwrap().deliveries;
            assert!(!due.is_empty(), "there is enough to deliver for the whole run");
            let excerpt = Excerpt::new("ok");
            let attempt = Attempt { at: NOW, status: Some(200), latency_ms: 1, excerpt, address: None };
            let outcome = DeliveryOutcome::Delivered(attempt);
            let reports: Vec<_> = due.iter().map(|delivery| delivery.report(outcome.clone())).collect();
            store.record(request.id, &reports, NOW).await.unwrap();
        }
    })
    .await;
    report(&name, 100, &figures);
}

/// A million live messages: how much memory, how long to open, how much disk when all are consumed.
async fn a_million() {
    if !wanted("a million") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let before = resident_megabytes();
    let store = open(directory.path());
    fill(&store, 100, 10_000).await;
    println!(
        "{:<44} {:>10.0} MB resident beyond the start",
        "a million messages, 100 queues",
        resident_megabytes() - before
    );
    store.expire(NOW).await.unwrap();
    drop(store);
    let began = Instant::now();
    let store = open(directory.path());
    println!("{:<44} {:>10.2?}", "open after a kill", began.elapsed());
    store.close().await.unwrap();
    drop(store);
    let began = Instant::now();
    let store = open(directory.path());
    println!("{:<44} {:>10.2?}", "open after a clean end", began.elapsed());
    for number in 0..100 {
        while !store.pop_messages(&queue(number), 1000, NOW).await.unwrap().is_empty() {}
    }
    for _ in 0..3 {
        store.expire(NOW).await.unwrap();
    }
    let segments = std::fs::read_dir(directory.path().join("messages")).unwrap();
    let count = segments.filter(|file| file.as_ref().unwrap().path().extension().is_some()).count();
    println!("{:<44} {:>10} files of 64 MiB", "disk after all are consumed", count);
}

fn ratio(name: &str, over: Option<&Figures>, under: Option<&Figures>) {
    if let (Some(over), Some(under)) = (over, under) {
        println!("{name:<44} {:>10.2} (CPU per operation)", over.cpu_micros / under.cpu_micros);
    }
}

#[tokio::main]
async fn main() {
    println!("{PRODUCERS} tasks, 1 KiB messages, every acknowledgement fsynced\n");
    let one = posts(1, 1).await;
    posts(100, 1).await;
    let many = posts(10_000, 1).await;
    ratio("→ 10 000 queues over 1", many.as_ref(), one.as_ref());
    posts(100, 10).await;
    cycles(100, 10).await;
    let shallow = cycles(1, 1000).await;
    let deep = cycles(1, 1_000_000).await;
    ratio("→ 1 M deep over 1 k", deep.as_ref(), shallow.as_ref());
    let shallow = lists(1000).await;
    let deep = lists(1_000_000).await;
    ratio("→ 1 M deep over 1 k", deep.as_ref(), shallow.as_ref());
    let none = posts_to_subscribers(0).await;
    let one = posts_to_subscribers(1).await;
    let many = posts_to_subscribers(1000).await;
    ratio("→ 1 subscription over none", one.as_ref(), none.as_ref());
    ratio("→ 1 000 subscriptions over none", many.as_ref(), none.as_ref());
    deliveries(10, 100_000).await;
    deliveries(1000, 10_000).await;
    a_million().await;
}
