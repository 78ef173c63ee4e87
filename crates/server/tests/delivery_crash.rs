//! `kill -9` again and again while messages are posted and delivered to endpoints that fail three times in ten: every
//! message reaches every subscription, first attempts come in the order of posting, and every attempt is on record: also
//! those that were under way at a kill, whose end nobody knows.
//!
//! `ZAQAR_CRASH_SEED` chooses other moments; a failure tells its seed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use support::queues::{post, subscribe};
use support::receiver::{Received, Receiver, status};
use support::server::Site;
use zaqar_model::{
    AttemptEnd, AttemptFilter, AttemptNumber, AttemptRecord, Clock, DestinationKind, MessageId, PageRequest,
    ProjectId, QueueName, RandomIds, SubscriptionId, SystemClock,
};
use zaqar_storage::{ATTEMPTS_KEPT, Deliveries, Destinations};
use zaqar_storage_embedded::{EmbeddedManagementStore, EmbeddedMessageStore, Options};

const SUBSCRIPTIONS: usize = 40;
/// So few that the attempts at them all stay on record.
const MESSAGES: u64 = 250;
const BATCH: u64 = 5;
const KILLS: usize = 12;

/// A request that an endpoint has got.
struct Arrival {
    number: u64,
    message: MessageId,
    /// Whether it was answered by 200.
    taken: bool,
}

/// What the endpoints have seen, in the order of arrival.
#[derive(Default)]
struct Arrivals(BTreeMap<String, Vec<Arrival>>);

impl Arrivals {
    fn note(&mut self, received: &Received, taken: bool) {
        let number = received.json()["body"].as_u64().unwrap();
        let message = received.header("webhook-id").unwrap().parse().unwrap();
        self.0.entry(received.path.clone()).or_default().push(Arrival { number, message, taken });
    }

    fn have_all_taken(&self, wanted: &BTreeSet<u64>) -> bool {
        let has_taken = |seen: &Vec<Arrival>| {
            let taken: BTreeSet<u64> =
                seen.iter().filter(|arrival| arrival.taken).map(|arrival| arrival.number).collect();
            wanted.is_subset(&taken)
        };
        self.0.len() == SUBSCRIPTIONS && self.0.values().all(has_taken)
    }
}

