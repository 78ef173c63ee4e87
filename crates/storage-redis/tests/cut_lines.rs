//! The line is cut at every operation, before the request, behind it and before the answer: nothing is doubled, and nothing is
//! answered that is not so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use support::cut::CutStore;
use support::{PlaceBehindProxy, behind_a_proxy};
use zaqar_storage::MessageStore;
use zaqar_storage_conformance::MessageFixture;
use zaqar_storage_conformance::agreement::{self, Config};
use zaqar_storage_redis::{Options, RedisMessageStore};

const SEQUENCES: Config = Config { sequences: 6, steps: 50 };

#[async_trait::async_trait]
impl MessageFixture for PlaceBehindProxy {
    async fn open(&self) -> Arc<dyn MessageStore> {
        let inner = RedisMessageStore::open(&Options::new(self.uri())).await.unwrap();
        Arc::new(CutStore { inner, proxy: Arc::clone(&self.proxy), turn: AtomicUsize::new(0) })
    }
}

#[test]
fn messages_and_claims_agree_with_the_model() {
    agreement::check(behind_a_proxy, SEQUENCES);
}

#[test]
fn deliveries_agree_with_the_model() {
    agreement::check_deliveries(behind_a_proxy, SEQUENCES);
}

/// Only one request is cut at a time, so nothing else goes on meanwhile.
fn is_no_move(case: &str) -> bool {
    let is_move = case.starts_with("migration::") || case.starts_with("delivery_migration::");
    !is_move || case.contains("in_use")
}

zaqar_storage_conformance::message_store_together!(queues_move, behind_a_proxy, is_no_move);
