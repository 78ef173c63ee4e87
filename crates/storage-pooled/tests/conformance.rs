//! Four pools of embedded stores are held to the contract of one store.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use support::PooledSite;
use zaqar_storage::MessageStore;
use zaqar_storage_conformance::{ManualClock, MessageFixture, agreement};

fn four_pools() -> PooledSite {
    PooledSite::new(&["one", "two", "three", "four"])
}

#[async_trait::async_trait]
impl MessageFixture for PooledSite {
    fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.site.clock)
    }

    async fn open(&self) -> Arc<dyn MessageStore> {
        Arc::new(self.site.open(&self.management().await))
    }
}

/// The same, but the store is never closed.
struct BrokenOff(PooledSite);

fn broken_off() -> BrokenOff {
    BrokenOff(four_pools())
}

#[async_trait::async_trait]
impl MessageFixture for BrokenOff {
    fn clock(&self) -> Arc<ManualClock> {
        self.0.clock()
    }

    async fn open(&self) -> Arc<dyn MessageStore> {
        self.0.open().await
    }

    async fn reopen(&self, store: Arc<dyn MessageStore>) -> Arc<dyn MessageStore> {
        drop(store);
        self.open().await
    }
}

zaqar_storage_conformance::message_store!(pooled, four_pools);
zaqar_storage_conformance::message_store!(pooled_and_broken_off, broken_off);

#[test]
fn it_agrees_with_the_model() {
    agreement::check(four_pools, agreement::Config::default());
}

#[test]
fn it_stands_a_crowd() {
    agreement::check_concurrently(four_pools, agreement::Load::default());
}
