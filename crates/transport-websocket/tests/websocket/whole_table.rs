//! Every action, in JSON and in MessagePack: the same reply in both.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::fixture::{Client, Fixture, headers};

/// All actions, each with a valid body.
fn examples() -> Vec<(&'static str, Value)> {
    let queue = || json!({ "queue_name": "q" });
    let topic = || json!({ "topic_name": "t" });
    let with = |name: &str, value: Value| json!({ "queue_name": "q", name: value });
    vec![
        ("authenticate", json!({})),
        ("queue_create", json!({ "queue_name": "q", "metadata": { "ü": [1, -2.5, null] } })),
        ("queue_list", json!({ "detailed": true })),
        ("queue_get", queue()),
        ("queue_get_stats", json!({ "queue_name": "absent" })),
        ("topic_create", topic()),
        ("topic_list", json!({})),
        ("topic_get", topic()),
        ("topic_get_stats", topic()),
        ("topic_purge", topic()),
        ("topic_delete", topic()),
        ("message_list", queue()),
        ("message_get", with("message_id", json!("x"))),
        ("message_get_many", with("message_ids", json!(["x"]))),
        ("message_delete", with("message_id", json!("x"))),
        ("message_delete_many", with("pop", json!(1))),
        ("message_post", with("messages", json!([]))),
        ("claim_create", queue()),
        ("claim_get", with("claim_id", json!("x"))),
        ("claim_update", with("claim_id", json!("x"))),
        ("claim_delete", with("claim_id", json!("x"))),
        ("subscription_create", with("subscriber", json!("fake://x"))),
        ("subscription_list", queue()),
        ("subscription_get", with("subscription_id", json!("x"))),
        ("subscription_update", with("subscription_id", json!("x"))),
        ("subscription_delete", with("subscription_id", json!("x"))),
        ("queue_purge", queue()),
        ("queue_delete", queue()),
        ("get_home_doc", json!({})),
        ("check_node_health", json!({})),
        ("ping_node", json!({})),
        ("pool_list", json!({})),
        ("pool_create", json!({})),
        ("pool_get", json!({})),
        ("pool_update", json!({})),
        ("pool_delete", json!({})),
        ("flavor_list", json!({})),
        ("flavor_create", json!({})),
        ("flavor_get", json!({})),
        ("flavor_update", json!({})),
        ("flavor_delete", json!({})),
    ]
}

fn request(action: &str, body: &Value) -> Value {
    let mut headers = headers();
    if action == "authenticate" {
        headers["X-Auth-Token"] = "t".into();
    }
    json!({ "action": action, "headers": headers, "body": body })
}

async fn in_messagepack(client: &mut Client, request: &Value) -> Value {
    client.send(Message::binary(rmp_serde::to_vec_named(request).unwrap())).await;
    let Message::Binary(reply) = client.receive().await else { panic!("no binary frame") };
    rmp_serde::from_slice(&reply).unwrap()
}

#[tokio::test]
async fn every_action_answers_the_same_in_both_formats() {
    let (mut json, mut packed) = (Fixture::new().await.connect().await, Fixture::new().await.connect().await);
    let examples = examples();
    for (action, body) in &examples {
        let request = request(action, body);
        let reply = json.exchange(&request).await;
        assert_eq!(in_messagepack(&mut packed, &request).await, reply, "{action}");
        let status = reply["headers"]["status"].as_u64().unwrap();
        assert!(status < 500, "{reply}");
        let schema = "Schema validation failed.";
        assert!(!reply["body"].to_string().contains(schema), "{reply}");
        assert_ne!(reply["body"], json!({ "error": format!("{action} is not a valid action") }));
    }
    let names: BTreeSet<_> = examples.iter().map(|(action, _)| *action).collect();
    assert_eq!(names, zaqar_transport_websocket::action_names().collect());
}

#[tokio::test]
async fn a_message_goes_in_by_one_format_and_comes_out_by_the_other() {
    let fixture = Fixture::new().await;
    let mut client = fixture.connect().await;
    let body = json!({ "text": "grüße \u{1f600} \"\\\n", "numbers": [0, -1, 1.5, i64::MAX], "deep": { "er": [[]] } });
    let post = json!({ "queue_name": "q", "messages": [{ "body": body }] });
    let pop = json!({ "queue_name": "q", "pop": 1 });
    let reply = in_messagepack(&mut client, &request("message_post", &post)).await;
    assert_eq!(reply["headers"]["status"], 201);
    let popped = client.expect(200, "message_delete_many", pop.clone()).await;
    assert_eq!(popped["messages"][0]["body"], body);
    client.expect(201, "message_post", post).await;
    let popped = in_messagepack(&mut client, &request("message_delete_many", &pop)).await;
    assert_eq!(popped["body"]["messages"][0]["body"], body);
}
