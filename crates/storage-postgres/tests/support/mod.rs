//! A database of its own for each test, on a server that all tests of a run share.

#![allow(clippy::expect_used, reason = "a test that cannot open its store fails")]

use std::sync::Arc;

use zaqar_storage::MessageStore;
use zaqar_storage_conformance::MessageFixture;
use zaqar_storage_postgres::{Options, PostgresMessageStore, schema};
use zaqar_test_servers::{Database, SharedPostgres};

pub(crate) struct Place(Database);

pub(crate) fn fresh_place() -> Place {
    Place(SharedPostgres::database())
}

impl Place {
    /// Few connections: many tests run at a time.
    pub(crate) fn options(&self) -> Options {
        Options { connections: 2, claim_connections: 2, ..Options::new(self.0.uri()) }
    }
}

#[async_trait::async_trait]
impl MessageFixture for Place {
    async fn open(&self) -> Arc<dyn MessageStore> {
        let options = self.options();
        schema::upgrade(&options).await.expect("the schema is made");
        Arc::new(PostgresMessageStore::open(&options).await.expect("the store opens"))
    }
}
