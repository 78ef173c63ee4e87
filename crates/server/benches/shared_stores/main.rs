//! What stores that servers share cost, beside what their engines do at best:
//! `cargo bench -p zaqar-server --bench shared_stores -- speed redis`.
//!
//! * `depth ENGINE [--messages N] [--rounds N]`: posts and claims in a queue of a million messages, nine of ten of them
//!   claimed or delayed, over those in a queue of a thousand.
//! * `speed ENGINE [--clients N] [--rounds N]`: posts and claims by HTTP. On Redis over `redis-benchmark` with XADD, and over
//!   OpenStack's Zaqar, which `scripts/install-test-tools` installs; on PostgreSQL over a queue that is one table, with
//!   SKIP LOCKED.
//!
//! ENGINE is `postgresql` or `redis`, each as durable as it can be. All share one server of it, in turns, by 64
//! clients where it is not said otherwise, with messages of 1 KiB: read the ratios, each the median over the rounds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark measures time, and stops at an error"
)]

mod clients;
mod depth;
mod meter;
mod skip_locked;
mod speed;
mod stores;
#[path = "../support/mod.rs"]
mod support;
mod upstream;

const USAGE: &str =
    "say what is to be measured: depth or speed, and then on which engine: postgresql or redis";

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |name: &str, default: usize| {
        let at = words.iter().position(|word| *word == name);
        at.map_or(default, |at| words.get(at + 1).and_then(|word| word.parse().ok()).expect(name))
    };
    let clients = number("--clients", 64);
    match *words.as_slice() {
        // With all the others, by `cargo bench`.
        [] => println!("{USAGE}"),
        ["depth", engine, ..] => {
            depth::measure(engine, number("--messages", 1_000_000), number("--rounds", 60)).await;
        }
        ["speed", "redis", ..] => speed::on_redis(clients, number("--rounds", 7)).await,
        ["speed", "postgresql", ..] => speed::on_postgresql(clients, number("--rounds", 7)).await,
        _ => panic!("{USAGE}"),
    }
}
