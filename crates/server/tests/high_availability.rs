//! Three servers behind nginx over a store that is replicated, with the files of the guide: a PostgreSQL with a synchronous
//! standby, a Redis behind Sentinels, a cluster of Redis.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;

use serde_json::json;
use support::http::Client;
use support::postgresql::upgrade;
use support::queues;
use support::server::{Server, Site};
use zaqar_test_servers::{Cluster, Engine, Nginx, Postgres, Sentinels};

fn file(name: &str) -> String {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/high-availability");
    fs::read_to_string(format!("{directory}/{name}")).unwrap()
}

/// The guide's configuration of nginx, with these servers in the place of its own.
fn front(servers: &[Server]) -> Nginx {
    let (mut is_websocket, mut lines) = (false, Vec::new());
    let text = file("nginx.conf");
    for line in text.lines() {
        is_websocket |= line.contains("upstream zaqar_websocket");
        let named =
            (1..).zip(servers).find(|(number, _)| line.contains(&format!("zaqar{number}.example.org:")));
        lines.push(match named {
            None => line.to_owned(),
            Some((_, server)) => {
                let address = if is_websocket { server.websocket } else { server.address };
                let options = line.split_once(".example.org:").unwrap().1.split_once(' ').unwrap().1;
                format!("server {address} {options}")
            }
        });
    }
    assert!(!lines.iter().any(|line| line.contains("example.org")));
    Nginx::start(&lines.join("\n"), &[80, 8080])
}

/// A zaqar.conf of the guide, with the store at this URI, on this machine.
fn site(name: &str, uri: &str) -> Site {
    let lines = file(name).lines().map(str::to_owned).collect::<Vec<_>>();
    let here = lines.into_iter().map(|line| match line.split_once(" = ") {
        Some(("uri", _)) => format!("uri = {uri}"),
        Some(("bind", _)) => "bind = 127.0.0.1".to_owned(),
        _ => line,
    });
    Site::new(&here.collect::<Vec<_>>().join("\n"))
}

/// A configuration of the guide without what is of one machine: each line's name and value.
fn options(text: &str) -> Vec<(&str, &str)> {
    const OF_A_MACHINE: [&str; 6] =
        ["port", "requirepass", "masterauth", "cluster-enabled", "cluster-config-file", "replicaof"];
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let options = lines.map(|line| line.split_once(' ').unwrap());
    options.filter(|(name, _)| !OF_A_MACHINE.contains(name)).collect()
}

/// Posts one message, again and again until it is taken: to tell a lost answer from a message that was not taken, each has
/// a body of its own. Answers how often it was refused.
fn post_until_taken(address: SocketAddr, number: usize) -> usize {
    for refused in 0.. {
        let answer = queues::post(&mut Client::new(address), "q", &[json!(number)]);
        match answer {
            Ok(answer) if answer.status == 201 => return refused,
            Ok(answer) => {
                assert!([502, 503, 504].contains(&answer.status), "{}: {}", answer.status, answer.text());
            }
            Err(error) => panic!("nginx has hung up: {error}"),
        }
    }
    unreachable!()
}

/// Three servers lose one of them, and then the primary of their store. `lose` kills it; what that returns is run while
/// requests are made, and brings the store back.
fn they_go_on<R: FnOnce() + Send>(site: impl Fn() -> Site, lose: impl FnOnce() -> R) {
    let mut servers: Vec<_> = (0..3).map(|_| site().start()).collect();
    let nginx = front(&servers);
    let address = nginx.address(80);
    let mut refusals: Vec<_> = (0..20).map(|number| post_until_taken(address, number)).collect();
    assert_eq!(refusals.iter().sum::<usize>(), 0, "nothing is refused while all is well");
    servers.pop().unwrap().kill();
    refusals.extend((20..60).map(|number| post_until_taken(address, number)));
    assert_eq!(refusals.iter().sum::<usize>(), 0, "nginx asks the servers that are left");

    let bring_back = lose();
    std::thread::scope(|scope| {
        scope.spawn(bring_back);
        refusals.extend((60..100).map(|number| post_until_taken(address, number)));
    });
    // What was taken is there, in its order, and nothing that was acknowledged is there twice.
    let found = queues::list_all(&mut Client::new(address), "q");
    let bodies: Vec<_> = found.iter().map(|taken| taken.body.as_u64().unwrap()).collect();
    let mut counts = BTreeMap::new();
    bodies.iter().for_each(|body| *counts.entry(usize::try_from(*body).unwrap()).or_insert(0) += 1);
    assert_eq!(counts.len(), 100, "{bodies:?}");
    assert!(bodies.is_sorted(), "{bodies:?}");
    assert!(counts.iter().all(|(body, count)| *count <= 1 + refusals[*body]), "{bodies:?}, {refusals:?}");
    let doubled = bodies.len() - 100;
    assert!(doubled <= 1, "only the one whose answer was lost may have been posted again: {bodies:?}");
    let mut websocket = Client::new(nginx.address(8080));
    let upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert_eq!(websocket.exchange(upgrade.as_bytes()).unwrap().status, 101);
}

#[test]
fn the_guides_three_servers_go_on_without_a_server_and_without_the_primary_of_postgresql() {
    let mut primary = Postgres::start(&[("wal_level", "replica"), ("max_connections", "200")]);
    let standby = primary.standby("second");
    primary.wait_for_each_commit_on("second");
    let uri = format!("postgresql://postgres@{},{}/postgres", primary.address(), standby.address());
    let site = || site("zaqar.conf", &uri);
    upgrade(&site());
    they_go_on(site, || {
        primary.process.kill();
        || standby.promote()
    });
}

#[test]
fn they_go_on_without_the_primary_that_sentinels_watch() {
    let nodes = file("redis-sentinel/redis.conf");
    let watch = file("redis-sentinel/sentinel.conf");
    let watch = watch.lines().filter_map(|line| line.strip_prefix("sentinel ")?.split_once(" zaqar "));
    let watch: Vec<_> = watch.filter(|(what, _)| !["monitor", "auth-pass"].contains(what)).collect();
    assert_eq!(watch.len(), 3);
    let mut all = Sentinels::watching(Engine::Redis, &options(&nodes), &watch);
    let uri = all.uri();
    they_go_on(
        || site("redis-sentinel/zaqar.conf", &uri),
        || {
            let lost = all.primary().unwrap();
            let at = all.nodes.iter().position(|node| node.address() == lost).unwrap();
            all.nodes[at].process.kill();
            let all = &mut all;
            move || {
                all.wait_for_successor_of(lost);
                // Nothing is acknowledged before it is there again: two machines have what is.
                all.nodes[at].process.start();
            }
        },
    );
}

#[test]
fn they_go_on_without_the_primary_of_a_queue_in_a_cluster() {
    let nodes = file("redis-cluster/redis.conf");
    let mut all = Cluster::start(Engine::Valkey, &options(&nodes));
    let uri = all.uri();
    they_go_on(
        || site("redis-cluster/zaqar.conf", &uri),
        || {
            let messages = |at: usize| all.nodes[at].run(&["KEYS", "*:m"]);
            let key = (0..all.nodes.len()).map(messages).find(|keys| !keys.is_empty()).unwrap();
            let lost = all.primary_of(&key).unwrap();
            all.nodes[lost].process.kill();
            let all = &mut all;
            move || {
                all.wait_for_successor_of(lost, &key);
                all.nodes[lost].process.start();
            }
        },
    );
}
