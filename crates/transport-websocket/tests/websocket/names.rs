//! Misspelt names: the reply warns about them, and nothing else changes.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::fixture::{Client, Fixture, headers, request};

/// Status and warnings of an action.
async fn asked(client: &mut Client, action: &str, body: Value) -> (u64, Value) {
    let reply = client.exchange(&request(action, body)).await;
    (reply["headers"]["status"].as_u64().unwrap(), reply["headers"]["warnings"].clone())
}

fn near(name: &str, place: &str, known: &str) -> String {
    format!("Unknown name '{name}' in {place}: did you mean '{known}'?")
}

#[tokio::test]
async fn a_slip_in_a_name_is_taken_as_ever_and_told_with_the_reply() {
    let mut client = Fixture::new().await.connect().await;
    let reserved = "Unknown name '_colour' in the metadata: names that begin with '_' are reserved.";
    let id = client.post("q", &[json!(1)]).await.remove(0);
    let params = json!({ "queue_name": "s", "subscriber": "http://a", "ttl": 600 });
    let subscription = client.expect(201, "subscription_create", params).await["subscription_id"].clone();
    for (action, body, status, expected) in [
        (
            "queue_create",
            json!({ "queue_name": "a", "metadata": { "_retry_polcy": {}, "_colour": 1, "team": 1 } }),
            201,
            vec![near("_retry_polcy", "the metadata", "_retry_policy"), reserved.to_owned()],
        ),
        (
            "queue_create",
            json!({ "queue_name": "b", "metdata": {} }),
            201,
            vec![near("metdata", "the body", "metadata")],
        ),
        ("queue_list", json!({ "limt": 5 }), 200, vec![near("limt", "the body", "limit")]),
        (
            "message_post",
            json!({ "queue_name": "q", "messages": [{ "body": 1, "dealy": 5 }, { "body": 2, "dealy": 5, "id": 1 }] }),
            201,
            vec![near("dealy", "a message", "delay")],
        ),
        (
            "message_list",
            json!({ "queue_name": "q", "makrer": "1" }),
            200,
            vec![near("makrer", "the body", "marker")],
        ),
        (
            "message_delete",
            json!({ "queue_name": "q", "message_id": id, "claimid": "x" }),
            204,
            vec![near("claimid", "the body", "claim_id")],
        ),
        (
            "claim_create",
            json!({ "queue_name": "q", "garce": 60 }),
            201,
            vec![near("garce", "the body", "grace")],
        ),
        (
            "queue_purge",
            json!({ "queue_name": "q", "resource_types": [], "resource_type": ["messages"] }),
            204,
            vec![near("resource_type", "the body", "resource_types")],
        ),
        (
            "subscription_create",
            json!({ "queue_name": "s", "subscriber": "http://b", "options": { "subjct": 1, "team": 1 } }),
            201,
            vec![near("subjct", "the options", "subject")],
        ),
        (
            "subscription_create",
            json!({ "queue_name": "s", "subcriber": "http://c", "options": { "subjct": 1 } }),
            201,
            vec![near("subcriber", "the body", "subscriber"), near("subjct", "the options", "subject")],
        ),
        (
            "subscription_update",
            json!({
                "queue_name": "s", "subscription_id": subscription, "tll": 60,
                "options": { "_retry_policy": { "minimum_dely": 1 } },
            }),
            204,
            vec![near("tll", "the body", "ttl"), near("minimum_dely", "a retry policy", "minimum_delay")],
        ),
        // Rejected, and reported all the same.
        ("queue_get", json!({ "queue_nmae": "q" }), 400, vec![near("queue_nmae", "the body", "queue_name")]),
        (
            "message_post",
            json!({ "queue_name": "q", "messages": [{ "bdy": 1 }] }),
            400,
            vec![near("bdy", "a message", "body")],
        ),
    ] {
        let what = format!("{action} {body}");
        assert_eq!(asked(&mut client, action, body).await, (status, json!(expected)), "{what}");
    }
    let mut misspelt = request("queue_list", json!({}));
    misspelt["bdoy"] = json!({});
    let reply = client.exchange(&misspelt).await;
    assert_eq!(reply["headers"], json!({ "status": 200, "warnings": [near("bdoy", "the request", "body")] }));
}

#[tokio::test]
async fn names_that_are_known_or_the_clients_own_are_answered_without_a_warning() {
    let mut client = Fixture::new().await.connect().await;
    let metadata = json!({ "_flavor": "x", "name": 1, "owner": 1, "a": { "_b": 1 } });
    for (action, body) in [
        ("queue_create", json!({ "queue_name": "q", "metadata": metadata })),
        (
            "message_post",
            json!({ "queue_name": "q", "messages": [{ "body": { "dealy": 1 }, "id": 1, "_x": 1 }], "colour": 1 }),
        ),
        ("queue_list", json!({ "limit": 5, "detailed": true, "owner": "me" })),
        ("subscription_create", json!({ "queue_name": "q", "ttl": 600, "options": { "team": 1 } })),
    ] {
        let reply = client.exchange(&request(action, body)).await;
        assert_eq!(reply["headers"].as_object().unwrap().len(), 1, "{reply}");
    }
    let again = json!({ "action": "queue_list", "headers": headers(), "body": {}, "api": "v2" });
    assert_eq!(client.exchange(&again).await["headers"], json!({ "status": 200 }));
}

#[tokio::test]
async fn a_reply_in_messagepack_tells_of_slips_too() {
    let mut client = Fixture::new().await.connect().await;
    let frame = rmp_serde::to_vec(&request("queue_list", json!({ "limt": 5 }))).unwrap();
    client.send(Message::binary(frame)).await;
    let Message::Binary(reply) = client.receive().await else { panic!("not in MessagePack") };
    let reply: Value = rmp_serde::from_slice(&reply).unwrap();
    assert_eq!(reply["headers"]["warnings"], json!([near("limt", "the body", "limit")]));
}

#[tokio::test]
async fn an_unknown_kind_of_what_to_purge_is_refused_as_over_rest() {
    let mut client = Fixture::new().await.connect().await;
    client.post("q", &[json!(1)]).await;
    let purge = json!({ "queue_name": "q", "resource_types": ["messages", "other"] });
    let text = "Resource types must be a sub set of {'subscriptions', 'messages'}.";
    let refused = client.expect(400, "queue_purge", purge).await;
    assert_eq!(refused, json!({ "exception": text, "error": null }));
    assert_eq!(
        client.expect(200, "queue_get_stats", json!({ "queue_name": "q" })).await["messages"]["total"],
        1
    );
}
