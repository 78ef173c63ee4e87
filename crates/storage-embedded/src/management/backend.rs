//! The backend of redb, observed: the errors of redb do not distinguish a failed fsync from a failed write, nor say
//! which came first.

use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

use super::reserve::is_full;

/// Faults that have occurred.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// An fsync failed. The operating system may have dropped data that was not on the device, and will not report it
    /// again.
    pub(super) sync: AtomicBool,
    /// A write failed for lack of space.
    pub(super) full: AtomicBool,
}

#[derive(Debug)]
pub(super) struct Watched {
    backend: Box<dyn StorageBackend>,
    faults: Arc<Faults>,
}

impl Watched {
    pub(super) fn new(backend: Box<dyn StorageBackend>, faults: Arc<Faults>) -> Self {
        Self { backend, faults }
    }

    fn note_full(&self, error: &io::Error) {
        if is_full(error) {
            self.faults.full.store(true, Ordering::Relaxed);
        }
    }
}

impl StorageBackend for Watched {
    fn len(&self) -> io::Result<u64> {
        self.backend.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.backend.set_len(len).inspect_err(|error| self.note_full(error))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.backend.sync_data().inspect_err(|_| self.faults.sync.store(true, Ordering::Relaxed))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.backend.write(offset, data).inspect_err(|error| self.note_full(error))
    }

    fn close(&self) -> io::Result<()> {
        self.backend.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.query_lock_range(start, end)
    }
}
