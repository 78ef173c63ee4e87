//! A store that fails for a while.

use std::ops::Deref;
use std::sync::Arc;

use zaqar_model::Timestamp;
use zaqar_storage::{
    Capabilities, Deliveries, Health, MessageStore, Migration, StorageResult, Subscriptions,
};

use crate::faults::Faults;

/// Forwards every call to the store beneath, but for those that are told to fail.
#[derive(Debug)]
pub struct FlakyStore {
    pub(crate) beneath: Arc<dyn MessageStore>,
    pub(crate) faults: Faults,
}

impl FlakyStore {
    pub fn over(beneath: Arc<dyn MessageStore>) -> Self {
        Self { beneath, faults: Faults::default() }
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
}

/// Tests say to the store itself what is to fail.
impl Deref for FlakyStore {
    type Target = Faults;

    fn deref(&self) -> &Faults {
        &self.faults
    }
}

#[async_trait::async_trait]
impl MessageStore for FlakyStore {
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

    use super::FlakyStore;
    use crate::{Fault, FaultyStore};

    #[tokio::test]
    async fn only_what_is_told_to_falters_until_it_recovers() {
        // What is forwarded can be told by the error of the store beneath.
        let store = FlakyStore::over(Arc::new(FaultyStore));
        let ended = async || store.with_ended_claims(1, Timestamp::default()).await;
        assert!(matches!(ended().await, Err(StorageError::Driver(_))));
        store.fail_at("with_ended_claims", Fault::NotDone);
        assert!(matches!(ended().await, Err(StorageError::Unavailable(_))));
        let page = PageRequest { marker: None, limit: 1 };
        assert!(matches!(store.with_dead_letters(&page).await, Err(StorageError::Driver(_))));
        store.wait_for_failures("with_ended_claims", 1).await;
        store.recover();
        assert!(matches!(ended().await, Err(StorageError::Driver(_))));
    }
}
