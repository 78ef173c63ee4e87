//! A store that fails at everything.

use zaqar_model::Timestamp;
use zaqar_storage::{
    Capabilities, Health, ManagementStore, MessageStore, PoolRegistry, StorageError, StorageResult,
};

/// Fails every call with [`StorageError::Driver`], but for `close`: it has nothing to lose. As a message store
/// it has none of the optional traits.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultyStore;

pub(crate) fn fail<T>() -> StorageResult<T> {
    Err(StorageError::driver("the faulty store fails at everything"))
}

#[async_trait::async_trait]
impl ManagementStore for FaultyStore {
    fn is_shared(&self) -> bool {
        false
    }

    fn pools(&self) -> Option<&dyn PoolRegistry> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        false
    }

    async fn close(&self) -> StorageResult<()> {
        Ok(())
    }
}

#[async_trait::async_trait]
impl MessageStore for FaultyStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn is_alive(&self) -> bool {
        false
    }

    async fn health(&self, _: Timestamp) -> StorageResult<Health> {
        fail()
    }

    async fn expire(&self, _: Timestamp) -> StorageResult<()> {
        fail()
    }

    async fn close(&self) -> StorageResult<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use zaqar_model::{PoolName, Timestamp};
    use zaqar_storage::{ManagementStore, MessageStore, StorageError};

    use super::FaultyStore;

    #[tokio::test]
    async fn every_call_fails() {
        let management: &dyn ManagementStore = &FaultyStore;
        let pool = management.pools_or_unsupported().unwrap().get_pool(&PoolName::new("p").unwrap()).await;
        assert!(matches!(pool, Err(StorageError::Driver(_))), "{pool:?}");
        let messages: &dyn MessageStore = &FaultyStore;
        let expired = messages.expire(Timestamp::default()).await;
        assert!(matches!(expired, Err(StorageError::Driver(_))), "{expired:?}");
        let with = messages.with_ended_claims(1, Timestamp::default()).await;
        assert!(matches!(with, Err(StorageError::Driver(_))), "{with:?}");
    }

    #[tokio::test]
    async fn it_is_not_alive_but_can_be_closed() {
        let management: &dyn ManagementStore = &FaultyStore;
        assert!(!management.is_alive().await);
        management.close().await.unwrap();
        let messages: &dyn MessageStore = &FaultyStore;
        assert!(!messages.is_alive().await);
        messages.close().await.unwrap();
    }
}
