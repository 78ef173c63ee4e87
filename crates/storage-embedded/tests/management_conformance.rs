//! The embedded management store is held to the contract: closed in good order, and broken off in a crash.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use zaqar_model::RandomIds;
use zaqar_storage::ManagementStore;
use zaqar_storage_conformance::ManagementFixture;
use zaqar_storage_embedded::EmbeddedManagementStore;

struct Directory(TempDir);

fn directory() -> Directory {
    Directory(tempfile::tempdir().unwrap())
}

#[async_trait::async_trait]
impl ManagementFixture for Directory {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        Arc::new(EmbeddedManagementStore::open(self.0.path(), Arc::new(RandomIds)).unwrap())
    }
}

/// A crash leaves the file as it is at that moment. So the store goes on with a copy, taken while it was open.
struct Crashing {
    directory: TempDir,
    crashes: AtomicUsize,
}

fn crashing() -> Crashing {
    Crashing { directory: tempfile::tempdir().unwrap(), crashes: AtomicUsize::new(0) }
}

impl Crashing {
    fn path(&self) -> PathBuf {
        self.directory.path().join(self.crashes.load(Ordering::Relaxed).to_string())
    }
}

#[async_trait::async_trait]
impl ManagementFixture for Crashing {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        Arc::new(EmbeddedManagementStore::open(&self.path(), Arc::new(RandomIds)).unwrap())
    }

    async fn reopen(&self, store: Arc<dyn ManagementStore>) -> Arc<dyn ManagementStore> {
        let before = self.path();
        self.crashes.fetch_add(1, Ordering::Relaxed);
        std::fs::create_dir(self.path()).unwrap();
        for file in std::fs::read_dir(before).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), self.path().join(file.file_name())).unwrap();
        }
        drop(store);
        self.open().await
    }
}

zaqar_storage_conformance::management_store!(closed_in_good_order, directory);
zaqar_storage_conformance::management_store!(crashed, crashing);
