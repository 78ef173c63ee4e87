//! Stores and stages that fail, and code that panics.

use std::sync::Arc;

use async_trait::async_trait;
use zaqar_domain::{Error, Limits, Pipelines, Stage, StageResult, Verdict};
use zaqar_model::{Caller, Clock, DestinationName, Metadata, Timestamp};
use zaqar_storage_conformance::ManualClock;

use crate::fixture::{Fixture, request};

const MESSAGE: &str = "/v2/queues/q/messages/01234567-89ab-cdef-0123-456789abcdef";
const CLAIM: &str = "/v2/queues/q/claims/01234567-89ab-cdef-0123-456789abcdef";
const SUBSCRIPTIONS: &str = "/v2/queues/q/subscriptions";
const SUBSCRIPTION: &str = "/v2/topics/t/subscriptions/01234567-89ab-cdef-0123-456789abcdef";
const CONFIRMATION: &str = "/v2/queues/q/subscriptions/01234567-89ab-cdef-0123-456789abcdef/confirm";
const POST: &str = "{\"messages\": [{\"body\": 1, \"ttl\": 100}]}";

#[tokio::test]
async fn a_failing_store_is_told_with_upstreams_texts() {
    let fixture = Fixture::with_pools();
    fixture.management.close().await.unwrap();
    for (method, path, body, text) in [
        ("PUT", "/v2/queues/q", "{}", "Queue could not be created."),
        ("GET", "/v2/queues/q", "", "Queue metadata could not be retrieved."),
        ("DELETE", "/v2/queues/q", "", "Queue could not be deleted."),
        ("GET", "/v2/queues", "", "Queues could not be listed."),
        ("GET", "/v2/queues/q/stats", "", "Queue stats could not be read."),
        ("POST", "/v2/queues/q/purge", "", "Queue could not be purged."),
        ("GET", "/v2/queues/q/messages", "", "Messages could not be listed."),
        ("GET", "/v2/queues/q/messages?ids=a", "", "Message could not be retrieved."),
        ("DELETE", "/v2/queues/q/messages?ids=a", "", "Messages could not be deleted."),
        ("DELETE", "/v2/queues/q/messages?pop=1", "", "Messages could not be popped."),
        ("GET", MESSAGE, "", "Message could not be retrieved."),
        ("DELETE", MESSAGE, "", "Message could not be deleted."),
        ("POST", "/v2/queues/q/claims", "{}", "Claim could not be created."),
        ("GET", CLAIM, "", "Claim could not be queried."),
        ("PATCH", CLAIM, "{}", "Claim could not be updated."),
        ("DELETE", CLAIM, "", "Claim could not be deleted."),
        ("PUT", "/v2/topics/t", "{}", "Topic could not be created."),
        ("GET", "/v2/topics/t", "", "Topic metadata could not be retrieved."),
        ("DELETE", "/v2/topics/t", "", "Topic could not be deleted."),
        ("GET", "/v2/topics", "", "Topics could not be listed."),
        ("GET", "/v2/topics/t/stats", "", "Topic stats could not be read."),
        ("POST", "/v2/topics/t/purge", "", "Topic could not be purged."),
        ("POST", SUBSCRIPTIONS, "{\"subscriber\": \"http://a\"}", "Subscription could not be created."),
        ("GET", SUBSCRIPTIONS, "", "Subscriptions could not be listed."),
        ("GET", SUBSCRIPTION, "", "Subscription could not be retrieved."),
        ("PATCH", SUBSCRIPTION, "{\"ttl\": 60}", "Subscription could not be updated."),
        ("DELETE", SUBSCRIPTION, "", "Subscription could not be deleted."),
        ("PUT", CONFIRMATION, "{\"confirmed\": true}", "Subscription could not be confirmed."),
        ("PUT", "/v2/pools/a", "{\"uri\": \"model://a\", \"weight\": 1}", "Pool could not be created."),
        ("GET", "/v2/pools/a", "", "Pool could not be retrieved."),
        ("PATCH", "/v2/pools/a", "{\"weight\": 1}", "Pool could not be updated."),
        ("DELETE", "/v2/pools/a", "", "Pool could not be deleted."),
        ("GET", "/v2/pools", "", "Pools could not be listed."),
        ("PUT", "/v2/flavors/f", "{\"pool_list\": [\"a\"]}", "Flavor could not be created."),
        ("GET", "/v2/flavors/f", "", "Flavor could not be retrieved."),
        ("PATCH", "/v2/flavors/f", "{\"pool_list\": [\"a\"]}", "Flavor could not be updated."),
        ("DELETE", "/v2/flavors/f", "", "Flavor could not be deleted."),
        ("GET", "/v2/flavors", "", "Flavors could not be listed."),
    ] {
        let answer = fixture.send(request(method, path, body)).await;
        let text = format!("{text} Please try again in a few seconds.");
        answer.is_error(503, "Service temporarily unavailable", &text);
        assert_eq!(answer.header("retry-after"), Some("1"), "{method} {path}");
    }
    let patch = "[{\"op\": \"add\", \"path\": \"/metadata/a\", \"value\": 1}]";
    let text = "Queue could not be updated. Please try again in a few seconds.";
    fixture.patch("/v2/queues/q", patch).await.is_error(503, "Service temporarily unavailable", text);
    for (path, text) in [
        ("/v2/queues/q/messages", "The queue could not be looked up."),
        ("/v2/topics/t/messages", "The topic could not be looked up."),
    ] {
        let text = format!("{text} Please try again in a few seconds.");
        fixture.post(path, POST).await.is_error(503, "Service temporarily unavailable", &text);
    }
}

