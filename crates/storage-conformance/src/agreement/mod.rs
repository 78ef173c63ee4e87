//! A store and [`ReferenceStore`](crate::ReferenceStore) side by side: random operations, and each answer must be the same.
//!
//! * [`check`]: messages, claims, dead letters, expiry, dropping and reopening.
//! * [`check_deliveries`]: subscriptions and what is owed to them.
//! * [`check_concurrently`]: many consumers at once; what must hold whatever their order is.
//!
//! What is generic over the fixture is thin, here as in the list of cases: the rest is compiled once, in this crate, and not
//! again in each driver's tests.
//!
//! A sequence that disagrees is made as short as it gets before it is shown.

mod compare;
mod concurrent;
mod deliveries;
mod delivering;
mod ledger;
mod pair;
mod perform;
mod steps;

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config as ProptestConfig, TestCaseError, TestError, TestRunner};

use crate::MessageFixture;
use crate::run::runtime;
use pair::Pair;

pub use concurrent::{Load, check_concurrently};

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// So many sequences, each on a fresh store.
    pub sequences: u32,
    /// Each of at most so many steps.
    pub steps: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { sequences: 64, steps: 100 }
    }
}

/// Where the store and the model part: what was done and what each of them answered.
#[derive(Debug)]
struct Disagreement(String);

/// Random operations on messages and claims: the store must agree with the model after every one, and at the end about
/// everything that can be seen.
pub fn check<F: MessageFixture + 'static>(fixture: impl Fn() -> F, config: Config) {
    check_messages(&|| Box::new(fixture()), config);
}

#[inline(never)]
fn check_messages(fixture: &dyn Fn() -> Box<dyn MessageFixture>, config: Config) {
    run(fixture, config, steps::sequence(config.steps), &async |pair, steps| {
        for (at, step) in steps.iter().enumerate() {
            perform::perform(pair, step).await.map_err(|error| error.at(at, step))?;
        }
        compare::compare_everything(pair).await
    });
}

/// Random posts, subscriptions, leases, outcomes, pauses and redeliveries: the store must owe what the model owes, in the
/// same order, and have the same attempts on record. Nothing to check, if the store does not keep what is owed.
pub fn check_deliveries<F: MessageFixture + 'static>(fixture: impl Fn() -> F, config: Config) {
    check_owed(&|| Box::new(fixture()), config);
}

#[inline(never)]
fn check_owed(fixture: &dyn Fn() -> Box<dyn MessageFixture>, config: Config) {
    run(fixture, config, deliveries::sequence(config.steps), &async |pair, steps| {
        if pair.store.deliveries().is_none() {
            return Ok(());
        }
        for (at, step) in steps.iter().enumerate() {
            delivering::perform(pair, step).await.map_err(|error| error.at(at, step))?;
        }
        delivering::compare_everything(pair).await
    });
}

fn run<S: Debug>(
    fixture: &dyn Fn() -> Box<dyn MessageFixture>,
    config: Config,
    sequences: impl Strategy<Value = Vec<S>>,
    steps: &impl AsyncFn(&mut Pair, &[S]) -> Result<(), Disagreement>,
) {
    let runtime = runtime();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: config.sequences,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&sequences, |sequence| {
        runtime
            .block_on(Box::pin(async {
                let mut pair = Pair::new(fixture()).await;
                let outcome = steps(&mut pair, &sequence).await;
                pair.close().await;
                outcome
            }))
            .map_err(|Disagreement(what)| TestCaseError::fail(what))
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, sequence)) => {
            panic!("the store and the model disagree.\n{reason}\nafter {sequence:#?}")
        }
        Err(TestError::Abort(reason)) => panic!("the check was broken off: {reason}"),
    }
}

impl Disagreement {
    fn at(self, number: usize, step: &impl Debug) -> Self {
        Self(format!("step {number}, {step:?}: {}", self.0))
    }
}

/// Both answered the same.
#[allow(clippy::needless_pass_by_value, reason = "it is called with answers, which are then done with")]
fn agree<T: PartialEq + Debug>(what: &str, model: T, store: T) -> Result<(), Disagreement> {
    if model == store {
        return Ok(());
    }
    Err(Disagreement(format!("{what}:\n  model: {model:?}\n  store: {store:?}")))
}
