//! Statements are prepared where the server itself answers, and nowhere else: behind a pooler the next one may run in another
//! session.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use futures_util::future::join_all;
use support::open;
use zaqar_storage::{Deletion, Guard, MessageStore};
use zaqar_storage_conformance::{MessageBench, MessageFixture};
use zaqar_storage_postgres::Options;
use zaqar_test_servers::{PgBouncer, Postgres};

/// As many as take each of the pooler's sessions several times.
const TIMES: usize = 20;

/// A store at a URI.
struct At(String);

#[async_trait::async_trait]
impl MessageFixture for At {
    async fn open(&self) -> Arc<dyn MessageStore> {
        open(&Options { connections: 1, ..Options::new(self.0.clone()) }).await
    }
}

fn server() -> Postgres {
    Postgres::start(&[("fsync", "off"), ("log_statement", "all")])
}

async fn bench_at(uri: String) -> MessageBench {
    MessageBench::new(Box::new(At(uri))).await
}

/// Posts, claims and deletes, in some queues at once.
async fn use_it(bench: &MessageBench) {
    let queues: Vec<_> = (0..4).map(|_| bench.queue()).collect();
    let using = queues.iter().map(|queue| async move {
        for _ in 0..TIMES {
            let posted = queue.fill(2).await;
            assert_eq!(queue.claim(2).await.1, posted);
            for id in posted {
                assert_eq!(queue.delete_guarded(&[id], Guard::Any).await, Deletion::Done);
            }
        }
    });
    join_all(using).await;
}

/// Whether a statement ran under the name that it was prepared under.
fn has_prepared(server: &Postgres) -> bool {
    let log = server.process.log();
    assert!(log.contains("execute "), "the server logs statements");
    log.contains("execute s")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_itself_is_given_prepared_statements() {
    let server = server();
    use_it(&bench_at(server.uri("postgres")).await).await;
    assert!(has_prepared(&server));
}

async fn is_given_none(settings: &[(&str, &str)]) {
    let server = server();
    let few = [&[("default_pool_size", "2")], settings].concat();
    let bouncer = PgBouncer::start(&server, &few);
    use_it(&bench_at(bouncer.uri("postgres")).await).await;
    assert!(!has_prepared(&server));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_refuses_what_it_does_not_know_is_given_none() {
    is_given_none(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_passes_over_what_it_does_not_know_is_given_none() {
    is_given_none(&[("ignore_startup_parameters", "options")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_may_change_while_statements_on_it_are_prepared() {
    let server = server();
    let bench = bench_at(server.uri("postgres")).await;
    let queue = bench.queue();
    queue.fill(1).await;
    queue.exhaust(1, 1).await;
    let before = bench.with_dead_letters().await;
    assert_eq!(before, std::slice::from_ref(&queue.destination));
    server.run("ALTER TABLE zaqar.queues ALTER COLUMN name TYPE varchar");
    assert_eq!(bench.with_dead_letters().await, before);
}
