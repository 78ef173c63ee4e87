//! Redis and Valkey: alone, with Sentinels, as a cluster. Each is killed and comes back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use redis::AsyncCommands;
use redis::cluster::ClusterClientBuilder;
use redis::sentinel::Sentinel;
use zaqar_test_servers::{Cluster, Engine, Redis, Sentinels};

async fn connect(uri: &str) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
    redis::Client::open(uri)?.get_multiplexed_async_connection().await
}

async fn what_is_synced_is_there_after_a_kill_at_the_same_port(engine: Engine) {
    let mut server = Redis::start(engine, &[("appendonly", "yes"), ("appendfsync", "always")]);
    let mut before = connect(&server.uri()).await.unwrap();
    let () = before.set("key", "value").await.unwrap();
    assert_eq!(server.info("aof_enabled").as_deref(), Some("1"));
    server.process.kill();
    assert!(before.get::<_, Option<String>>("key").await.is_err());
    assert!(connect(&server.uri()).await.is_err(), "nobody is there");
    server.process.start();
    let mut after = connect(&server.uri()).await.unwrap();
    assert_eq!(after.get::<_, Option<String>>("key").await.unwrap().as_deref(), Some("value"));
    server.process.pause();
    let question = tokio::spawn(async move { after.get::<_, Option<String>>("key").await });
    server.process.resume();
    assert!(question.await.unwrap().is_ok());
}

async fn a_replica_takes_over_and_the_old_primary_follows_it(engine: Engine) {
    let mut trio = Sentinels::start(engine, &[]);
    let [first, second] = trio.nodes.each_ref().map(Redis::address);
    assert_eq!(trio.primary(), Some(first));
    let sentinels = trio.sentinels.each_ref().map(Redis::uri);
    let mut client = Sentinel::build(sentinels.to_vec()).unwrap();
    let mut connection = client
        .async_master_for(trio.name(), None)
        .await
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let () = connection.set("key", "value").await.unwrap();
    assert_eq!(redis::cmd("WAIT").arg(1).arg(0).query_async::<i32>(&mut connection).await.unwrap(), 1);

    trio.nodes[0].process.kill();
    assert_eq!(trio.wait_for_successor_of(first), second);
    let mut connection = client
        .async_master_for(trio.name(), None)
        .await
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    assert_eq!(connection.get::<_, Option<String>>("key").await.unwrap().as_deref(), Some("value"));

    trio.nodes[0].process.start();
    trio.wait_until_whole();
    assert_eq!(trio.nodes[0].info("role").as_deref(), Some("slave"));
}

async fn a_cluster_serves_all_keys_again_when_a_node_is_lost(engine: Engine) {
    let mut cluster = Cluster::start(engine, &[]);
    let addresses = cluster.nodes.each_ref().map(Redis::uri);
    let client = ClusterClientBuilder::new(addresses.to_vec()).build().unwrap();
    let mut connection = client.get_async_connection().await.unwrap();
    for number in 0..32 {
        let () = connection.set(format!("key {number}"), number).await.unwrap();
    }
    let lost = cluster.primary_of("key 7").unwrap();
    assert_eq!(cluster.nodes[lost].run(&["WAIT", "0", "0"]), "1", "it has a replica");
    cluster.nodes[lost].process.kill();
    let successor = cluster.wait_for_successor_of(lost, "key 7");
    assert_eq!(cluster.nodes[successor].run(&["EXISTS", "key 7"]), "1");
    cluster.nodes[lost].process.start();
    cluster.wait_until_whole();
    let mut connection = client.get_async_connection().await.unwrap();
    for number in 0..32 {
        assert_eq!(connection.get::<_, Option<i32>>(format!("key {number}")).await.unwrap(), Some(number));
    }
}

macro_rules! on_both {
    ($($rule:ident)*) => { $(
        mod $rule {
            #[tokio::test]
            async fn redis() {
                super::$rule(super::Engine::Redis).await;
            }
            #[tokio::test]
            async fn valkey() {
                super::$rule(super::Engine::Valkey).await;
            }
        }
    )* };
}

on_both! {
    what_is_synced_is_there_after_a_kill_at_the_same_port
    a_replica_takes_over_and_the_old_primary_follows_it
    a_cluster_serves_all_keys_again_when_a_node_is_lost
}
