//! Topics: `topic_*`, and messages and subscriptions with `topic_name`.

use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test]
async fn topics_are_used_by_the_same_names_as_queues() {
    let mut client = Fixture::new().await.connect().await;
    let news = json!({ "topic_name": "news" });
    assert_eq!(client.ask("topic_create", news.clone()).await, (201, "Topic news created.".into()));
    let posted = json!({ "topic_name": "news", "messages": [{ "body": "hello" }] });
    client.expect(201, "message_post", posted).await;
    let list = json!({ "topic_name": "news", "echo": true });
    assert_eq!(client.expect(200, "message_list", list).await["messages"][0]["body"], "hello");
    let subscribe = json!({ "topic_name": "news", "subscriber": "http://example.com" });
    client.expect(201, "subscription_create", subscribe).await;
    let subscriptions = client.expect(200, "subscription_list", news.clone()).await;
    assert_eq!(subscriptions["subscriptions"][0]["source"], "news");
    assert_eq!(client.expect(200, "topic_list", json!({})).await, json!({ "topics": [{ "name": "news" }] }));
    assert_eq!(client.expect(200, "queue_list", json!({})).await, json!({ "queues": [] }));
    assert_eq!(client.expect(200, "topic_get_stats", news.clone()).await["messages"]["total"], 1);
    client.expect(204, "topic_purge", news.clone()).await;
    assert_eq!(client.expect(200, "topic_get_stats", news.clone()).await["messages"]["total"], 0);
    assert_eq!(client.expect(200, "topic_get", news.clone()).await, json!({}));
    assert_eq!(client.ask("topic_delete", news).await, (204, "Topic news removed.".into()));
    assert_eq!(client.expect(200, "topic_list", json!({})).await, json!({ "topics": [] }));
}

#[tokio::test]
async fn a_request_is_about_a_queue_or_a_topic_never_both() {
    let mut client = Fixture::new().await.connect().await;
    let both = json!({ "topic_name": "a", "queue_name": "b" });
    let refused = |why: &str| (400, json!({ "error": format!("Schema validation failed. {why}") }));
    let why = "\"body.queue_name\" and \"body.topic_name\" are both given: one of them is expected.";
    assert_eq!(client.ask("message_list", both).await, refused(why));
    let why = "\"body.queue_name\" is missing: a string is expected.";
    assert_eq!(client.ask("claim_create", json!({ "topic_name": "a" })).await, refused(why));
}
