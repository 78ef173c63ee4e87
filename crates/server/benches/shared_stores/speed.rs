//! Posts and claims by HTTP beside what others do with the same server of an engine.

use std::process::Command;

use zaqar_test_servers::Redis;

use super::clients::{Clients, TEN};
use super::meter::Meter;
use super::skip_locked::SkipLocked;
use super::stores::Store;
use super::upstream;

/// Operations of a round, so many that it takes about a second or more.
const POSTS: usize = 20_000;
const CYCLES: usize = 2000;
/// With more clients upstream hangs up.
const MOST_OF_UPSTREAM: usize = 64;
/// What does nothing else is faster, and upstream is slower.
const ADDED: usize = 60_000;
const POSTS_OF_UPSTREAM: usize = 2000;
const CYCLES_OF_UPSTREAM: usize = 100;
/// More messages than each client claims, so that no claim finds few.
const SPARE: usize = 2 * TEN;
const POST: &str = "POST of one message";
const CYCLE: &str = "claim 10 + delete 10";

pub(crate) async fn on_postgresql(clients: usize, rounds: usize) {
    let store = Store::start("postgresql");
    let Store::PostgreSql(server) = &store else { return };
    let zaqar = store.zaqar(&[]);
    let mut ours = Clients::open(zaqar.address, clients).await;
    let mut plain = SkipLocked::make(server, clients).await;
    let meter = |name: String, own: u32| Meter::new(name, store.id(), Some(own));
    let this = std::process::id();
    let mut posts = [meter(format!("zaqar: {POST}"), zaqar.id()), meter("SKIP LOCKED: INSERT".into(), this)];
    let mut cycles =
        [meter(format!("zaqar: {CYCLE}"), zaqar.id()), meter(format!("SKIP LOCKED: {CYCLE}"), this)];
    ours.fill("claims", clients * SPARE).await;
    plain.fill(1, clients * SPARE).await;
    for round in 0..=rounds {
        posts[0].round(POSTS, ours.post("posts", POSTS)).await;
        posts[1].round(POSTS, plain.post(0, POSTS)).await;
        ours.fill("claims", CYCLES * TEN).await;
        plain.fill(1, CYCLES * TEN).await;
        cycles[0].round(CYCLES, ours.claim_and_delete("claims", CYCLES * TEN)).await;
        cycles[1].round(CYCLES, plain.claim_and_delete(1, CYCLES * TEN)).await;
        if round == 0 {
            posts.iter_mut().chain(&mut cycles).for_each(Meter::forget);
            store.settle();
        }
    }
    let [ours, theirs] = &posts;
    compare(ours, theirs, "posts/s over SKIP LOCKED (aim ≥ 1.5)");
    let [ours, theirs] = &cycles;
    compare(ours, theirs, "claim cycles/s over SKIP LOCKED (aim ≥ 1.5)");
}

pub(crate) async fn on_redis(clients: usize, rounds: usize) {
    let store = Store::start("redis");
    let Store::Redis(server) = &store else { return };
    let zaqar = store.zaqar(&[]);
    let upstream = upstream::start(&server.uri());
    let mut ours = Clients::open(zaqar.address, clients).await;
    let mut theirs = Clients::open(upstream.address, clients.min(MOST_OF_UPSTREAM)).await;
    let meter = |name: String, own: u32| Meter::new(name, store.id(), Some(own));
    let mut posts = [
        meter(format!("zaqar: {POST}"), zaqar.id()),
        Meter::new("redis-benchmark: XADD", store.id(), None),
        meter(format!("upstream: {POST}"), upstream.id()),
    ];
    let mut cycles =
        [meter(format!("zaqar: {CYCLE}"), zaqar.id()), meter(format!("upstream: {CYCLE}"), upstream.id())];
    for all in [&mut ours, &mut theirs] {
        all.fill("claims", clients * SPARE).await;
    }
    for round in 0..=rounds {
        posts[0].round(POSTS, ours.post("posts", POSTS)).await;
        posts[1].round(ADDED, async { add(server, clients) }).await;
        posts[2].round(POSTS_OF_UPSTREAM, theirs.post("posts", POSTS_OF_UPSTREAM)).await;
        ours.fill("claims", CYCLES * TEN).await;
        theirs.fill("claims", CYCLES_OF_UPSTREAM * TEN).await;
        cycles[0].round(CYCLES, ours.claim_and_delete("claims", CYCLES * TEN)).await;
        let messages = CYCLES_OF_UPSTREAM * TEN;
        cycles[1].round(CYCLES_OF_UPSTREAM, theirs.claim_and_delete("claims", messages)).await;
        if round == 0 {
            posts.iter_mut().chain(&mut cycles).for_each(Meter::forget);
        }
    }
    let [ours, streams, theirs] = &posts;
    compare(ours, streams, "posts/s over redis-benchmark's XADD (aim ≥ 0.5)");
    compare(ours, theirs, "posts/s over upstream (aim ≥ 10)");
    let [ours, theirs] = &cycles;
    compare(ours, theirs, "claim cycles/s over upstream (aim ≥ 10)");
}

fn compare(ours: &Meter, theirs: &Meter, what: &str) {
    ours.report();
    theirs.report();
    theirs.time_over(ours, what);
}

/// What Redis itself offers for this.
fn add(server: &Redis, clients: usize) {
    let address = server.address();
    let mut command = Command::new("redis-benchmark");
    command.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
    command.args(["-q", "-c", &clients.to_string(), "-n", &ADDED.to_string()]);
    command.args(["XADD", "entries", "*", "body", &"x".repeat(1024)]);
    let output = command.output().expect("redis-benchmark comes with redis-server");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
