//! A server is killed while it delivers, and while consumers hold claims through it: the others take over its deliveries
//! when its leases end, and its consumers' messages when their claims do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::http::Client;
use support::installation::Installation;
use support::queues::{self, Taken};
use support::receiver::Receiver;

/// The longest attempt takes 16 seconds, with two posts to an endpoint that asks for a trust. So a lease ends after 62 at the
/// earliest, later than the shortest claim that was made before it.
const OPTIONS: &str = "[notification]\nallowed_addresses = 127.0.0.1\nconnect_timeout = 1\nanswer_timeout = 6\n\
                       body_timeout = 1\nsmtp_timeout = 1\nbreaker_failures = 0\n";
const SHORTEST_CLAIM: u64 = 60;
const MESSAGES: u64 = 4;

/// The path of a claim of all messages of a queue that has two, for so many seconds.
fn claim(client: &mut Client, queue: &str, seconds: u64) -> (String, BTreeSet<String>) {
    let posted = queues::post_ok(client, queue, &[json!("a"), json!("b")]);
    let terms = json!({ "ttl": seconds, "grace": 60 });
    let claimed = client.request("POST", &format!("/v2/queues/{queue}/claims"), Some(&terms)).unwrap();
    assert_eq!(claimed.status, 201, "{}", claimed.text());
    assert_eq!(queues::messages(&claimed).len(), 2);
    (claimed.header("location").unwrap().to_owned(), posted.into_iter().collect())
}

fn free(client: &mut Client, queue: &str) -> BTreeSet<String> {
    let claimed = queues::messages(&queues::claim(client, queue, 20).unwrap());
    claimed.iter().map(|taken: &Taken| taken.id().to_owned()).collect()
}

fn exists(client: &mut Client, claim: &str) -> bool {
    client.request("GET", claim, None).unwrap().status == 200
}

/// The outcomes of all attempts on record.
fn outcomes(client: &mut Client, subscription: &str) -> Vec<String> {
    let path = format!("/v2/queues/told/subscriptions/{subscription}/attempts?limit=20");
    let (mut path, mut all) = (path, Vec::new());
    loop {
        let page = client.request("GET", &path, None).unwrap().json();
        let attempts = page["attempts"].as_array().unwrap();
        if attempts.is_empty() {
            return all;
        }
        all.extend(attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap().to_owned()));
        let next = page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next");
        let Some(next) = next else { return all };
        path = next["href"].as_str().unwrap().to_owned();
    }
}

fn the_others_take_over(installation: &Installation) {
    // It answers nothing, ever.
    let receiver = Receiver::deciding(|_| None);
    let one = installation.site(OPTIONS).start();
    let mut client = one.client();
    let (short, short_posted) = claim(&mut client, "short", SHORTEST_CLAIM);
    let (long, _) = claim(&mut client, "long", 3600);
    let subscription = queues::subscribe(&mut client, "told", &receiver.url("/hook"), &json!({}));
    let bodies: Vec<Value> = (0..MESSAGES).map(|number| json!(number)).collect();
    queues::post_ok(&mut client, "told", &bodies);
    // All are under way.
    let hanging = receiver.wait_for(bodies.len()).len();
    let other = installation.site(OPTIONS).start();
    one.kill();
    receiver.switch_to(200);
    let mut client = other.client();
    for (queue, claim) in [("short", &short), ("long", &long)] {
        assert_eq!(free(&mut client, queue), BTreeSet::new(), "what is claimed stays so");
        assert!(exists(&mut client, claim));
    }

    receiver.wait_until(|received| {
        let again = received[hanging..].iter().map(|received| received.json()["body"].as_u64().unwrap());
        again.collect::<BTreeSet<_>>().len() as u64 == MESSAGES
    });
    assert!(!exists(&mut client, &short), "it was made before the leases, and ends before them");
    assert_eq!(free(&mut client, "short"), short_posted);
    assert!(exists(&mut client, &long));
    assert_eq!(free(&mut client, "long"), BTreeSet::new());
    let outcomes = loop {
        let outcomes = outcomes(&mut client, &subscription);
        if outcomes.iter().filter(|outcome| *outcome == "delivered").count() as u64 == MESSAGES {
            break outcomes;
        }
    };
    assert!(outcomes.iter().any(|outcome| outcome == "unknown"), "leases have ended: {outcomes:?}");
}

#[test]
fn the_others_take_over_on_postgresql() {
    the_others_take_over(&Installation::on_postgresql());
}

#[test]
fn the_others_take_over_on_redis() {
    the_others_take_over(&Installation::on_redis());
}
