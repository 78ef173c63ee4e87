//! The primary is lost while the store is open: the standby takes its place, and the store goes on without being opened again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use zaqar_model::MessageId;
use zaqar_storage::{MessageStore, StorageError};
use zaqar_storage_conformance::samples::messages;
use zaqar_storage_conformance::{MessageBench, MessageFixture, TestQueue};
use zaqar_storage_postgres::{Options, PostgresMessageStore, schema};
use zaqar_test_servers::Postgres;

/// A primary with a synchronous standby.
#[derive(Clone)]
struct Pair(Arc<Mutex<[Postgres; 2]>>);

impl Pair {
    fn start() -> Self {
        let primary = Postgres::start(&[("wal_level", "replica")]);
        let standby = primary.standby("second");
        primary.wait_for_each_commit_on("second");
        Self(Arc::new(Mutex::new([primary, standby])))
    }

    fn uri(&self) -> String {
        let [primary, standby] = &*self.0.lock();
        format!("postgresql://postgres@{},{}/postgres", primary.address(), standby.address())
    }
}

#[async_trait::async_trait]
impl MessageFixture for Pair {
    async fn open(&self) -> Arc<dyn MessageStore> {
        let options = Options {
            connect_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(3),
            ..Options::new(self.uri())
        };
        schema::upgrade(&options).await.unwrap();
        Arc::new(PostgresMessageStore::open(&options).await.unwrap())
    }
}

/// Posts a message again and again. What was asked of a primary that is stopped stays there. That none is known may be told
/// for a moment after there is one.
async fn post_until_taken(queue: &TestQueue) -> Vec<MessageId> {
    loop {
        match queue.try_post(messages(1)).await {
            Ok(posted) => return posted,
            Err(StorageError::Unavailable(_) | StorageError::OutcomeUnknown(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_standby_that_takes_over_is_used() {
    let pair = Pair::start();
    let bench = MessageBench::new(Box::new(pair.clone())).await;
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    {
        let [primary, standby] = &mut *pair.0.lock();
        primary.process.kill();
        standby.promote();
    }
    let later = post_until_taken(&queue).await;
    assert_eq!(queue.all().await, [posted, later].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_stopped_and_comes_back_late_is_not_used_any_more() {
    let pair = Pair::start();
    let bench = MessageBench::new(Box::new(pair.clone())).await;
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    {
        let [primary, standby] = &mut *pair.0.lock();
        primary.process.pause();
        standby.promote();
    }
    // Requests that the primary had got may take their time; then they fail.
    let later = post_until_taken(&queue).await;
    pair.0.lock()[0].process.resume();
    let last = queue.fill(1).await;
    // The primary would not know of the last two.
    for _ in 0..20 {
        assert_eq!(queue.all().await, [&*posted, &*later, &*last].concat());
    }
}
