//! A queue that moves is held to the contract of one that does not: every case, while the queue goes to another pool at
//! each call.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use parking_lot::Mutex;
use support::PooledSite;
use support::restless::RestlessStore;
use zaqar_storage::MessageStore;
use zaqar_storage_conformance::{ManualClock, MessageFixture, agreement};

/// Three pools, through which every queue goes round.
struct RestlessPools {
    pools: PooledSite,
    waits: bool,
}

impl RestlessPools {
    fn new(waits: bool) -> Self {
        Self { pools: PooledSite::new(&["one", "two", "three"]), waits }
    }
}

/// The move is over before the call goes on.
fn between_calls() -> RestlessPools {
    RestlessPools::new(true)
}

/// The move and the call go on at the same time.
fn during_calls() -> RestlessPools {
    RestlessPools::new(false)
}

#[async_trait::async_trait]
impl MessageFixture for RestlessPools {
    fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.pools.site.clock)
    }

    async fn open(&self) -> Arc<dyn MessageStore> {
        let management = self.pools.management().await;
        let store = self.pools.site.open(&management);
        Arc::new(RestlessStore { management, store, waits: self.waits, seen: Mutex::default() })
    }
}

zaqar_storage_conformance::message_store!(moving_between_calls, between_calls);
zaqar_storage_conformance::message_store!(moving_during_calls, during_calls);

/// Fewer sequences than other stores: each call is a move.
fn few() -> agreement::Config {
    agreement::Config { sequences: 8, ..agreement::Config::default() }
}

#[test]
fn a_queue_that_moves_between_calls_agrees_with_the_model() {
    agreement::check(between_calls, few());
}

#[test]
fn a_queue_that_moves_during_calls_agrees_with_the_model() {
    agreement::check(during_calls, few());
}

#[test]
fn a_queue_that_moves_stands_a_crowd() {
    agreement::check_concurrently(during_calls, agreement::Load::default());
}
