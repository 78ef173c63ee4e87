//! Many consumers of one queue at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::queues;
use support::server::{Server, Site};

const MESSAGES: usize = 20_000;
const BATCH: usize = 500;
const CONSUMERS: usize = 64;

/// Claims until there is nothing left, and keeps every claim.
fn claim_everything(server: &Server) -> Vec<String> {
    let mut client = server.client();
    let mut held = Vec::new();
    loop {
        let response = queues::claim(&mut client, "work", 20).unwrap();
        let messages = queues::messages(&response);
        if messages.is_empty() {
            return held;
        }
        held.extend(messages.iter().map(|message| message.id().to_owned()));
    }
}

#[test]
fn of_64_consumers_no_two_hold_the_same_message_and_none_is_left_behind() {
    let site = Site::new("");
    let server = site.start();
    let mut producer = server.client();
    for batch in 0..MESSAGES / BATCH {
        let bodies: Vec<Value> = (0..BATCH).map(|n| json!(batch * BATCH + n)).collect();
        let response = queues::post(&mut producer, "work", &bodies).unwrap();
        assert_eq!(response.status, 201, "{}", response.text());
    }

    let held: Vec<String> = std::thread::scope(|scope| {
        let consumers: Vec<_> = (0..CONSUMERS).map(|_| scope.spawn(|| claim_everything(&server))).collect();
        consumers.into_iter().flat_map(|consumer| consumer.join().unwrap()).collect()
    });

    assert_eq!(held.len(), MESSAGES, "held in all");
    assert_eq!(held.iter().collect::<BTreeSet<_>>().len(), MESSAGES, "held once each");
    let stats = producer.request("GET", "/v2/queues/work/stats", None).unwrap().json();
    assert_eq!((&stats["messages"]["claimed"], &stats["messages"]["free"]), (&json!(MESSAGES), &json!(0)));
}
