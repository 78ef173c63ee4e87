//! Places for stores: a database of its own for each test, on a server that all tests of a run share, or a prefix of its
//! own in a cluster.

#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot open its store fails")]

pub(crate) mod queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zaqar_model::RandomIds;
use zaqar_storage::{ManagementStore, MessageStore};
use zaqar_storage_conformance::MessageFixture;
use zaqar_storage_redis::{Options, RedisManagementStore, RedisMessageStore};
use zaqar_test_servers::{Cluster, Engine, RedisDatabase, Sentinels, SharedRedis};

pub(crate) async fn open(options: &Options) -> Arc<dyn MessageStore> {
    Arc::new(RedisMessageStore::open(options).await.expect("the store opens"))
}

pub(crate) struct Place(pub(crate) RedisDatabase);

pub(crate) fn fresh_place() -> Place {
    Place(SharedRedis::database(Engine::Redis))
}

pub(crate) fn fresh_valkey_place() -> Place {
    Place(SharedRedis::database(Engine::Valkey))
}

#[async_trait::async_trait]
impl MessageFixture for Place {
    async fn open(&self) -> Arc<dyn MessageStore> {
        open(&Options::new(self.0.uri())).await
    }
}

/// One store of several on the same servers.
pub(crate) struct PrefixedPlace {
    pub(crate) uri: String,
    pub(crate) prefix: String,
}

impl PrefixedPlace {
    pub(crate) fn options(&self) -> Options {
        Options { prefix: self.prefix.clone(), ..Options::new(&self.uri) }
    }
}

/// Makes places in a cluster that lives as long as what is returned.
pub(crate) fn in_a_cluster() -> impl Fn() -> PrefixedPlace {
    // On a busy machine a node may be silent for a while. Its replica would lack what it has acknowledged last.
    let cluster = Cluster::start(Engine::Valkey, &[("cluster-node-timeout", "10000")]);
    let made = AtomicUsize::new(0);
    move || place(cluster.uri(), &made)
}

/// The same behind Sentinels.
pub(crate) fn behind_sentinels() -> impl Fn() -> PrefixedPlace {
    let sentinels = Sentinels::start(Engine::Redis, &[]);
    let made = AtomicUsize::new(0);
    move || place(sentinels.uri(), &made)
}

fn place(uri: String, made: &AtomicUsize) -> PrefixedPlace {
    PrefixedPlace { uri, prefix: format!("store-{}", made.fetch_add(1, Ordering::SeqCst)) }
}

#[async_trait::async_trait]
impl MessageFixture for PrefixedPlace {
    async fn open(&self) -> Arc<dyn MessageStore> {
        open(&self.options()).await
    }
}

pub(crate) async fn open_management(options: &Options) -> Arc<dyn ManagementStore> {
    Arc::new(RedisManagementStore::open(options, Arc::new(RandomIds)).await.expect("the store opens"))
}
