//! What the benchmarks share: servers in processes of their own, and a client that costs little.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub(crate) mod http;
#[path = "../../tests/support/ports.rs"]
pub(crate) mod ports;
pub(crate) mod processes;
pub(crate) mod server;
pub(crate) mod zaqar;

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

pub(crate) fn ratio(name: &str, value: f64) {
    println!("  → {value:.2} {name}");
}

pub(crate) fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// As many files as may be, for this process and those that it starts.
pub(crate) fn raise_the_limit_of_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}