#[tokio::test]
async fn a_failing_message_store_refuses_posts_and_tells_nothing_of_itself() {
    let fixture = Fixture::new();
    fixture.put("/v2/queues/q", "").await;
    fixture.store.close().await.unwrap();
    let post = fixture.post("/v2/queues/q/messages", POST).await;
    let text = "Messages could not be enqueued. Please try again in a few seconds.";
    post.is_error(503, "Service temporarily unavailable", text);
    let text = "Subscription could not be created. Please try again in a few seconds.";
    let subscription = fixture.post(SUBSCRIPTIONS, "{\"subscriber\": \"http://a\"}").await;
    subscription.is_error(503, "Service temporarily unavailable", text);
    let text = "Health status could not be read. Please try again in a few seconds.";
    fixture.get("/v2/health").await.is_error(503, "Service temporarily unavailable", text);
}

#[derive(Debug)]
struct BrokenClock;

impl Clock for BrokenClock {
    fn now(&self) -> Timestamp {
        panic!("the secret inside of the server")
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_nobody_elses_concern() {
    let fixture = Fixture::with_clock(Limits::default(), Arc::new(ManualClock::new()), Arc::new(BrokenClock));
    fixture.put("/v2/queues/q", "").await;
    let answer = fixture.get("/v2/queues/q/messages").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["title"]), (500, &"Internal server error".into()));
    assert!(!answer.text().contains("secret"));
    assert!(answer.header("x-openstack-request-id").is_some());
    assert_eq!(fixture.get("/v2/queues/q").await.status, 200);
}

/// Decides by the name of the queue.
#[derive(Debug)]
struct Capricious;

#[async_trait]
impl Stage for Capricious {
    async fn get_queue(&self, _: &Caller, queue: &DestinationName) -> StageResult<Metadata> {
        match queue.name.as_str() {
            "refused" => Ok(Verdict::Refuse(Error::Refused("Not on Sundays.".to_owned()))),
            "failing" => Err("the secret inside of the stage".into()),
            "panicking" => panic!("the secret inside of the stage"),
            _ => Ok(Verdict::Pass),
        }
    }
}

#[tokio::test]
async fn what_a_stage_refuses_and_a_stage_that_fails_are_told_as_any_error() {
    let mut pipelines = Pipelines::default();
    pipelines.queues.add("capricious", Arc::new(Capricious));
    let fixture = Fixture::with_pipelines(pipelines);
    fixture.get("/v2/queues/refused").await.is_error(403, "Forbidden", "Not on Sundays.");
    for queue in ["failing", "panicking"] {
        let answer = fixture.get(&format!("/v2/queues/{queue}")).await;
        let text = "A stage of the service's pipeline failed: the server's log says which and why.";
        answer.is_error(503, "Service temporarily unavailable", text);
        assert_eq!(fixture.get("/v2/queues/other").await.status, 200);
    }
}
