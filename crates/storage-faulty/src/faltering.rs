//! A store that fails for a while.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use zaqar_model::Timestamp;
use zaqar_storage::{
    Capabilities, Deliveries, Health, MessageStore, Migration, StorageError, StorageResult, Subscriptions,
};

/// Forwards every call to the store beneath, but for those that are told to fail.
#[derive(Debug)]
pub struct FalteringStore {
    pub(crate) beneath: Arc<dyn MessageStore>,
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
}

impl FalteringStore {
    pub fn over(beneath: Arc<dyn MessageStore>) -> Self {
        Self {
            beneath,
            faults: Mutex::default(),
            calls: Mutex::default(),
            failures: watch::Sender::default(),
        }
    }

    /// Lets a call, by the name that it has in the contract, fail from now on.
    pub fn falter_at(&self, call: &'static str, fault: Fault) {
        self.faults.lock().insert(call, fault);
    }

    /// Nothing fails any more.
    pub fn recover(&self) {
        self.faults.lock().clear();
    }

    /// How often a call, by the name that it has in the contract, was made.
    pub fn calls(&self, call: &str) -> usize {
        self.calls.lock().get(call).copied().unwrap_or_default()
    }

    /// Waits until a call has failed so often, all in all.
    pub async fn wait_for_failures(&self, call: &'static str, count: usize) {
        let mut failures = self.failures.subscribe();
        let are_enough = |failures: &HashMap<_, _>| failures.get(call).is_some_and(|failed| *failed >= count);
        // The sender lives as long as this store.
        let _ = failures.wait_for(are_enough).await;
    }

    pub(crate) fn whole(&self) -> StorageResult<&dyn MessageStore> {
        Ok(&*self.beneath)
    }

    pub(crate) fn subscriptions_beneath(&self) -> StorageResult<&dyn Subscriptions> {
        self.beneath.subscriptions_or_unsupported()
    }

    pub(crate) fn deliveries_beneath(&self) -> StorageResult<&dyn Deliveries> {
        self.beneath.deliveries_or_unsupported()
    }

    pub(crate) fn migration_beneath(&self) -> StorageResult<&dyn Migration> {
        self.beneath.migration_or_unsupported()
    }

    pub(crate) async fn call<T>(
        &self,
        name: &'static str,
        beneath: impl Future<Output = StorageResult<T>> + Send,
    ) -> StorageResult<T> {
        *self.calls.lock().entry(name).or_default() += 1;
        let fault = self.faults.lock().get(name).copied();
        match fault {
            None => return beneath.await,
            Some(Fault::NotDone) => {}
            Some(Fault::AnswerLost) => drop(beneath.await?),
        }
        self.failures.send_modify(|failures| *failures.entry(name).or_default() += 1);
        Err(match fault {
            Some(Fault::AnswerLost) => StorageError::outcome_unknown("it falters"),
            _ => StorageError::unavailable("it falters"),
        })
    }
}

#[async_trait::async_trait]
impl MessageStore for FalteringStore {
    fn capabilities(&self) -> Capabilities {
        self.beneath.capabilities()
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        self.beneath.subscriptions().map(|_| self as _)
    }

    fn deliveries(&self) -> Option<&dyn Deliveries> {
        self.beneath.deliveries().map(|_| self as _)
    }

    fn migration(&self) -> Option<&dyn Migration> {
        self.beneath.migration().map(|_| self as _)
    }

    async fn is_alive(&self) -> bool {
        self.beneath.is_alive().await
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        self.beneath.health(now).await
    }

    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        self.beneath.expire(now).await
    }

    async fn close(&self) -> StorageResult<()> {
        self.beneath.close().await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use zaqar_model::{PageRequest, Timestamp};
    use zaqar_storage::{Claims, DeadLetters, StorageError};

    use super::{FalteringStore, Fault};
    use crate::FaultyStore;

    #[tokio::test]
    async fn only_what_is_told_to_falters_until_it_recovers() {
        // What is forwarded can be told by the error of the store beneath.
        let store = FalteringStore::over(Arc::new(FaultyStore));
        let ended = async || store.with_ended_claims(1, Timestamp::default()).await;
        assert!(matches!(ended().await, Err(StorageError::Driver(_))));
        store.falter_at("with_ended_claims", Fault::NotDone);
        assert!(matches!(ended().await, Err(StorageError::Unavailable(_))));
        let page = PageRequest { marker: None, limit: 1 };
        assert!(matches!(store.with_dead_letters(&page).await, Err(StorageError::Driver(_))));
        store.wait_for_failures("with_ended_claims", 1).await;
        store.recover();
        assert!(matches!(ended().await, Err(StorageError::Driver(_))));
    }
}
