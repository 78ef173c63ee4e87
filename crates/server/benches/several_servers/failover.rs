//! Rounds in which the primary of the store is lost under load.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::engines::{Loss, Replicated};
use super::load::{Held, Told, consume, post, queues_of_work};
use super::median_and_maximum;
use super::support::queues::{self, Taken};
use super::support::receiver::Receiver;
use super::support::server::Server;

const SERVERS: usize = 3;
/// For each server: two that post work and one that posts news; two that consume.
const POSTERS: usize = 3;
const CONSUMERS: usize = 2;
/// Messages that each poster has acknowledged before the primary is lost, and again afterwards.
const STRETCH: usize = 60;
const PATIENCE: Duration = Duration::from_secs(120);

/// What a round showed.
#[derive(Debug, Default)]
struct Round {
    /// The longest time in which one of the posters had no message acknowledged.
    outage: Duration,
    longest_request: Duration,
    refused: usize,
    acknowledged: usize,
    lost: usize,
    doubled: usize,
    in_two_claims: usize,
    back_after_deletion: usize,
    not_delivered: usize,
}

impl Round {
    const fn faults(&self) -> usize {
        self.lost + self.doubled + self.in_two_claims + self.back_after_deletion + self.not_delivered
    }
}

pub(crate) fn measure(engine: &str, rounds: usize, is_synchronous: bool) {
    let replication = if is_synchronous { "synchronous" } else { "asynchronous" };
    println!("{engine}, {replication}: {rounds} rounds, {SERVERS} servers");
    let mut all = Vec::new();
    for number in 0..rounds {
        let loss = if number % 2 == 0 { Loss::Killed } else { Loss::Stopped };
        let round = round(engine, loss, is_synchronous);
        println!("{number:3} {loss:?}: {round:?}");
        all.push(round);
    }
    let (middle, longest) = median_and_maximum(all.iter().map(|round| round.outage).collect());
    println!("outage of a poster: p50 {middle:.2?}, max {longest:.2?}");
    let (middle, longest) = median_and_maximum(all.iter().map(|round| round.longest_request).collect());
    println!("longest request of a round: p50 {middle:.2?}, max {longest:.2?}");
    let faults: usize = all.iter().map(Round::faults).sum();
    let acknowledged: usize = all.iter().map(|round| round.acknowledged).sum();
    println!("{acknowledged} messages acknowledged, {faults} faults");
    assert!(
        !is_synchronous || faults == 0,
        "what was acknowledged with synchronous replication has been lost"
    );
}

fn round(engine: &str, loss: Loss, is_synchronous: bool) -> Round {
    let mut store = Replicated::start(engine, is_synchronous);
    let servers = store.servers(SERVERS, is_synchronous);
    let receiver = Receiver::answering(200);
    queues::subscribe(&mut servers[0].client(), "news", &receiver.url("/news"), &json!({}));
    let (work, news) = (queues_of_work(), vec!["news".to_owned()]);
    let (posting_ends, consuming_ends) = (AtomicBool::new(false), AtomicBool::new(false));
    let counters: Vec<AtomicUsize> = (0..SERVERS * POSTERS).map(|_| AtomicUsize::new(0)).collect();
    let (told, held) = thread::scope(|scope| {
        let posters: Vec<_> = (0..SERVERS * POSTERS)
            .map(|poster| {
                let queues = if poster % POSTERS == 0 { &news } else { &work };
                let (address, counter, ends) =
                    (servers[poster % SERVERS].address, &counters[poster], &posting_ends);
                scope.spawn(move || (poster % POSTERS == 0, post(address, poster, queues, counter, ends)))
            })
            .collect();
        let consumers: Vec<_> = (0..SERVERS * CONSUMERS)
            .map(|consumer| {
                let (address, queues, ends) = (servers[consumer % SERVERS].address, &work, &consuming_ends);
                scope.spawn(move || consume(address, queues, ends))
            })
            .collect();
        go_on(&counters);
        store.lose(loss);
        if store.needs_the_lost_one() {
            store.come_back(loss);
        } else if loss == Loss::Stopped {
            go_on(&counters);
            store.come_back(loss);
            go_on(&counters);
            store.fence();
        }
        go_on(&counters);
        posting_ends.store(true, Ordering::SeqCst);
        let told: Vec<_> = posters.into_iter().map(|poster| poster.join().unwrap()).collect();
        consuming_ends.store(true, Ordering::SeqCst);
        (told, consumers.into_iter().flat_map(|consumer| consumer.join().unwrap()).collect::<Vec<Held>>())
    });
    assess(&servers[0], &receiver, &told, &held)
}

/// Waits until each poster has had a stretch of messages acknowledged.
fn go_on(counters: &[AtomicUsize]) {
    let aims: Vec<_> = counters.iter().map(|counter| counter.load(Ordering::SeqCst) + STRETCH).collect();
    let begun = Instant::now();
    while counters.iter().zip(&aims).any(|(counter, aim)| counter.load(Ordering::SeqCst) < *aim) {
        assert!(begun.elapsed() < PATIENCE, "the service does not go on");
        thread::sleep(Duration::from_millis(5));
    }
}

fn assess(server: &Server, receiver: &Receiver, told: &[(bool, Vec<Told>)], held: &[Held]) -> Round {
    let mut round = Round::default();
    let mut acknowledged = [BTreeSet::new(), BTreeSet::new()];
    for (is_news, told) in told {
        let mut last = told[0].begun;
        for message in told {
            round.longest_request = round.longest_request.max(message.ended - message.begun);
            if message.is_acknowledged {
                round.outage = round.outage.max(message.ended - last);
                last = message.ended;
                acknowledged[usize::from(*is_news)].insert(message.body);
            } else {
                round.refused += 1;
            }
        }
    }
    let [work, news] = acknowledged;
    round.acknowledged = work.len() + news.len();

    // Where each message was seen: in answers to claims, and in its queue at the end.
    let mut client = server.client();
    let left: Vec<Taken> =
        queues_of_work().iter().flat_map(|queue| queues::list_all(&mut client, queue)).collect();
    let mut ids: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    let mut claims: BTreeMap<&str, usize> = BTreeMap::new();
    for message in held {
        ids.entry(message.body).or_default().insert(&message.id);
        *claims.entry(&message.id).or_default() += 1;
    }
    for message in &left {
        ids.entry(message.body.as_u64().unwrap()).or_default().insert(message.id());
    }
    let deleted: BTreeSet<&str> = held.iter().filter(|held| held.is_deleted).map(|held| &*held.id).collect();
    round.lost = work.iter().filter(|body| !ids.contains_key(body)).count();
    round.doubled = ids.values().filter(|ids| ids.len() > 1).count();
    round.in_two_claims = claims.values().filter(|claims| **claims > 1).count();
    round.back_after_deletion = left.iter().filter(|message| deleted.contains(message.id())).count();

    let begun = Instant::now();
    loop {
        let received = receiver.wait_until(|_| true);
        let bodies: BTreeSet<u64> =
            received.iter().filter_map(|received| received.json()["body"].as_u64()).collect();
        round.not_delivered = news.difference(&bodies).count();
        if round.not_delivered == 0 || begun.elapsed() > PATIENCE {
            return round;
        }
        thread::sleep(Duration::from_millis(100));
    }
}
