//! `kill -9` at random moments, under load, again and again: nothing that was acknowledged is lost or doubled.
//!
//! `ZAQAR_CRASH_SEED` chooses other moments; a failure tells its seed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod crash {
    pub(crate) mod ledger;
    pub(crate) mod workers;
}
mod support;

use std::net::SocketAddr;
use std::thread;

use crash::ledger::{Ledger, QUEUES};
use crash::workers::{consume, list, produce};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use support::server::Site;
use support::{pools, queues};

const ROUNDS: u64 = 14;
const PRODUCERS: u64 = 4;
const CONSUMERS: u64 = 4;

#[test]
fn what_was_acknowledged_survives_being_killed_under_load() {
    survive(&Site::new(""), |_| {});
}

/// Meanwhile an operator sends each queue from one pool to the other and back.
#[test]
fn what_was_acknowledged_survives_while_its_queue_moves_between_pools() {
    let site = Site::new("[DEFAULT]\nadmin_mode = true\npooling = true");
    let server = site.start();
    pools::register(&mut server.client(), &site, &["fast", "slow"]);
    for queue in QUEUES {
        pools::create_queue(&mut server.client(), queue, "slow");
    }
    server.kill();
    survive(&site, |address| pools::send_to_and_fro(address, &QUEUES, &["fast", "slow"]));
}

/// Kills the server again and again while clients and `others` work, and holds what is left against the ledger.
fn survive(site: &Site, others: impl Fn(SocketAddr) + Sync) {
    let seed = std::env::var("ZAQAR_CRASH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
    println!("seed {seed}");
    let mut moments = StdRng::seed_from_u64(seed);
    let ledger = Ledger::default();

    for round in 0..ROUNDS {
        let server = site.start();
        let address = server.address;
        let load = moments.random_range(1..600);
        thread::scope(|scope| {
            for worker in 0..PRODUCERS {
                let rng = StdRng::seed_from_u64(seed ^ (round << 32) ^ worker);
                let ledger = &ledger;
                scope.spawn(move || produce(address, worker, rng, ledger));
            }
            for worker in 0..CONSUMERS {
                let rng = StdRng::seed_from_u64(seed ^ (round << 32) ^ (worker + PRODUCERS));
                let ledger = &ledger;
                scope.spawn(move || consume(address, rng, ledger));
            }
            scope.spawn(move || list(address));
            scope.spawn(|| others(address));
            ledger.wait_for_answers(load);
            server.kill();
        });
    }

    let server = site.start();
    let mut client = server.client();
    for queue in QUEUES {
        let left = queues::list_all(&mut client, queue);
        ledger.check_what_is_left(queue, &left);
    }
    ledger.check_claims(&mut client);
}
