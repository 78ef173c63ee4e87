use serde_json::json;

use crate::fixture::{Fixture, request};

#[tokio::test]
async fn a_topic_is_created_shown_patched_and_deleted() {
    let fixture = Fixture::new();
    let topic = "/v2/topics/t";
    let created = fixture.put(topic, "{\"a\": 1}").await;
    assert_eq!((created.status.as_u16(), created.header("location")), (201, Some(topic)));
    assert_eq!(fixture.put(topic, "").await.status, 204);
    assert_eq!(
        fixture.get(topic).await.text(),
        "{\"a\": 1, \"_max_messages_post_size\": 262144, \"_default_message_ttl\": 3600, \
         \"_default_message_delay\": 0}"
    );
    let patch = "[{\"op\": \"remove\", \"path\": \"/metadata/_default_message_ttl\"}, \
                  {\"op\": \"replace\", \"path\": \"/metadata/a\", \"value\": 2}]";
    let patched = fixture.patch(topic, patch).await;
    assert_eq!((patched.status.as_u16(), &patched.json()["a"]), (200, &json!(2)));
    // Upstream has no claim attributes for topics.
    let unknown = "[{\"op\": \"remove\", \"path\": \"/metadata/_max_claim_count\"}]";
    let text = "Can't remove non-existent object _max_claim_count.";
    fixture.patch(topic, unknown).await.is_error(409, "Resource conflict", text);
    assert_eq!(fixture.send(request("PATCH", topic, patch)).await.status, 415);
    for _ in 0..2 {
        assert_eq!(fixture.delete(topic).await.status, 204);
    }
    let text = "Topic t does not exist for project p";
    fixture.patch(topic, patch).await.is_error(404, "Not found", text);
    // As it would be if it were created.
    assert_eq!(fixture.get(topic).await.status, 200);
    assert_eq!(fixture.get("/v2/queues").await.json()["queues"], json!([]));
}

#[tokio::test]
async fn a_topics_name_is_checked_as_a_queues() {
    let fixture = Fixture::new();
    let text = "The format of the submitted topic name or project id is not valid.";
    for name in ["Bo@t", "", &"n".repeat(65)] {
        let answer = fixture.put(&format!("/v2/topics/{name}"), "").await;
        answer.is_error(400, "Invalid topic identification", text);
    }
    let mut request = request("GET", "/v2/topics/t", "");
    request.headers_mut().insert("x-project-id", "p".repeat(257).parse().unwrap());
    fixture.send(request).await.is_error(400, "Invalid topic identification", text);
    assert_eq!(fixture.put("/v2/topics/Service.test_topic-1", "").await.status, 201);
}

#[tokio::test]
async fn topics_are_listed_with_filters_and_links() {
    let fixture = Fixture::new();
    assert_eq!(fixture.get("/v2/topics").await.text(), "{\"topics\": [], \"links\": []}");
    for (topic, node) in [("t1", 31), ("t2", 32), ("t3", 31)] {
        fixture.put(&format!("/v2/topics/{topic}"), format!("{{\"node\": {node}}}")).await;
    }
    assert_eq!(
        fixture.get("/v2/topics?limit=2&name=t").await.text(),
        "{\"topics\": [{\"name\": \"t1\", \"href\": \"/v2/topics/t1\"}, {\"name\": \"t2\", \"href\": \
         \"/v2/topics/t2\"}], \"links\": [{\"rel\": \"next\", \"href\": \
         \"/v2/topics?limit=2&name=t&marker=t2\"}]}"
    );
    let next = fixture.get("/v2/topics?limit=2&marker=t2&detailed=true").await.json();
    assert_eq!(next["topics"][0]["metadata"], fixture.get("/v2/topics/t3").await.json());
    assert_eq!(fixture.get("/v2/topics?node=31").await.json()["topics"].as_array().unwrap().len(), 2);
    // Upstream counts queues only. Here it is a filter that matches no topic.
    assert_eq!(fixture.get("/v2/topics?with_count=true").await.json()["topics"], json!([]));
    let text = "Limit must be at least 1 and no greater than 20.";
    fixture.get("/v2/topics?limit=21").await.is_error(400, "Invalid API request", text);
}

#[tokio::test]
async fn messages_are_published_to_a_topic() {
    let fixture = Fixture::new();
    let posted =
        fixture.post("/v2/topics/t/messages", "{\"messages\": [{\"body\": 1}, {\"body\": 2}]}").await;
    assert_eq!(posted.status, 201);
    let hrefs = posted.json()["resources"].as_array().unwrap().clone();
    let href = hrefs[0].as_str().unwrap();
    let id = href.strip_prefix("/v2/topics/t/messages/").unwrap();
    assert!(posted.header("location").unwrap().starts_with(&format!("/v2/topics/t/messages?ids={id},")));
    fixture.clock.advance_secs(7);

    let listed = fixture.get("/v2/topics/t/messages?echo=true&limit=1").await.json();
    assert_eq!(listed["messages"][0]["href"], href);
    let next = listed["links"][0]["href"].as_str().unwrap();
    assert!(next.starts_with("/v2/topics/t/messages?limit=1&echo=true"));
    assert_eq!(fixture.get(next).await.json()["messages"][0]["body"], 2);
    assert_eq!(fixture.get(href).await.json()["body"], 1);
    let stats = fixture.get("/v2/topics/t/stats").await.json();
    assert_eq!((&stats["messages"]["free"], &stats["messages"]["oldest"]["href"]), (&json!(2), &json!(href)));

    assert_eq!(fixture.delete(href).await.status, 204);
    let text = format!("Message {id} does not exist in topic t for project p");
    fixture.get(href).await.is_error(404, "Not found", &text);
    let popped = fixture.delete("/v2/topics/t/messages?pop=1").await.json();
    assert_eq!(popped["messages"][0]["body"], 2);
    let empty = "{\"messages\": {\"claimed\": 0, \"free\": 0, \"total\": 0}}";
    assert_eq!(fixture.get("/v2/topics/t/stats").await.text(), empty);
    assert_eq!(fixture.post("/v2/topics/t/claims", "{}").await.status, 404);
}

#[tokio::test]
async fn a_purge_empties_a_topic() {
    let fixture = Fixture::new();
    let messages = "{\"messages\": [{\"body\": 1}]}";
    fixture.post("/v2/topics/t/messages", messages).await;
    fixture.post("/v2/queues/t/messages", messages).await;
    fixture.post("/v2/topics/t/subscriptions", "{\"subscriber\": \"http://a\"}").await;
    assert_eq!(fixture.post("/v2/topics/t/purge", "{\"resource_types\": [\"messages\"]}").await.status, 204);
    assert_eq!(fixture.get("/v2/topics/t/stats").await.json()["messages"]["total"], 0);
    assert_eq!(fixture.get("/v2/queues/t/stats").await.json()["messages"]["total"], 1);
    let subscriptions = async || {
        let page = fixture.get("/v2/topics/t/subscriptions").await.json();
        page["subscriptions"].as_array().unwrap().len()
    };
    assert_eq!(subscriptions().await, 1);
    assert_eq!(fixture.post("/v2/topics/t/purge", "").await.status, 204);
    assert_eq!(subscriptions().await, 0);
    let text = "Post body must contain key \"resource_types\".";
    fixture.post("/v2/topics/t/purge", "{}").await.is_error(400, "Invalid API request", text);
}
