//! Several servers over pools that they share, of one engine or of several.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use support::http::{Client, Response};
use support::pools;
use support::postgresql::{configuration, make_tables_of_pool, upgrade};
use support::queues;
use support::server::{Server, Site};
use zaqar_test_servers::{Database, Engine, RedisDatabase, SharedPostgres, SharedRedis};

const POOLING: &str = "[DEFAULT]\nadmin_mode = true\npooling = true\n";
/// Of one, messages are consumed as well.
const QUEUES: [&str; 2] = ["kept", "consumed"];
/// Where the queues go, one after the other.
const MOVES: [&str; 4] = ["two", "one", "two", "one"];

/// Where a pool is.
enum Place {
    Postgresql(Database),
    Redis(RedisDatabase),
}

impl Place {
    fn postgresql() -> Self {
        Self::Postgresql(SharedPostgres::database())
    }

    fn redis(engine: Engine) -> Self {
        Self::Redis(SharedRedis::database(engine))
    }

    fn uri(&self) -> String {
        match self {
            Self::Postgresql(database) => database.uri(),
            Self::Redis(database) => database.uri(),
        }
    }
}

/// A database for the management store, and two places for pools.
struct Spread {
    management: Database,
    pools: [Place; 2],
}

impl Spread {
    fn over(pools: [Place; 2]) -> Self {
        let spread = Self { management: SharedPostgres::database(), pools };
        let site = spread.site("");
        upgrade(&site);
        for pool in &spread.pools {
            if let Place::Postgresql(database) = pool {
                make_tables_of_pool(&site, &database.uri());
            }
        }
        spread
    }

    /// One of its servers, with further options.
    fn site(&self, options: &str) -> Site {
        Site::new(&format!("{}{POOLING}{options}", configuration(&self.management.uri())))
    }

    /// Waits until the queues live in this pool, and none of them moves.
    fn wait_until_all_are_in(&self, pool: &str) {
        let look = format!(
            "SELECT count(*) FROM zaqar.assignments WHERE pool = '{pool}' AND NOT EXISTS (SELECT 1 FROM zaqar.moves)"
        );
        while self.management.run(&look).trim() != QUEUES.len().to_string() {}
    }
}

/// A queue that moves for long may be refused for the moment; then nothing was done.
fn until_it_is_there(mut request: impl FnMut() -> std::io::Result<Response>) -> Response {
    loop {
        let response = request().unwrap();
        if response.status != 503 {
            return response;
        }
    }
}

fn number_of(body: &Value) -> (u64, u64) {
    (body["server"].as_u64().unwrap(), body["number"].as_u64().unwrap())
}

/// Posts to both queues until it is told to stop. Returns how many it has posted to each.
fn post_all(mut client: Client, server: u64, stop: &AtomicBool) -> u64 {
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            return number;
        }
        for queue in QUEUES {
            let body = json!({ "server": server, "number": number });
            let posted = until_it_is_there(|| queues::post(&mut client, queue, std::slice::from_ref(&body)));
            assert_eq!(posted.status, 201, "{}", posted.text());
        }
    }
    unreachable!()
}

/// Claims and deletes until nobody posts any more and nothing is left. Returns what it took.
fn consume(mut client: Client, no_more: &AtomicBool) -> Vec<(u64, u64)> {
    let mut taken = Vec::new();
    loop {
        let is_last = no_more.load(Ordering::SeqCst);
        let claimed = until_it_is_there(|| queues::claim(&mut client, QUEUES[1], 5));
        assert!([201, 204].contains(&claimed.status), "{}", claimed.text());
        let messages = queues::messages(&claimed);
        if messages.is_empty() && is_last {
            return taken;
        }
        for message in messages {
            let deleted = until_it_is_there(|| queues::delete(&mut client, &message.href));
            assert_eq!(deleted.status, 204, "{}", deleted.text());
            taken.push(number_of(&message.body));
        }
    }
}

#[test]
fn queues_move_between_databases_while_two_servers_use_them() {
    move_to_and_fro([Place::postgresql(), Place::postgresql()]);
}

#[test]
fn queues_move_between_engines_while_two_servers_use_them() {
    move_to_and_fro([Place::postgresql(), Place::redis(Engine::Redis)]);
    move_to_and_fro([Place::redis(Engine::Redis), Place::redis(Engine::Valkey)]);
}

