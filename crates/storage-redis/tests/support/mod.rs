//! A database of its own for each test, on a server that all tests of a run share.

#![allow(clippy::expect_used, reason = "a test that cannot open its store fails")]

use std::sync::Arc;

use zaqar_storage::MessageStore;
use zaqar_storage_conformance::MessageFixture;
use zaqar_storage_redis::{Options, RedisMessageStore};
use zaqar_test_servers::{Engine, RedisDatabase, SharedRedis};

pub(crate) struct Place(RedisDatabase);

pub(crate) fn fresh_place() -> Place {
    Place(SharedRedis::database(Engine::Redis))
}

#[async_trait::async_trait]
impl MessageFixture for Place {
    async fn open(&self) -> Arc<dyn MessageStore> {
        Arc::new(RedisMessageStore::open(&Options::new(self.0.uri())).await.expect("the store opens"))
    }
}
