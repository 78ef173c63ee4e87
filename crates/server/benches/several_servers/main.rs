//! What several servers over one replicated store promise, measured while parts of it are lost:
//! `cargo bench -p zaqar-server --bench several_servers -- failover postgresql --rounds 20`.
//!
//! * `failover ENGINE [--rounds N] [--asynchronous]`: three servers under load lose the primary of their store, in turn by
//!   SIGKILL, and by SIGSTOP with a late return. What was acknowledged is counted afterwards.
//! * `claimers ENGINE [--messages N]`: 64 consumers on four servers claim, release and delete.
//! * `wake-ups ENGINE [--rounds N]`: how long a message takes from one server to whoever waits on another.
//!
//! ENGINE is one of `postgresql`, `sentinel`, `cluster`; for all but `failover` one of `postgresql`, `redis`, `embedded`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and stops at an error"
)]

mod claimers;
mod engines;
mod failover;
mod load;
#[path = "../../tests/support/mod.rs"]
mod support;
mod wake_ups;

const USAGE: &str = "say what is to be measured: failover, claimers or wake-ups, and then on which engine";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |name: &str, default: usize| {
        let at = words.iter().position(|word| *word == name);
        at.map_or(default, |at| words.get(at + 1).and_then(|word| word.parse().ok()).expect(name))
    };
    match *words.as_slice() {
        // With all the others, by `cargo bench`.
        [] => println!("{USAGE}"),
        ["failover", engine, ..] => {
            failover::measure(engine, number("--rounds", 4), !words.contains(&"--asynchronous"));
        }
        ["claimers", engine, ..] => claimers::measure(engine, number("--messages", 100_000)),
        ["wake-ups", engine, ..] => wake_ups::measure(engine, number("--rounds", 500)),
        _ => panic!("{USAGE}"),
    }
}

/// The one in the middle and the last one.
fn median_and_maximum<T: Ord + Copy>(mut samples: Vec<T>) -> (T, T) {
    samples.sort_unstable();
    (samples[samples.len() / 2], samples[samples.len() - 1])
}