fn move_to_and_fro(pools: [Place; 2]) {
    let spread = Spread::over(pools);
    let servers: [Server; 2] = [spread.site("").start(), spread.site("").start()];
    let mut client = servers[0].client();
    for (flavor, pool) in ["one", "two"].into_iter().zip(&spread.pools) {
        pools::register_at(&mut client, flavor, &pool.uri());
    }
    QUEUES.iter().for_each(|queue| pools::create_queue(&mut client, queue, "one"));
    let (stop, no_more) = (AtomicBool::new(false), AtomicBool::new(false));
    let (posted, taken) = std::thread::scope(|scope| {
        let (stop, no_more) = (&stop, &no_more);
        let posting: Vec<_> = (0..)
            .zip(&servers)
            .map(|(number, server)| scope.spawn(move || post_all(server.client(), number, stop)))
            .collect();
        let consuming: Vec<_> =
            servers.iter().map(|server| scope.spawn(move || consume(server.client(), no_more))).collect();
        for (flavor, server) in MOVES.into_iter().zip(servers.iter().cycle()) {
            for queue in QUEUES {
                let sent = pools::send(&mut server.client(), queue, flavor).unwrap();
                assert_eq!(sent.status, 200, "{}", sent.text());
            }
            spread.wait_until_all_are_in(flavor);
        }
        stop.store(true, Ordering::SeqCst);
        let posted: Vec<u64> = posting.into_iter().map(|posting| posting.join().unwrap()).collect();
        no_more.store(true, Ordering::SeqCst);
        let taken = consuming.into_iter().flat_map(|consuming| consuming.join().unwrap());
        (posted, taken.collect::<Vec<_>>())
    });
    let all: BTreeSet<(u64, u64)> = (0..)
        .zip(&posted)
        .flat_map(|(server, count)| (0..*count).map(move |number| (server, number)))
        .collect();
    assert_eq!(taken.len(), all.len(), "each is consumed once");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), all);
    for server in &servers {
        let kept: Vec<_> = queues::list_all(&mut server.client(), QUEUES[0])
            .iter()
            .map(|own| number_of(&own.body))
            .collect();
        assert_eq!(kept.len(), all.len());
        assert_eq!(kept.iter().copied().collect::<BTreeSet<_>>(), all);
        for poster in 0..2 {
            let own = kept.iter().filter(|(server, _)| *server == poster).map(|(_, number)| *number);
            assert!(own.is_sorted(), "each poster's messages stay in their order");
        }
        assert_eq!(queues::list_all(&mut server.client(), QUEUES[1]).len(), 0);
    }
    for server in servers {
        assert!(server.stop().success());
    }
}

#[test]
fn a_database_is_one_pool_whatever_its_uri_is() {
    let spread = Spread::over([Place::postgresql(), Place::postgresql()]);
    let server = spread.site("").start();
    let mut client = server.client();
    let uri = spread.pools[0].uri();
    pools::register_at(&mut client, "one", &uri);
    pools::create_queue(&mut client, "q", "one");
    let posted = queues::post_ok(&mut client, "q", &[json!(1)]);
    let other_uri = format!("{uri}?application_name=other");
    let refused = pools::put(&mut client, "twin", &other_uri);
    assert_eq!(refused.status, 409, "{}", refused.text());
    // The pool itself may get another URI.
    let changed = pools::put(&mut client, "one", &other_uri);
    assert_eq!(changed.status, 201, "{}", changed.text());
    let found = queues::list_all(&mut client, "q");
    assert_eq!(found.iter().map(queues::Taken::id).collect::<Vec<_>>(), posted);
}

#[test]
fn the_store_of_the_server_itself_is_no_pool() {
    let spread = Spread::over([Place::postgresql(), Place::postgresql()]);
    let server = spread.site("[pooling:catalog]\nenable_virtual_pool = true\n").start();
    let refused = pools::put(&mut server.client(), "own", &spread.management.uri());
    assert_eq!(refused.status, 409, "{}", refused.text());
}

#[test]
fn a_store_that_one_server_keeps_for_itself_is_no_pool_of_several() {
    let spread = Spread::over([Place::postgresql(), Place::postgresql()]);
    let site = spread.site("");
    let server = site.start();
    let uri = format!("embedded://{}", site.path("pool").display());
    let refused = pools::put(&mut server.client(), "own", &uri);
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("belongs to one server"), "{}", refused.text());
}
