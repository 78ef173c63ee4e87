//! What became of deliveries is seen, and messages are sent again: real requests to real receivers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::http::Client;
use support::queues::{post_ok, subscribe};
use support::receiver::{Receiver, status};
use support::server::Site;

/// Without a breaker: nothing is held back because its neighbour failed.
const OPTIONS: &str = "[notification]\nbreaker_failures = 0";

/// The attempts or failures of a subscription, once there are so many.
fn wait_for(client: &mut Client, subscription: &str, listing: &str, count: usize) -> Vec<Value> {
    loop {
        let answer = client.request("GET", &format!("{subscription}/{listing}"), None).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let items = answer.json()[listing.split('?').next().unwrap()].as_array().unwrap().clone();
        if items.len() == count {
            return items;
        }
    }
}

fn resend(client: &mut Client, subscription: &str, wish: &Value) -> Value {
    let answer = client.request("POST", &format!("{subscription}/resend"), Some(wish)).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()["resent"].clone()
}

#[test]
fn every_attempt_is_on_record_for_the_subscription_and_for_the_message() {
    let site = Site::new(OPTIONS);
    let server = site.start();
    let mut count = 0;
    let receiver = Receiver::deciding(move |_| {
        count += 1;
        status(if count == 1 { 503 } else { 200 })
    });
    let mut client = server.client();
    let id = subscribe(&mut client, "seen", &receiver.url("/"), &json!({}));
    let subscription = format!("/v2/queues/seen/subscriptions/{id}");
    let first = &json!(post_ok(&mut client, "seen", &[json!(1)])[0]);
    wait_for(&mut client, &subscription, "attempts", 2);
    let second = &json!(post_ok(&mut client, "seen", &[json!(2)])[0]);

    let attempts = wait_for(&mut client, &subscription, "attempts", 3);
    let shown: Vec<_> = attempts.iter().map(|own| (&own["message_id"], &own["status"])).collect();
    assert_eq!(shown, [(second, &json!(200)), (first, &json!(200)), (first, &json!(503))]);
    assert_eq!(attempts[2]["outcome"], "retry");
    assert_eq!((&attempts[0]["outcome"], &attempts[0]["response"]), (&json!("delivered"), &json!("seen")));
    let of_first = format!("attempts?message_id={}", first.as_str().unwrap());
    let about = wait_for(&mut client, &subscription, &of_first, 2);
    assert_eq!(about, attempts[1..]);
}

#[test]
fn what_failed_is_sent_again_when_the_subscriber_is_well() {
    let (site, receiver) = (Site::new(OPTIONS), Receiver::answering(404));
    let server = site.start();
    let mut client = server.client();
    let id = subscribe(&mut client, "again", &receiver.url("/"), &json!({}));
    let subscription = format!("/v2/queues/again/subscriptions/{id}");
    let ids = post_ok(&mut client, "again", &[json!(1), json!(2), json!(3)]);
    let failures = wait_for(&mut client, &subscription, "failures", 3);
    let failed: Vec<_> = failures.iter().map(|own| own["message_id"].as_str().unwrap()).collect();
    assert_eq!(failed, ids);
    assert_eq!(failures[0]["reason"], "Given up after 1 attempt. The last answer was 404: seen");
    // A restart forgets neither, and nor does a consumer that takes the messages.
    assert!(server.stop().success());
    let server = site.start();
    let mut client = server.client();
    assert_eq!(client.request("DELETE", "/v2/queues/again/messages?pop=3", None).unwrap().status, 200);

    // Too early: all fail once more.
    let since = json!({"failed_since": failures[0]["failed_at"]});
    assert_eq!(resend(&mut client, &subscription, &since), 3);
    wait_for(&mut client, &subscription, "attempts", 6);
    receiver.switch_to(200);
    assert_eq!(resend(&mut client, &subscription, &json!({"message_id": ids[1]})), 1);
    let received = receiver.wait_for(7);
    assert_eq!(received[6].header("webhook-id"), Some(ids[1].as_str()));
    wait_for(&mut client, &subscription, "failures", 2);
    assert_eq!(resend(&mut client, &subscription, &since), 2);
    let received = receiver.wait_for(9);
    let again: BTreeSet<_> = received[7..].iter().map(|own| own.header("webhook-id").unwrap()).collect();
    assert_eq!(again, BTreeSet::from([ids[0].as_str(), ids[2].as_str()]));
    let attempts = wait_for(&mut client, &subscription, "attempts", 9);
    let outcomes: Vec<_> = attempts.iter().map(|own| own["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, [["delivered"; 3], ["failed"; 3], ["failed"; 3]].concat());
    assert_eq!(resend(&mut client, &subscription, &since), 0);
}
