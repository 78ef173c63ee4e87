//! What a server keeps when it ends, and what is waited for before a change is acknowledged.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::open;
use support::queue::Queue;
use zaqar_model::Clock;
use zaqar_storage::StorageError;
use zaqar_storage_conformance::ManualClock;
use zaqar_storage_redis::{Options, RedisMessageStore};
use zaqar_test_servers::{Engine, Redis};

/// A post that is repeated is acknowledged only when a replica has it, though it found nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_post_waits_for_the_replicas_too() {
    for engine in [Engine::Redis, Engine::Valkey] {
        let server = Redis::start(engine, &[]);
        let patient = format!("{}?socket_timeout=0.5", server.uri());
        let store = open(&Options { wait_for_replicas: 1, ..Options::new(patient) }).await;
        let queue = Queue::of(&store);
        let unknown = queue.post_up_to(3, 2).await.unwrap_err();
        assert!(matches!(unknown, StorageError::OutcomeUnknown(_)), "there is no replica: {unknown}");
        assert_eq!(queue.all().await.len(), 2, "it was done once");

        let port = server.address().port().to_string();
        let _replica = Redis::start(engine, &[("replicaof", &format!("127.0.0.1 {port}"))]);
        // The first may come before the replica has all there was.
        let posted = queue.post_up_to(20, 1).await.unwrap();
        assert_eq!(queue.all().await[2..], posted);
        store.close().await.unwrap();
    }
}

/// More than one step of the housekeeping takes.
#[tokio::test]
async fn all_that_has_expired_gives_its_space_back() {
    let server = Redis::start(Engine::Redis, &[]);
    let store = open(&Options::new(server.uri())).await;
    Queue::of(&store).post(1000).await;
    let by_expiry = || server.run(&["KEYS", "*x"]).lines().filter(|key| !key.is_empty()).count();
    assert_eq!(by_expiry(), 1);
    store.expire(ManualClock::new().now().plus_secs(86_400)).await.unwrap();
    assert_eq!(by_expiry(), 0);
}

#[tokio::test]
async fn what_is_on_the_disk_outlives_the_server() {
    let mut server = Redis::start(Engine::Valkey, &[("appendonly", "yes")]);
    let options = Options { wait_for_aof: true, ..Options::new(server.uri()) };
    let store = open(&options).await;
    assert!(store.capabilities().durability);
    let queue = Queue::of(&store);
    let posted = queue.post(5).await;
    server.process.kill();
    server.process.start();
    assert_eq!(queue.all().await, posted);
}

#[tokio::test]
async fn a_server_that_cannot_wait_for_its_disk_is_refused() {
    let server = Redis::start(Engine::Redis, &[("appendonly", "yes")]);
    let options = Options { wait_for_aof: true, ..Options::new(server.uri()) };
    let refused = RedisMessageStore::open(&options).await.unwrap_err();
    assert!(refused.to_string().contains("WAITAOF"), "{refused}");
    let server = Redis::start(Engine::Valkey, &[]);
    let options = Options { wait_for_aof: true, ..Options::new(server.uri()) };
    let refused = RedisMessageStore::open(&options).await.unwrap_err();
    assert!(refused.to_string().contains("has appendonly no"), "{refused}");
}

#[tokio::test]
async fn a_store_is_durable_if_its_server_is() {
    let always = ("appendfsync", "always");
    for (options, is_durable) in [
        (vec![], false),
        (vec![("appendonly", "yes")], false),
        (vec![("appendonly", "yes"), always], true),
        (
            vec![("appendonly", "yes"), always, ("maxmemory", "100mb"), ("maxmemory-policy", "allkeys-lru")],
            false,
        ),
    ] {
        let server = Redis::start(Engine::Redis, &options);
        let store = open(&Options::new(server.uri())).await;
        assert_eq!(store.capabilities().durability, is_durable, "{options:?}");
    }
}

/// A full server refuses what needs memory, and still lets messages go.
#[tokio::test]
async fn a_full_server_lets_messages_go() {
    let server = Redis::start(Engine::Redis, &[]);
    let store = open(&Options::new(server.uri())).await;
    let queue = Queue::of(&store);
    let posted = queue.post(3).await;
    server.run(&["CONFIG", "SET", "maxmemory", "1"]);
    let refused = queue.post_up_to(1, 1).await.unwrap_err();
    assert!(matches!(refused, StorageError::Unavailable(_)), "{refused}");
    queue.delete(&posted[..2]).await;
    assert_eq!(queue.all().await, posted[2..]);
}