#[test]
fn however_often_the_server_is_killed_every_message_reaches_every_subscription_in_order() {
    let seed = std::env::var("ZAQAR_CRASH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
    println!("seed {seed}");
    let mut moments = StdRng::seed_from_u64(seed);
    let mut luck = StdRng::seed_from_u64(seed + 1);
    let arrivals = Arc::new(Mutex::new(Arrivals::default()));
    let noted = Arc::clone(&arrivals);
    let receiver = Receiver::deciding(move |received| {
        let taken = !luck.random_bool(0.3);
        noted.lock().unwrap().note(received, taken);
        status(if taken { 200 } else { 503 })
    });
    let site = Site::new("[notification]\nbreaker_failures = 0\nmax_notifier_workers = 64");
    let mut server = site.start();
    let mut client = server.client();
    let policy = json!({"retries_with_no_delay": 50});
    let queue = json!({"_retry_policy": policy});
    assert_eq!(client.request("PUT", "/v2/queues/crashed", Some(&queue)).unwrap().status, 201);
    let subscriptions: Vec<(String, SubscriptionId)> = (0..SUBSCRIPTIONS)
        .map(|number| {
            let path = format!("/{number}");
            let id = subscribe(&mut client, "crashed", &receiver.url(&path), &json!({}));
            (path, id.parse().unwrap())
        })
        .collect();

    let (mut acknowledged, mut next) = (BTreeSet::new(), 0);
    for round in 0..=KILLS {
        // Some arrivals after the last post, so that it is not the same moment of the work each time.
        let until = MESSAGES * (round as u64 + 1) / (KILLS as u64 + 1);
        while next < until {
            let numbers: Vec<u64> = (next..(next + BATCH).min(MESSAGES)).collect();
            next += BATCH;
            let bodies: Vec<Value> = numbers.iter().map(|number| json!(number)).collect();
            let response = post(&mut client, "crashed", &bodies).unwrap();
            assert_eq!(response.status, 201, "{}", response.text());
            acknowledged.extend(numbers);
        }
        let so_far = receiver.wait_for(0).len();
        if round < KILLS {
            receiver.wait_for(so_far + moments.random_range(1..200));
            server.kill();
            server = site.start();
            client = server.client();
        }
    }
    assert_eq!(acknowledged.len() as u64, MESSAGES);
    receiver.wait_until(|_| arrivals.lock().unwrap().have_all_taken(&acknowledged));
    assert!(server.stop().success());

    let arrivals = arrivals.lock().unwrap();
    let on_record = attempts(&site, &subscriptions);
    let mut unknown = 0;
    for (path, seen) in &arrivals.0 {
        let mut known = BTreeSet::new();
        let first: Vec<u64> =
            seen.iter().map(|arrival| arrival.number).filter(|number| known.insert(*number)).collect();
        assert!(first.is_sorted(), "{path}: first attempts came as {first:?}");
        let kept = &on_record[path];
        assert!(kept.len() < ATTEMPTS_KEPT, "{path}: the oldest attempts may be forgotten");
        let delivered = kept.iter().filter(|kept| kept.end == AttemptEnd::Delivered);
        let delivered: BTreeSet<_> = delivered.map(|kept| kept.message).collect();
        assert_eq!(delivered.len() as u64, MESSAGES, "{path}: not every delivery is on record");
        let recorded = counted(kept.iter().map(|kept| kept.message));
        for (message, made) in counted(seen.iter().map(|arrival| arrival.message)) {
            let recorded = recorded.get(&message).copied().unwrap_or_default();
            assert!(recorded >= made, "{path}: {message} came {made} times, {recorded} are on record");
        }
        // What had been leased at a kill and still waited for its turn is on record, too, but without an end.
        let ended = kept.iter().filter(|kept| kept.end != AttemptEnd::Unknown).count();
        assert!(ended <= seen.len(), "{path}: {ended} attempts have an end, {} were made", seen.len());
        unknown += kept.len() - ended;
    }
    let made: usize = arrivals.0.values().map(Vec::len).sum();
    let kept: usize = on_record.values().map(Vec::len).sum();
    println!("{made} attempts were made, {kept} are on record, {unknown} without an end, {KILLS} kills");
}

fn counted(messages: impl Iterator<Item = MessageId>) -> BTreeMap<MessageId, usize> {
    let mut counts = BTreeMap::new();
    messages.for_each(|message| *counts.entry(message).or_default() += 1);
    counts
}

/// What the store has on record, read after the server's end.
fn attempts(site: &Site, subscriptions: &[(String, SubscriptionId)]) -> BTreeMap<String, Vec<AttemptRecord>> {
    let data = site.path("data");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let management = EmbeddedManagementStore::open(&data, Arc::new(RandomIds)).unwrap();
        let messages = EmbeddedMessageStore::open(&data, Options::default()).unwrap();
        let (project, name) = (ProjectId::new("tests").unwrap(), QueueName::new("crashed").unwrap());
        let queue = management.find(DestinationKind::Queue, &project, &name).await.unwrap().unwrap();
        let mut all = BTreeMap::new();
        for (path, id) in subscriptions {
            let mut kept = Vec::new();
            let mut page = PageRequest { marker: None::<AttemptNumber>, limit: 100 };
            loop {
                let attempts = messages
                    .attempts(&queue.destination, *id, &AttemptFilter::default(), &page, SystemClock.now())
                    .await
                    .unwrap();
                kept.extend(attempts.items);
                page.marker = attempts.next;
                if page.marker.is_none() {
                    break;
                }
            }
            all.insert(path.clone(), kept);
        }
        all
    })
}
