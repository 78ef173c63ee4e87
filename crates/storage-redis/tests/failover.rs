//! A primary is lost while the store is open: another takes its place, and the store goes on without being opened again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;

use support::open;
use support::queue::Queue;
use zaqar_model::DestinationKind;
use zaqar_storage_conformance::samples::fresh_destination;
use zaqar_storage_redis::Options;
use zaqar_test_servers::{Cluster, Engine, Redis, Sentinels};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_successor_that_the_sentinels_name_is_used() {
    for engine in [Engine::Redis, Engine::Valkey] {
        // One that keeps nothing, and comes back as the primary, empties its replicas.
        let mut all = Sentinels::start(engine, &[("appendonly", "yes")]);
        let store = open(&Options { wait_for_replicas: 1, ..Options::new(all.uri()) }).await;
        let queue = Queue::of(&store);
        let posted = queue.post(3).await;
        let lost = all.primary().unwrap();
        node_at(&mut all, lost).process.kill();
        all.wait_for_successor_of(lost);
        assert_eq!(queue.all().await, posted, "what a replica had is there");
        // Without a replica nothing is acknowledged, and the one that comes back is one.
        node_at(&mut all, lost).process.start();
        all.wait_until_whole();
        let later = queue.post(2).await;
        assert_eq!(queue.all().await, [posted, later].concat());
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_paused_and_comes_back_late_is_not_used_any_more() {
    let mut all = Sentinels::start(Engine::Valkey, &[]);
    let store = open(&Options::new(all.uri())).await;
    let queue = Queue::of(&store);
    let posted = queue.post(3).await;
    let lost = all.primary().unwrap();
    node_at(&mut all, lost).process.pause();
    all.wait_for_successor_of(lost);
    let later = queue.post(2).await;
    node_at(&mut all, lost).process.resume();
    let last = queue.post(1).await;
    assert_eq!(queue.all().await, [posted, later, last].concat());
    store.close().await.unwrap();
}

fn node_at(all: &mut Sentinels, address: SocketAddr) -> &mut Redis {
    all.nodes.iter_mut().find(|node| node.address() == address).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_of_a_cluster_takes_over() {
    for engine in [Engine::Redis, Engine::Valkey] {
        let mut cluster = Cluster::start(engine, &[]);
        let store = open(&Options { wait_for_replicas: 1, ..Options::new(cluster.uri()) }).await;
        // So many that each node has some.
        let queues: Vec<Queue> = (0..12).map(|_| Queue::of(&store)).collect();
        let mut posted = Vec::new();
        for queue in &queues {
            posted.push(queue.post(2).await);
        }
        let key = "{zaqar:0}i";
        let lost = cluster.primary_of(key).unwrap();
        cluster.nodes[lost].process.kill();
        cluster.wait_for_successor_of(lost, key);
        for (queue, posted) in queues.iter().zip(&posted) {
            assert_eq!(queue.all().await, *posted);
        }
        cluster.nodes[lost].process.start();
        cluster.wait_until_whole();
        for (queue, posted) in queues.iter().zip(posted) {
            let later = queue.post(1).await;
            assert_eq!(queue.all().await, [posted, later].concat());
        }
        store.close().await.unwrap();
    }
}

/// A slot moves to another node, and back, while its queues are in use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_may_move_while_its_queues_are_in_use() {
    let cluster = Cluster::start(Engine::Redis, &[]);
    let store = open(&Options::new(cluster.uri())).await;
    let mut queue = Queue::of(&store);
    while !queue.own.number.get().is_multiple_of(64) {
        queue.own = fresh_destination(DestinationKind::Queue);
    }
    let mut posted = queue.post(3).await;
    let key = "{zaqar:0}i";
    let from = cluster.primary_of(key).unwrap();
    let to = (from + 1) % 3;
    let slot = cluster.nodes[from].run(&["CLUSTER", "KEYSLOT", key]);
    let [source, target] = [from, to].map(|node| cluster.nodes[node].run(&["CLUSTER", "MYID"]));
    cluster.nodes[to].run(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]);
    cluster.nodes[from].run(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]);
    // Half of the keys are there: the script is refused as a whole, and tried until all are.
    let keys = cluster.nodes[from].run(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
    let keys: Vec<&str> = keys.lines().collect();
    let [host, port] =
        [cluster.nodes[to].address().ip().to_string(), cluster.nodes[to].address().port().to_string()];
    let migrate = |keys: &[&str]| {
        for key in keys {
            cluster.nodes[from].run(&["MIGRATE", &host, &port, key, "0", "5000"]);
        }
    };
    let (first, rest) = keys.split_at(keys.len() / 2);
    migrate(first);
    let posting = async { queue.post(2).await };
    let moving = async {
        migrate(rest);
        for node in [to, from] {
            cluster.nodes[node].run(&["CLUSTER", "SETSLOT", &slot, "NODE", &target]);
        }
    };
    let (later, ()) = tokio::join!(posting, moving);
    posted.extend(later);
    assert_eq!(queue.all().await, posted);
    store.close().await.unwrap();
}
