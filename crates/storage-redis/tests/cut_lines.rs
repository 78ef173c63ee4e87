//! The line is cut at every operation, before the request, behind it and before the answer: nothing is doubled, and nothing is
//! answered that is not so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use support::{open, open_management};
use zaqar_storage::{ManagementStore, MessageStore};
use zaqar_storage_conformance::agreement::{self, Config, Load};
use zaqar_storage_conformance::cut::{CutStore, Line, Witness};
use zaqar_storage_conformance::{
    ManagementFixture, MessageFixture, check_management_store, check_message_store,
};
use zaqar_storage_redis::Options;
use zaqar_test_servers::{Cutter, Engine, Proxy, RedisDatabase, SharedRedis};

const SEQUENCES: Config = Config { sequences: 6, steps: 50 };

#[derive(Debug)]
struct RedisLine {
    proxy: Arc<Proxy>,
    cutter: Cutter,
}

impl Line for RedisLine {
    fn cut_next(&self) {
        self.cutter.cut_next();
    }

    fn cut_before_next(&self) {
        self.cutter.cut_before_next();
    }

    fn pass(&self) {
        self.proxy.cut_none();
    }

    fn cuts(&self) -> usize {
        self.proxy.cuts()
    }
}

/// A database behind a line that is cut.
struct Place {
    database: RedisDatabase,
    line: Arc<RedisLine>,
    witness: Arc<Witness>,
}

impl Place {
    fn fresh(witness: &Arc<Witness>) -> Self {
        let database = SharedRedis::database(Engine::Valkey);
        let uri = database.uri();
        let address = uri.trim_start_matches("redis://").split('/').next().unwrap_or_default();
        let proxy = Arc::new(Proxy::to(address.parse().unwrap()));
        // Every operation is a script, or several, but for some that read a key.
        let cutter = Cutter::of(Arc::clone(&proxy), &[b"EVALSHA", b"{zaqar:"]);
        Self { database, line: Arc::new(RedisLine { proxy, cutter }), witness: Arc::clone(witness) }
    }

    fn options(&self) -> Options {
        self.line.pass();
        Options::new(format!("redis://{}/{}", self.line.proxy.address(), self.database.number()))
    }

    fn cut<S: ?Sized>(&self, store: Arc<S>) -> Arc<CutStore<S>> {
        Arc::new(CutStore::new(store, Arc::clone(&self.line) as _, Arc::clone(&self.witness)))
    }
}

#[async_trait::async_trait]
impl MessageFixture for Place {
    async fn open(&self) -> Arc<dyn MessageStore> {
        self.cut(open(&self.options()).await)
    }
}

#[async_trait::async_trait]
impl ManagementFixture for Place {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        self.cut(open_management(&self.options()).await)
    }
}

/// What the comparisons with the model leave out. Where many call at a time, who was told what cannot be told apart: a queue
/// that moves while it is in use meets the cuts of its users.
fn is_compared_with_the_model(case: &str) -> bool {
    let nouns = ["migration::", "delivery_migration::", "subscriptions::"];
    let is_left_out = nouns.iter().any(|noun| case.starts_with(noun)) || case.contains("::repeating::");
    !is_left_out || case.contains("::in_use::")
}

/// Of many who make one queue at a time, none can tell any more whose it is.
fn makes_a_queue_at_once(case: &str) -> bool {
    case.ends_with("concurrent_creations_make_one_queue")
        || case.ends_with("of_two_servers_that_make_a_queue_one_makes_it")
}

#[test]
fn the_message_store_keeps_the_contract() {
    let witness = Arc::default();
    check_message_store(&|| Box::new(Place::fresh(&witness)), &is_compared_with_the_model);
    witness.expect_all_cut(30);
}

#[test]
fn the_management_store_keeps_the_contract() {
    let witness = Arc::default();
    check_management_store(&|| Box::new(Place::fresh(&witness)), &makes_a_queue_at_once);
    witness.expect_all_cut(20);
}

#[test]
fn messages_and_claims_agree_with_the_model() {
    agreement::check(|| Place::fresh(&Arc::default()), SEQUENCES);
}

#[test]
fn deliveries_agree_with_the_model() {
    agreement::check_deliveries(|| Place::fresh(&Arc::default()), SEQUENCES);
}

/// Each consumer meets the cuts of the others, too.
#[test]
fn it_stands_a_crowd() {
    agreement::check_concurrently(|| Place::fresh(&Arc::default()), Load::default());
}
