//! Stores over a line that is cut at every call, used as the contract says: a call of which it is not known whether it was done
//! is made again. What then comes out must be the same as on a line that holds.
//!
//! A driver's tests bring the [`Line`] to their server, hand a [`CutStore`] to the cases and to the property tests, and at the
//! end ask the [`Witness`] whether every operation was cut.
//!
//! Where the contract lets a repeated call say less than the first one would have, such as which messages became dead letters
//! on the way, the wrapper looks in the store for what the first one has done, and so it is compared all the same. One
//! operation may be done twice when it is repeated: an attempt to ask for a confirmation that is recorded. Its line is cut
//! only before the request.

mod claims;
mod deliveries;
mod management;
mod messages;
mod migration;
mod pools;
mod subscriptions;
mod witness;

use std::fmt::Debug;
use std::sync::Arc;

use zaqar_storage::{StorageError, StorageResult};

pub use witness::Witness;

/// How often a call is made at most. Where many call at a time, one may meet the cuts of the others.
const MOST: usize = 20;
/// More than any test has of anything.
const ALL: usize = 10_000;

/// The line to a server.
pub trait Line: Debug + Send + Sync {
    /// Cuts the line at the next request of the store: before it, behind it, or before its answer.
    fn cut_next(&self);

    /// Cuts the line before the next request of the store: it is not done.
    fn cut_before_next(&self);

    /// Cuts the line nowhere until one of the others is called.
    fn pass(&self);

    /// How often it was cut so far.
    fn cuts(&self) -> usize;
}

/// A store over a line that is cut.
#[derive(Debug)]
pub struct CutStore<S: ?Sized> {
    store: Arc<S>,
    line: Arc<dyn Line>,
    witness: Arc<Witness>,
}

/// How a call ended, and whether it was made more than once.
struct Outcome<T> {
    result: StorageResult<T>,
    is_repeated: bool,
}

impl<S: ?Sized> CutStore<S> {
    pub fn new(store: Arc<S>, line: Arc<dyn Line>, witness: Arc<Witness>) -> Self {
        Self { store, line, witness }
    }

    /// The store over a line that holds, to look at what a call has done.
    fn uncut(&self) -> &S {
        self.line.pass();
        &self.store
    }

    /// Reads over a line that is cut. A store reads again by itself.
    async fn read<T>(&self, operation: &'static str, call: impl Future<Output = T>) -> T {
        self.line.cut_next();
        self.watch(operation, call).await
    }

    /// Makes a call over a line that is cut, and again until it is known whether it was done. It is told whether it is
    /// repeated.
    async fn repeat<T, F>(
        &self,
        operation: &'static str,
        call: impl Fn(bool) -> F + Send + Sync,
    ) -> StorageResult<T>
    where
        F: Future<Output = StorageResult<T>>,
    {
        self.outcome(operation, call).await.result
    }

    async fn outcome<T, F>(
        &self,
        operation: &'static str,
        call: impl Fn(bool) -> F + Send + Sync,
    ) -> Outcome<T>
    where
        F: Future<Output = StorageResult<T>>,
    {
        self.line.cut_next();
        self.watch(operation, repeated(&call)).await
    }

    /// The same for a call that is another one when it is repeated: its request is lost, if anything is.
    async fn repeat_unsent<T, F>(
        &self,
        operation: &'static str,
        call: impl Fn(bool) -> F + Send + Sync,
    ) -> StorageResult<T>
    where
        F: Future<Output = StorageResult<T>>,
    {
        self.line.cut_before_next();
        self.watch(operation, repeated(&call)).await.result
    }

    /// Notes whether the line was cut meanwhile.
    async fn watch<T>(&self, operation: &'static str, call: impl Future<Output = T>) -> T {
        let before = self.line.cuts();
        let result = call.await;
        self.witness.saw(operation, self.line.cuts() > before);
        result
    }
}

async fn repeated<T, F>(call: &(impl Fn(bool) -> F + Send + Sync)) -> Outcome<T>
where
    F: Future<Output = StorageResult<T>>,
{
    let mut outcome = Outcome { result: call(false).await, is_repeated: false };
    for _ in 1..MOST {
        if !matches!(outcome.result, Err(StorageError::OutcomeUnknown(_))) {
            break;
        }
        outcome = Outcome { result: call(true).await, is_repeated: true };
    }
    outcome
}
