//! Word by word against OpenStack's Zaqar: both get the same requests, and every difference is known.
//!
//! `requests/` holds a directory for each configuration and in it a file for each noun; `requests.rs` tells what
//! stands in a file. An answer's status, headers and body are compared. A difference is either a defect of ours or on
//! purpose: then the request says so, with the row of COMPATIBILITY.md that explains it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod answer;
mod explained;
mod fill;
mod ledger;
mod pair;
mod play;
mod random;
mod requests;
mod websocket;

#[path = "../support/mod.rs"]
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};

use ledger::Ledger;
use pair::Pair;
use play::Tally;

#[test]
fn a_service_as_it_comes_answers_as_upstream_does() {
    compare("defaults");
}

#[test]
fn a_service_with_other_options_answers_as_upstream_does() {
    compare("options");
}

#[test]
fn a_service_with_pools_answers_as_upstream_does() {
    compare("pooled");
}

#[test]
fn what_random_requests_find_is_explained() {
    let (ledger, mut tally) = (Ledger::read(), Tally::default());
    let mut pair = Pair::start(&directory("defaults").join("zaqar.conf"));
    for scenario in random::scenarios(SCENARIOS) {
        play::play_random(&scenario, &mut pair, &ledger, &mut tally);
    }
    report("random", &tally);
}

/// How many beginnings of random numbers are tried.
const SCENARIOS: usize = 400;

/// Sends every request of a directory to a pair of fresh services with its configuration.
fn compare(configuration: &str) {
    let directory = directory(configuration);
    let (ledger, mut tally) = (Ledger::read(), Tally::default());
    let mut pair = Pair::start(&directory.join("zaqar.conf"));
    for file in requests::files(&directory) {
        play::play(&file, &mut pair, &ledger, &mut tally);
    }
    report(configuration, &tally);
}

fn directory(configuration: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upstream/requests").join(configuration)
}

#[allow(clippy::explicit_write, reason = "a test that passes shows nothing of what is printed by a macro")]
fn report(what: &str, tally: &Tally) {
    writeln!(std::io::stderr(), "{what}: {}", tally.summary()).unwrap();
    assert!(tally.complaints.is_empty(), "\n{}\n{}", tally.complaints.join("\n"), tally.summary());
}
