//! The line is cut at every operation, before a request, behind it and before its answer: nothing is doubled, and nothing is
//! answered that is not so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use support::{Schema, Schemas, open, open_management};
use zaqar_storage::{ManagementStore, MessageStore};
use zaqar_storage_conformance::agreement::{self, Config, Load};
use zaqar_storage_conformance::cut::{CutStore, Line, Witness};
use zaqar_storage_conformance::{
    ManagementFixture, MessageFixture, check_management_store, check_message_store,
};
use zaqar_storage_postgres::Options;
use zaqar_test_servers::{Cutter, Database, Proxy, SharedPostgres};

const SEQUENCES: Config = Config { sequences: 6, steps: 50 };

/// The first statement of an operation, which names a table; others in the middle of its transaction; its end. Most operations
/// are one statement.
const REQUESTS: [&[u8]; 8] =
    [TABLE, TABLE, TABLE, b"COMMIT", b"COMMIT", b"UPDATE \"", b"INSERT INTO \"", b"DELETE FROM \""];
const TABLE: &[u8] = b"\".";

#[derive(Debug)]
struct PostgresLine {
    proxy: Arc<Proxy>,
    cutter: Cutter,
}

impl Line for PostgresLine {
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

/// Schemas of a database behind lines that are cut.
struct Behind {
    database: Database,
    schemas: Schemas,
    witness: Arc<Witness>,
}

impl Behind {
    fn cut_lines() -> Self {
        let (database, schemas) = (SharedPostgres::database(), Schemas::default());
        Self { database, schemas, witness: Arc::default() }
    }

    fn fresh(&self) -> Place {
        let uri = self.database.uri();
        let address = uri.trim_start_matches("postgresql://postgres@").split('/').next().unwrap();
        let proxy = Arc::new(Proxy::to(address.parse().unwrap()));
        let Schema(options) = self.schemas.fresh(uri.replace(address, &proxy.address().to_string()));
        let cutter = Cutter::of(Arc::clone(&proxy), &REQUESTS);
        let line = Arc::new(PostgresLine { proxy, cutter });
        Place { options, line, witness: Arc::clone(&self.witness) }
    }
}

struct Place {
    options: Options,
    line: Arc<PostgresLine>,
    witness: Arc<Witness>,
}

impl Place {
    fn cut<S: ?Sized>(&self, store: Arc<S>) -> Arc<CutStore<S>> {
        Arc::new(CutStore::new(store, Arc::clone(&self.line) as _, Arc::clone(&self.witness)))
    }
}

#[async_trait::async_trait]
impl MessageFixture for Place {
    async fn open(&self) -> Arc<dyn MessageStore> {
        self.line.pass();
        self.cut(open(&self.options).await)
    }
}

#[async_trait::async_trait]
impl ManagementFixture for Place {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        self.line.pass();
        self.cut(open_management(&self.options).await)
    }
}

/// Of many who make one queue at a time, none can tell any more whose it is.
fn makes_a_queue_at_once(case: &str) -> bool {
    case.ends_with("concurrent_creations_make_one_queue")
        || case.ends_with("of_two_servers_that_make_a_queue_one_makes_it")
}

/// Where many call at a time, who was told what cannot be told apart: a queue that moves while it is in use meets the cuts of
/// its users.
fn is_a_move(case: &str) -> bool {
    let moves = case.starts_with("migration::") || case.starts_with("delivery_migration::");
    moves && !case.contains("::in_use::")
}

/// What the comparisons with the model leave out besides.
fn is_about_subscriptions_or_repeats(case: &str) -> bool {
    case.starts_with("subscriptions::") || case.contains("::repeating::")
}

#[test]
fn queues_move() {
    let behind = Behind::cut_lines();
    check_message_store(&|| Box::new(behind.fresh()), &|case| !is_a_move(case));
    behind.witness.expect_all_cut(30);
}

#[test]
fn subscriptions_and_what_is_repeated_keep_the_contract() {
    let behind = Behind::cut_lines();
    check_message_store(&|| Box::new(behind.fresh()), &|case| !is_about_subscriptions_or_repeats(case));
    behind.witness.expect_all_cut(15);
}

#[test]
fn the_management_store_keeps_the_contract() {
    let behind = Behind::cut_lines();
    check_management_store(&|| Box::new(behind.fresh()), &makes_a_queue_at_once);
    behind.witness.expect_all_cut(20);
}

#[test]
fn messages_and_claims_agree_with_the_model() {
    let behind = Behind::cut_lines();
    agreement::check(|| behind.fresh(), SEQUENCES);
}

#[test]
fn deliveries_agree_with_the_model() {
    let behind = Behind::cut_lines();
    agreement::check_deliveries(|| behind.fresh(), SEQUENCES);
}

/// Each consumer meets the cuts of the others, too.
#[test]
fn it_stands_a_crowd() {
    let behind = Behind::cut_lines();
    agreement::check_concurrently(|| behind.fresh(), Load::default());
}
