//! Waiting for a queue to have more.

use std::sync::Arc;

use zaqar_model::{Destination, Marker};
use zaqar_storage::{MessageStore, StorageError, StorageResult};

use crate::PooledMessageStore;

impl PooledMessageStore {
    pub(crate) async fn wait_behind(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        let mut left: Option<Arc<dyn MessageStore>> = None;
        let mut is_new = false;
        loop {
            // Nobody may have posted to it yet.
            let access = self.pooled.access_to_write(at).await?;
            let store = Arc::clone(&access.store);
            is_new |= access.is_new;
            // Outside of its lock: a queue may move while somebody waits for it. The pool that it leaves drops it, and
            // that ends the wait there.
            drop(access);
            match store.wait_for_messages(at, behind).await {
                Err(StorageError::NotFound(_)) if !left.is_some_and(|left| Arc::ptr_eq(&left, &store)) => {
                    left = Some(store);
                }
                outcome => return self.pooled.forget_if_dropped(is_new, at, outcome).await,
            }
        }
    }
}
