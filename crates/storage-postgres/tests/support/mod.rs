//! Places for stores: a database of its own for each test, on a server that all tests of a run share; or a schema of its own
//! in a database, where many cases are one test.

#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot open its store fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zaqar_model::RandomIds;
use zaqar_storage::{ManagementStore, MessageStore};
use zaqar_storage_conformance::{ManagementFixture, MessageFixture};
use zaqar_storage_postgres::{Options, PostgresManagementStore, PostgresMessageStore, schema};
use zaqar_test_servers::{Database, SharedPostgres};

pub(crate) struct Place(pub(crate) Database);

pub(crate) fn fresh_place() -> Place {
    Place(SharedPostgres::database())
}

impl Place {
    pub(crate) fn options(&self) -> Options {
        options_at(self.0.uri())
    }
}

/// Few connections: many tests run at a time.
fn options_at(uri: String) -> Options {
    Options { connections: 2, claim_connections: 2, ..Options::new(uri) }
}

/// A schema of a database.
pub(crate) struct Schema(pub(crate) Options);

/// Makes schemas in a database.
#[derive(Default)]
pub(crate) struct Schemas(AtomicUsize);

impl Schemas {
    pub(crate) fn fresh(&self, uri: String) -> Schema {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Schema(Options { schema: format!("case {number}"), ..options_at(uri) })
    }
}

pub(crate) async fn open(options: &Options) -> Arc<dyn MessageStore> {
    schema::upgrade(options).await.expect("the schema is made");
    Arc::new(PostgresMessageStore::open(options).await.expect("the store opens"))
}

pub(crate) async fn open_management(options: &Options) -> Arc<dyn ManagementStore> {
    schema::upgrade(options).await.expect("the schema is made");
    Arc::new(PostgresManagementStore::open(options, Arc::new(RandomIds)).await.expect("the store opens"))
}

#[async_trait::async_trait]
impl MessageFixture for Place {
    async fn open(&self) -> Arc<dyn MessageStore> {
        open(&self.options()).await
    }
}

#[async_trait::async_trait]
impl MessageFixture for Schema {
    async fn open(&self) -> Arc<dyn MessageStore> {
        open(&self.0).await
    }
}

#[async_trait::async_trait]
impl ManagementFixture for Place {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        open_management(&self.options()).await
    }
}

#[async_trait::async_trait]
impl ManagementFixture for Schema {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        open_management(&self.0).await
    }
}
