//! A management store that fails for a while.

use std::ops::Deref;
use std::sync::Arc;

use zaqar_storage::{ManagementStore, PoolRegistry, StorageResult};

use crate::faults::Faults;

/// Forwards every call to the store beneath, but for those that are told to fail.
#[derive(Debug)]
pub struct FlakyManagementStore {
    beneath: Arc<dyn ManagementStore>,
    pub(crate) faults: Faults,
}

impl FlakyManagementStore {
    pub fn over(beneath: Arc<dyn ManagementStore>) -> Self {
        Self { beneath, faults: Faults::default() }
    }

    pub(crate) fn whole(&self) -> StorageResult<&dyn ManagementStore> {
        Ok(&*self.beneath)
    }

    pub(crate) fn pools_beneath(&self) -> StorageResult<&dyn PoolRegistry> {
        self.beneath.pools_or_unsupported()
    }
}

/// Tests say to the store itself what is to fail.
impl Deref for FlakyManagementStore {
    type Target = Faults;

    fn deref(&self) -> &Faults {
        &self.faults
    }
}

#[async_trait::async_trait]
impl ManagementStore for FlakyManagementStore {
    fn is_shared(&self) -> bool {
        self.beneath.is_shared()
    }

    fn pools(&self) -> Option<&dyn PoolRegistry> {
        self.beneath.pools().map(|_| self as _)
    }

    async fn is_alive(&self) -> bool {
        self.beneath.is_alive().await
    }

    async fn close(&self) -> StorageResult<()> {
        self.beneath.close().await
    }
}
