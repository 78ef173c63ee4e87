//! What rounds of the same work took.

use std::time::Instant;

use super::support::{processes, ratio};

/// What one operation took in a round, in microseconds.
struct Round {
    time: f64,
    engine: f64,
    own: f64,
}

/// Rounds of one kind of work.
pub(crate) struct Meter {
    name: String,
    /// The processes whose time counts: that of the engine, and the one before it.
    engine: u32,
    own: Option<u32>,
    rounds: Vec<Round>,
}

impl Meter {
    pub(crate) fn new(name: impl Into<String>, engine: u32, own: Option<u32>) -> Self {
        Self { name: name.into(), engine, own, rounds: Vec::new() }
    }

    /// One round: work of so many operations.
    pub(crate) async fn round(&mut self, operations: usize, work: impl Future<Output = ()>) {
        let cpu = || [Some(self.engine), self.own].map(|id| id.map_or(0.0, processes::cpu));
        let [engine, own] = cpu();
        let begun = Instant::now();
        work.await;
        let time = begun.elapsed().as_secs_f64();
        let after = cpu();
        let each = |seconds: f64| seconds * 1e6 / operations as f64;
        let (engine, own) = (each(after[0] - engine), each(after[1] - own));
        self.rounds.push(Round { time: each(time), engine, own });
    }

    /// The first round is for getting warm.
    pub(crate) fn forget(&mut self) {
        self.rounds.clear();
    }

    pub(crate) fn report(&self) {
        let time = median(self.rounds.iter().map(|round| round.time).collect());
        // A tick of the system's clock is longer than some rounds.
        let mean = |of: fn(&Round) -> f64| self.rounds.iter().map(of).sum::<f64>() / self.rounds.len() as f64;
        let own = match self.own {
            Some(_) => format!("{:>8.1} µs before it", mean(|round| round.own)),
            None => String::new(),
        };
        let engine = mean(|round| round.engine);
        println!("{:<44} {:>8.0} /s   CPU {engine:>8.1} µs in the engine {own}", self.name, 1e6 / time);
    }

    /// How much longer an operation takes than one of the other, over rounds side by side.
    pub(crate) fn time_over(&self, other: &Self, what: &str) {
        let both = self.rounds.iter().zip(&other.rounds);
        ratio(what, median(both.map(|(round, other)| round.time / other.time).collect()));
    }
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples[samples.len() / 2]
}
