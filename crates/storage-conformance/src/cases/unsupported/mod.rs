//! What a store does not declare, it refuses.

pub mod claims;

use zaqar_storage::{MessageStore, StorageError, StorageResult};

/// Every store: a case ends at once where the store declares what it is about.
pub async fn needs(_: &dyn MessageStore) -> bool {
    true
}

fn assert_unsupported<T: std::fmt::Debug>(answer: &StorageResult<T>) {
    assert!(matches!(answer, Err(StorageError::Unsupported(_))), "{answer:?}");
}
