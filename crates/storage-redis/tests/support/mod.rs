//! Places for stores: a database of its own for each test, on a server that all tests of a run share, or a prefix of its
//! own in a cluster.

#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot open its store fails")]

pub(crate) mod cut;
mod cut_moves;
pub(crate) mod queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zaqar_storage::MessageStore;
use zaqar_storage_conformance::MessageFixture;
use zaqar_storage_redis::{Options, RedisMessageStore};
use zaqar_test_servers::{Cluster, Engine, RedisDatabase, SharedRedis};

pub(crate) async fn open(options: &Options) -> Arc<dyn MessageStore> {
    Arc::new(RedisMessageStore::open(options).await.expect("the store opens"))
}

pub(crate) struct Place(RedisDatabase);

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

/// One store of several in a cluster.
pub(crate) struct PlaceInCluster {
    uri: String,
    prefix: String,
}

/// Makes places in a cluster that lives as long as what is returned.
pub(crate) fn in_a_cluster() -> impl Fn() -> PlaceInCluster {
    // On a busy machine a node may be silent for a while. Its replica would lack what it has acknowledged last.
    let cluster = Cluster::start(Engine::Valkey, &[("cluster-node-timeout", "10000")]);
    let made = AtomicUsize::new(0);
    move || {
        let prefix = format!("store-{}", made.fetch_add(1, Ordering::SeqCst));
        PlaceInCluster { uri: cluster.uri(), prefix }
    }
}

#[async_trait::async_trait]
impl MessageFixture for PlaceInCluster {
    async fn open(&self) -> Arc<dyn MessageStore> {
        open(&Options { prefix: self.prefix.clone(), ..Options::new(&self.uri) }).await
    }
}
