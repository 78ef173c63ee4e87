//! The embedded message store is held to the contract: closed in good order, and broken off without a checkpoint.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;

use tempfile::TempDir;
use zaqar_storage::MessageStore;
use zaqar_storage_conformance::{MessageFixture, agreement};
use zaqar_storage_embedded::{EmbeddedMessageStore, Options};

/// A data directory with segments so small that a case sees many of them.
struct Directory(TempDir);

fn directory() -> Directory {
    Directory(tempfile::tempdir().unwrap())
}

#[async_trait::async_trait]
impl MessageFixture for Directory {
    async fn open(&self) -> Arc<dyn MessageStore> {
        let options = Options { segment_size: 2 << 20, ..Options::default() };
        Arc::new(EmbeddedMessageStore::open(self.0.path(), options).unwrap())
    }
}

/// The same, but the store is never closed: what it knows it must find in the log.
struct Broken(Directory);

fn broken() -> Broken {
    Broken(directory())
}

#[async_trait::async_trait]
impl MessageFixture for Broken {
    async fn open(&self) -> Arc<dyn MessageStore> {
        self.0.open().await
    }

    async fn reopen(&self, store: Arc<dyn MessageStore>) -> Arc<dyn MessageStore> {
        drop(store);
        self.open().await
    }
}

zaqar_storage_conformance::message_store!(closed_in_good_order, directory);
zaqar_storage_conformance::message_store!(broken_off, broken);

#[test]
fn it_agrees_with_the_model() {
    agreement::check(directory, agreement::Config::default());
}

#[test]
fn it_agrees_with_the_model_when_it_is_broken_off() {
    agreement::check(broken, agreement::Config::default());
}

#[test]
fn it_owes_what_the_model_owes() {
    agreement::check_deliveries(directory, agreement::Config::default());
}

#[test]
fn it_owes_what_the_model_owes_when_it_is_broken_off() {
    agreement::check_deliveries(broken, agreement::Config::default());
}

#[test]
fn it_stands_a_crowd() {
    agreement::check_concurrently(directory, agreement::Load::default());
}
