//! Several servers over one PostgreSQL or one Redis.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use support::http::CLIENT_ID;
use support::installation::Installation;
use support::ports::Reserved;
use support::postgresql::{configuration, upgrade, zaqar_db};
use support::queues::{self, Taken};
use support::receiver::Receiver;
use support::server::{Server, Site};
use support::{pools, redis};
use tokio_tungstenite::tungstenite::{Message, client};
use zaqar_test_servers::{Engine, Postgres, Process, Redis, SharedPostgres, SharedRedis};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn without_its_tables_a_server_does_not_start_and_says_what_to_do() {
    let database = SharedPostgres::database();
    let site = Site::new(&configuration(&database.uri()));
    let refused = site.run();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("zaqar db upgrade"), "{}", text(&refused.stderr));
    assert_eq!(zaqar_db(&site, "version").status.code(), Some(1));
    let upgraded = zaqar_db(&site, "upgrade");
    assert!(upgraded.status.success(), "{}", text(&upgraded.stderr));
    let version = zaqar_db(&site, "version");
    assert!(version.status.success(), "{}", text(&version.stdout));
    assert!(text(&version.stdout).contains("message_store (postgresql): has version"));
    assert!(text(&zaqar_db(&site, "upgrade").stdout).contains("already"));
    assert!(site.start().stop().success());
}

