//! The management store is held to the contract on real servers, alone and beside the message store.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use support::{
    Place, PrefixedPlace, behind_sentinels, fresh_place, fresh_valkey_place, in_a_cluster,
    open_management as open,
};
use zaqar_model::{DestinationKind, Metadata, Pool, PoolName, PoolWeight, RandomIds};
use zaqar_storage::{ManagementStore, MessageStore, StorageError};
use zaqar_storage_conformance::ManagementFixture;
use zaqar_storage_conformance::samples::{project, queue_name, random_number};
use zaqar_storage_redis::{Keyspaces, Options, RedisManagementStore, RedisMessageStore};
use zaqar_test_servers::{Engine, Redis};

#[async_trait::async_trait]
impl ManagementFixture for Place {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        open(&Options::new(self.0.uri())).await
    }
}

#[async_trait::async_trait]
impl ManagementFixture for PrefixedPlace {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        open(&self.options()).await
    }
}

zaqar_storage_conformance::management_store!(on_redis, fresh_place);
zaqar_storage_conformance::management_store_together!(on_valkey, fresh_valkey_place, |_: &str| false);
zaqar_storage_conformance::management_store_together!(
    on_redis_behind_sentinels,
    behind_sentinels(),
    |_: &str| false
);
zaqar_storage_conformance::management_store_together!(in_a_valkey_cluster, in_a_cluster(), |_: &str| false);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_stores_share_the_connections_of_one_keyspace() {
    let place = fresh_place();
    let options = Options::new(place.0.uri());
    let keyspaces = Keyspaces::default();
    let (one, other) = (keyspaces.open(&options).await.unwrap(), keyspaces.open(&options).await.unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    let patient = Options { wait_for_aof: false, wait_for_replicas: 1, ..options.clone() };
    assert!(
        !Arc::ptr_eq(&one, &keyspaces.open(&patient).await.unwrap()),
        "what is waited for is each one's own"
    );
    let messages = RedisMessageStore::on(one).await.unwrap();
    let management = RedisManagementStore::on(other, Arc::new(RandomIds));
    assert!(messages.is_alive().await && management.is_alive().await);
    messages.close().await.unwrap();
    assert!(!messages.is_alive().await && management.is_alive().await);
    management.close().await.unwrap();
    assert!(!management.is_alive().await);
    // It is opened again when it is needed again.
    drop((messages, management));
    let again = RedisManagementStore::on(keyspaces.open(&options).await.unwrap(), Arc::new(RandomIds));
    assert!(again.is_alive().await);
    again.close().await.unwrap();
}

fn pool(name: &str) -> Pool {
    Pool {
        name: PoolName::new(name).unwrap(),
        uri: format!("redis://{name}"),
        weight: PoolWeight(1),
        flavor: None,
        options: Metadata::default(),
    }
}

/// More than a page of the server, and more than one step forgets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_with_many_deleted_queues_is_removed() {
    let place = fresh_place();
    let store = open(&Options::new(place.0.uri())).await;
    let pools = store.pools().unwrap();
    let name = PoolName::new("one").unwrap();
    pools.put_pool(&pool("one"), None).await.unwrap();
    for _ in 0..1100 {
        pools.assign(random_number(), None, Some(&name)).await.unwrap();
    }
    let (p, q) = (project("p"), queue_name("q"));
    let kept = store.create(DestinationKind::Queue, &p, &q, Metadata::default()).await.unwrap();
    let kept = kept.into_queue().destination.number;
    pools.assign(kept, None, Some(&name)).await.unwrap();
    assert!(matches!(pools.delete_pool(&name).await, Err(StorageError::Conflict(_))));
    pools.assign(kept, Some(&name), None).await.unwrap();
    pools.delete_pool(&name).await.unwrap();
    assert_eq!(pools.get_pool(&name).await.unwrap(), None);
    place.0.run(&["DEL", "{zaqar:management}alive"]);
    let left = place.0.run(&["KEYS", "*"]);
    assert_eq!(left.lines().count(), 3, "the queue alone: {left}");
}

#[tokio::test]
async fn what_is_full_still_lets_queues_go() {
    let server = Redis::start(Engine::Valkey, &[]);
    let store = open(&Options::new(server.uri())).await;
    let create = |name: &str| {
        let (store, name) = (Arc::clone(&store), queue_name(name));
        async move { store.create(DestinationKind::Queue, &project("p"), &name, Metadata::default()).await }
    };
    create("one").await.unwrap();
    server.run(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(matches!(create("two").await, Err(StorageError::Unavailable(_))));
    let gone = store.delete(DestinationKind::Queue, &project("p"), &queue_name("one")).await.unwrap();
    assert!(gone.is_some());
}
