//! Which calls of a store fail, and how often they were made.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::watch;
use zaqar_storage::{StorageError, StorageResult};

/// The faults of a store, by the names that its calls have in the contract.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Mutex<HashMap<&'static str, Fault>>,
    /// How often each call was made.
    calls: Mutex<HashMap<&'static str, usize>>,
    /// How often each call has failed.
    failures: watch::Sender<HashMap<&'static str, usize>>,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done: [`StorageError::Unavailable`].
    NotDone,
    /// It is done, and the answer is lost on its way back: [`StorageError::OutcomeUnknown`].
    AnswerLost,
    /// The same, but only once: a repeated call gets its answer.
    AnswerLostOnce,
}

impl Faults {
    /// Lets a call fail from now on.
    pub fn fail_at(&self, call: &'static str, fault: Fault) {
        self.faults.lock().insert(call, fault);
    }

    /// Nothing fails any more.
    pub fn recover(&self) {
        self.faults.lock().clear();
    }

    /// How often a call was made.
    pub fn calls(&self, call: &str) -> usize {
        self.calls.lock().get(call).copied().unwrap_or_default()
    }

    /// Waits until a call has failed so often, all in all.
    pub async fn wait_for_failures(&self, call: &'static str, count: usize) {
        let mut failures = self.failures.subscribe();
        let are_enough = |failures: &HashMap<_, _>| failures.get(call).is_some_and(|failed| *failed >= count);
        // The sender lives as long as this.
        let _ = failures.wait_for(are_enough).await;
    }

    pub(crate) async fn call<T>(
        &self,
        name: &'static str,
        beneath: impl Future<Output = StorageResult<T>> + Send,
    ) -> StorageResult<T> {
        *self.calls.lock().entry(name).or_default() += 1;
        let fault = {
            let mut faults = self.faults.lock();
            let fault = faults.get(name).copied();
            if fault == Some(Fault::AnswerLostOnce) {
                faults.remove(name);
            }
            fault
        };
        let error = match fault {
            None => return beneath.await,
            Some(Fault::NotDone) => StorageError::unavailable("it fails"),
            Some(Fault::AnswerLost | Fault::AnswerLostOnce) => {
                drop(beneath.await?);
                StorageError::outcome_unknown("it fails")
            }
        };
        self.failures.send_modify(|failures| *failures.entry(name).or_default() += 1);
        Err(error)
    }
}
