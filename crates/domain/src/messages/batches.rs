//! Ids of batches of messages.

use std::sync::atomic::{AtomicU64, Ordering};

use zaqar_model::{BatchId, IdSource};

/// Numbers the batches of one process behind a random prefix: no system call for each.
#[derive(Debug)]
pub(crate) struct BatchIds {
    prefix: u128,
    last: AtomicU64,
}

impl BatchIds {
    pub(crate) fn new(ids: &dyn IdSource) -> Self {
        Self { prefix: ids.next_u128() & !u128::from(u64::MAX), last: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> BatchId {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        BatchId::from_u128(self.prefix | u128::from(number))
    }
}
