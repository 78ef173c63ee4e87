//! The management store is held to the contract on real servers, alone and beside the message store.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use support::{
    Place, PrefixedPlace, behind_a_proxy, behind_sentinels, fresh_place, fresh_valkey_place, in_a_cluster,
};
use zaqar_model::{
    DestinationKind, Flavor, FlavorName, Marker, Metadata, Pool, PoolName, PoolWeight, QueueMove, RandomIds,
    ServerId, Timestamp,
};
use zaqar_storage::{Created, ManagementStore, MessageStore, StorageError, TakenMove};
use zaqar_storage_conformance::ManagementFixture;
use zaqar_storage_conformance::samples::{fresh_move_id, json_object, project, queue_name, random_number};
use zaqar_storage_redis::{Keyspaces, Options, RedisManagementStore, RedisMessageStore};
use zaqar_test_servers::{Cut, Engine, Redis};

async fn open(options: &Options) -> Arc<dyn ManagementStore> {
    Arc::new(RedisManagementStore::open(options, Arc::new(RandomIds)).await.unwrap())
}

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
zaqar_storage_conformance::management_store_together!(on_valkey, fresh_valkey_place);
zaqar_storage_conformance::management_store_together!(on_redis_behind_sentinels, behind_sentinels());
zaqar_storage_conformance::management_store_together!(in_a_valkey_cluster, in_a_cluster());

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

/// Every change may be made again when its answer was lost, whether it was done or not, and says what holds then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_answer_was_lost_may_be_made_again() {
    let place = behind_a_proxy();
    let store = open(&Options::new(place.uri())).await;
    let pools = store.pools().unwrap();
    // The first round only makes the scripts known to the server.
    for cut in [Cut::BehindRequest, Cut::BeforeAnswer, Cut::BehindRequest] {
        // Both calls: the answer of the first is lost.
        macro_rules! again {
            ($call:expr) => {{
                place.proxy.cut_next(cut, b"EVALSHA");
                let lost = $call.await;
                assert!(matches!(lost, Err(StorageError::OutcomeUnknown(_))), "{lost:?}");
                $call.await
            }};
        }
        let (p, name) = (project("p"), queue_name("q"));
        let created = again!(store.create(DestinationKind::Queue, &p, &name, Metadata::default())).unwrap();
        let (Created::New(queue) | Created::Existing(queue)) = created;
        let metadata = json_object(r#"{"a": 1}"#);
        let changed = again!(store.set_metadata(&queue, metadata.clone()));
        assert!(matches!(changed, Ok(_) | Err(StorageError::Conflict(_))), "{changed:?}");
        let now = store.find(DestinationKind::Queue, &p, &name).await.unwrap().unwrap();
        assert_eq!((now.revision, &now.metadata), (queue.revision + 1, &metadata));

        let (one, two) = (pool("one"), pool("two"));
        for pool in [&one, &two] {
            again!(pools.put_pool(pool, None)).unwrap();
        }
        let name_of_flavor = FlavorName::new("fast").unwrap();
        let flavor = Flavor { name: name_of_flavor.clone(), project: p.clone(), capabilities: metadata };
        again!(pools.put_flavor(&flavor, None)).unwrap();
        again!(pools.delete_flavor(&name_of_flavor)).unwrap();

        let number = queue.destination.number;
        let assigned = again!(pools.assign(number, None, Some(&one.name))).unwrap();
        assert_eq!(assigned.as_ref(), Some(&one.name));
        let noted = QueueMove {
            queue: queue.destination.clone(),
            to: Some(two.name.clone()),
            pools: vec![one.name.clone()],
            attempt: Some(fresh_move_id()),
        };
        again!(pools.put_move(&noted, None)).unwrap();
        let (owner, until) = (ServerId::from_u128(1), Timestamp::from_secs(10));
        let taken = again!(pools.take_move(number, owner, until, Timestamp::default())).unwrap();
        assert_eq!(taken, TakenMove::Taken(noted.clone()));
        assert!(again!(pools.switch(&noted, Some(&one.name))).unwrap());
        assert!(again!(pools.end_move(&noted)).unwrap());
        again!(pools.leave(number, &two.name, Marker::new(3))).unwrap();
        assert_eq!(pools.left_at(number).await.unwrap(), Some(Marker::new(3)));
        assert_eq!(again!(pools.assign(number, None, None)).unwrap(), None);
        for pool in [&one, &two] {
            again!(pools.delete_pool(&pool.name)).unwrap();
        }
        again!(store.delete(DestinationKind::Queue, &p, &name)).unwrap();
        assert_eq!(store.find(DestinationKind::Queue, &p, &name).await.unwrap(), None);
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
