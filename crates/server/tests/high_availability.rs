//! Three servers behind nginx over a PostgreSQL with a synchronous standby, with the files of the guide.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use support::http::Client;
use support::postgresql::{configuration, zaqar_db};
use support::queues;
use support::server::{Server, Site};
use zaqar_test_servers::{Nginx, Postgres};

const NGINX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/high-availability/nginx.conf");

/// The guide's configuration, with these servers in the place of its own.
fn front(servers: &[Server]) -> Nginx {
    let text = fs::read_to_string(NGINX).unwrap();
    let (mut is_websocket, mut lines) = (false, Vec::new());
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

/// Posts one message, again and again until it is taken: to tell a lost answer from a message that was not taken, each has
/// a body of its own. Answers how often it was refused.
fn post_until_taken(address: std::net::SocketAddr, number: usize) -> usize {
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

#[test]
fn the_guides_three_servers_go_on_without_a_server_and_without_the_primary() {
    let mut primary = Postgres::start(&[("wal_level", "replica"), ("max_connections", "200")]);
    let standby = primary.standby("second");
    primary.wait_for_each_commit_on("second");
    let uri = format!("postgresql://postgres@{},{}/postgres", primary.address(), standby.address());
    let site = || Site::new(&configuration(&uri));
    let upgraded = zaqar_db(&site(), "upgrade");
    assert!(upgraded.status.success(), "{}", String::from_utf8_lossy(&upgraded.stderr));
    let mut servers: Vec<_> = (0..3).map(|_| site().start()).collect();
    let nginx = front(&servers);
    let address = nginx.address(80);

    let mut refusals: Vec<_> = (0..20).map(|number| post_until_taken(address, number)).collect();
    assert_eq!(refusals.iter().sum::<usize>(), 0, "nothing is refused while all is well");
    servers.pop().unwrap().kill();
    refusals.extend((20..60).map(|number| post_until_taken(address, number)));
    assert_eq!(refusals.iter().sum::<usize>(), 0, "nginx asks the servers that are left");

    primary.process.kill();
    standby.promote();
    for number in 60..100 {
        post_until_taken(address, number);
    }
    // What was taken is there, in its order, and nothing that was acknowledged is there twice.
    let found = queues::list_all(&mut Client::new(address), "q");
    let bodies: Vec<_> = found.iter().map(|taken| taken.body.as_u64().unwrap()).collect();
    assert_eq!(bodies.iter().collect::<BTreeSet<_>>().len(), 100, "{bodies:?}");
    assert!(bodies.is_sorted(), "{bodies:?}");
    let doubled = bodies.len() - 100;
    assert!(
        doubled <= 1,
        "only the one whose answer nginx could not give may have been posted again: {bodies:?}"
    );
    let mut websocket = Client::new(nginx.address(8080));
    let upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert_eq!(websocket.exchange(upgrade.as_bytes()).unwrap().status, 101);
}