#[test]
fn tables_of_a_newer_version_are_refused() {
    let database = SharedPostgres::database();
    let site = Site::new(&configuration(&database.uri()));
    upgrade(&site);
    database.run("UPDATE zaqar.schema_version SET version = 99");
    for output in [site.run(), zaqar_db(&site, "upgrade")] {
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("has version 99"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_configuration_of_upstream_names_the_management_store_sqlalchemy() {
    let database = SharedPostgres::database();
    let uri = database.uri();
    let site = Site::new(&format!(
        "[drivers]\nmessage_store = postgresql\nmanagement_store = sqlalchemy\n\
         [drivers:message_store:postgresql]\nuri = {uri}\n\
         [drivers:management_store:sqlalchemy]\nuri = {}\n",
        uri.replace("postgresql://", "postgresql+psycopg2://")
    ));
    upgrade(&site);
    let server = site.start();
    queues::post_ok(&mut server.client(), "q", &[json!(1)]);
    let mysql = Site::new(
        "[drivers]\nmanagement_store = sqlalchemy\n\
         [drivers:management_store:sqlalchemy]\nuri = mysql+pymysql://zaqar:hush@127.0.0.1/zaqar\n",
    );
    let refused = text(&mysql.run().stderr);
    assert!(refused.contains("mysql+pymysql") && !refused.contains("hush"), "{refused}");
}

/// Makes a test of each rule for each engine: a function that takes an [`Installation`].
macro_rules! on_each_engine {
    ($($rule:ident,)+) => {
        mod on_postgresql {
            $(#[test]
            fn $rule() {
                super::$rule(&super::Installation::on_postgresql());
            })+
        }

        mod on_redis {
            $(#[test]
            fn $rule() {
                super::$rule(&super::Installation::on_redis());
            })+
        }
    };
}

on_each_engine!(
    what_one_server_does_the_other_sees_at_once,
    a_subscriber_by_websocket_is_told_what_another_server_takes_in,
    a_notifier_in_a_process_of_its_own_delivers_what_others_take_in,
    when_a_server_is_killed_the_others_go_on_with_what_it_acknowledged,
);

fn what_one_server_does_the_other_sees_at_once(installation: &Installation) {
    let (one, other) = (installation.site("").start(), installation.site("").start());
    let (mut first, mut second) = (one.client(), other.client());
    assert_eq!(first.request("PUT", "/v2/queues/q", None).unwrap().status, 201);
    let posted = queues::post_ok(&mut second, "q", &[json!(1), json!(2), json!(3)]);
    let claimed = queues::messages(&queues::claim(&mut first, "q", 2).unwrap());
    assert_eq!(claimed.iter().map(Taken::id).collect::<Vec<_>>(), posted[..2]);
    let rest = queues::messages(&queues::claim(&mut second, "q", 20).unwrap());
    assert_eq!(rest.iter().map(Taken::id).collect::<Vec<_>>(), posted[2..]);
    for taken in claimed {
        assert_eq!(queues::delete(&mut second, &taken.href).unwrap().status, 204);
    }
    assert_eq!(queues::list_all(&mut first, "q").len(), 1);
    assert_eq!(first.request("DELETE", "/v2/queues/q", None).unwrap().status, 204);
    assert_eq!(queues::list_all(&mut second, "q").len(), 0);
}

fn a_subscriber_by_websocket_is_told_what_another_server_takes_in(installation: &Installation) {
    let (one, other) = (installation.site("").start(), installation.site("").start());
    let stream = TcpStream::connect(one.websocket).unwrap();
    // Only a test that fails ever waits so long.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let (mut socket, _) = client(one.websocket_url(), stream).unwrap();
    let headers = json!({ "Client-ID": CLIENT_ID, "X-Project-ID": "tests" });
    let body = json!({ "queue_name": "q", "ttl": 3600 });
    let request = json!({ "action": "subscription_create", "headers": headers, "body": body });
    socket.send(Message::text(request.to_string())).unwrap();
    let subscribed = socket.read().unwrap().into_text().unwrap();
    assert!(subscribed.contains("subscription_id"), "{subscribed}");
    queues::post_ok(&mut other.client(), "q", &[json!("from afar")]);
    let told = socket.read().unwrap().into_text().unwrap();
    assert!(told.contains("from afar"), "{told}");
}

fn a_notifier_in_a_process_of_its_own_delivers_what_others_take_in(installation: &Installation) {
    let receiver = Receiver::answering(200);
    let rest = installation.site("[drivers]\nbackground =\n").start();
    let background = "[drivers]\ntransport =\n[notification]\nallowed_addresses = 127.0.0.1\n";
    let _notifier = installation.site(background).start();
    let mut client = rest.client();
    queues::subscribe(&mut client, "q", &receiver.url("/hook"), &json!({}));
    queues::post_ok(&mut client, "q", &[json!("a"), json!("b")]);
    let received = receiver.wait_for(2);
    let bodies: Vec<_> = received.iter().map(|received| received.json()["body"].clone()).collect();
    assert_eq!(bodies, [json!("a"), json!("b")]);
}

fn when_a_server_is_killed_the_others_go_on_with_what_it_acknowledged(installation: &Installation) {
    let (one, other) = (installation.site("").start(), installation.site("").start());
    let posted = queues::post_ok(&mut one.client(), "q", &[json!(1), json!(2)]);
    one.kill();
    let found = queues::list_all(&mut other.client(), "q");
    assert_eq!(found.iter().map(Taken::id).collect::<Vec<_>>(), posted);
}

fn status(server: &Server, path: &str) -> u16 {
    server.client().request("GET", path, None).unwrap().status
}

fn wait_for(server: &Server, path: &str, wanted: u16) {
    while status(server, path) != wanted {
        std::thread::yield_now();
    }
}

/// Load balancers are told that a server's store is away, and that it is back; the process lives on meanwhile.
fn a_server_tells_that_its_store_is_away(site: &Site, store: &mut Process) {
    let server = site.start();
    let posted = queues::post_ok(&mut server.client(), "q", &[json!(1)]);
    assert_eq!(status(&server, "/healthcheck"), 200);
    store.kill();
    wait_for(&server, "/healthcheck", 503);
    assert_eq!(status(&server, "/healthcheck/live"), 200);
    assert_eq!(queues::post(&mut server.client(), "q", &[json!(2)]).unwrap().status, 503);
    store.start();
    wait_for(&server, "/healthcheck", 200);
    let found = queues::list_all(&mut server.client(), "q");
    assert_eq!(found.iter().map(Taken::id).collect::<Vec<_>>(), posted);
}

#[test]
fn a_server_tells_that_its_postgresql_is_away() {
    let mut store = Postgres::start(&[]);
    let site = Site::new(&configuration(&format!("postgresql://postgres@{}/postgres", store.address())));
    upgrade(&site);
    a_server_tells_that_its_store_is_away(&site, &mut store.process);
}

#[test]
fn a_server_tells_that_its_redis_is_away() {
    let mut store = Redis::start(Engine::Valkey, &[("appendonly", "yes"), ("appendfsync", "always")]);
    let site = Site::new(&redis::configuration(&store.uri()));
    a_server_tells_that_its_store_is_away(&site, &mut store.process);
}

#[test]
fn a_uri_of_redis_that_cannot_be_used_is_refused_without_its_password() {
    let nobody = Reserved::new();
    let away = format!("redis://:hush@{}", nobody.address);
    for (uri, words) in [
        ("redis://:hush@one,two", ["[drivers:message_store:redis] uri", "?master=NAME"]),
        ("redis://:hush@one?nonsense=1", ["[drivers:management_store:redis] uri", "nonsense"]),
        (&away, [&nobody.address.to_string(), "management_store = redis"]),
    ] {
        let site = Site::new(&format!("{}max_reconnect_attempts = 0\n", redis::configuration(uri)));
        let refused = site.run();
        assert_eq!(refused.status.code(), Some(1));
        let told = text(&refused.stderr);
        assert!(words.iter().all(|word| told.contains(word)) && !told.contains("hush"), "{told}");
    }
}

#[test]
fn a_redis_that_loses_what_it_has_is_told_of_at_the_start() {
    let store = Redis::start(Engine::Redis, &[("maxmemory", "100mb"), ("maxmemory-policy", "allkeys-lru")]);
    let server = Site::new(&redis::configuration(&store.uri())).start();
    for warning in ["keeps nothing on disk", "evicts keys when its memory is full"] {
        let line = server.log.find(|line| line.contains(warning)).unwrap();
        assert!(line.contains(&store.address().to_string()), "{line}");
    }
}

#[test]
fn pools_may_be_in_redis() {
    let installation = Installation::on_redis();
    let options = "[DEFAULT]\npooling = true\nadmin_mode = true\n";
    let (one, other) = (installation.site(options).start(), installation.site(options).start());
    let (mut first, mut second) = (one.client(), other.client());
    let databases = [Engine::Redis, Engine::Valkey].map(SharedRedis::database);
    for (name, database) in ["a", "b"].iter().zip(&databases) {
        let pool = json!({ "uri": database.uri(), "weight": 100 });
        let registered = pools::request(&mut first, "PUT", &format!("/v2/pools/{name}"), &pool).unwrap();
        assert_eq!(registered.status, 201, "{}", registered.text());
    }
    let list = json!({ "pool_list": ["a", "b"] });
    let registered = pools::request(&mut second, "PUT", "/v2/flavors/fast", &list).unwrap();
    assert_eq!(registered.status, 201, "{}", registered.text());
    pools::create_queue(&mut first, "q", "fast");
    let posted = queues::post_ok(&mut second, "q", &[json!(1), json!(2)]);
    let found = queues::list_all(&mut first, "q");
    assert_eq!(found.iter().map(Taken::id).collect::<Vec<_>>(), posted);
    let away = json!({ "uri": "redis://:hush@127.0.0.1:1/0?socket_timeout=0.1", "weight": 100 });
    let refused = pools::request(&mut first, "PUT", "/v2/pools/c", &away).unwrap();
    assert!(refused.status == 400 && !refused.text().contains("hush"), "{}", refused.text());
}
