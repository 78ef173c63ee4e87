//! Pre-signed URLs: a bearer may do what the URL allows, and nothing else.

use serde_json::{Value, json};
use zaqar_authentication::{PresignRequest, SigningKeys};
use zaqar_model::ProjectId;

use crate::fixture::{CLIENT, Fixture};

fn signed(fixture: &Fixture, methods: &[&str], as_lists: bool) -> Value {
    signed_for(fixture, "/v2/queues/q/messages", methods, as_lists)
}

fn signed_for(fixture: &Fixture, path: &str, methods: &[&str], as_lists: bool) -> Value {
    let keys = SigningKeys::new(Some("test_key"), Vec::new(), Some(1_000_000));
    let methods = methods.iter().map(ToString::to_string).collect();
    let params = PresignRequest { paths: vec![path.to_owned()], methods, expires: None };
    let signed = keys.sign(params, &ProjectId::new("p").unwrap(), fixture.zaqar.now()).unwrap();
    let shown = |list: Vec<String>| if as_lists { json!(list) } else { json!(list.join(",")) };
    json!({
        "Client-ID": CLIENT, "X-Project-ID": "p", "URL-Signature": signed.signature, "URL-Expires": signed.expires,
        "URL-Methods": shown(signed.methods), "URL-Paths": shown(signed.paths),
    })
}

#[tokio::test]
async fn a_pre_signed_url_allows_what_it_says_and_no_more() {
    let fixture = Fixture::new().await;
    let mut client = fixture.connect().await;
    let post = |queue: &str| json!({ "queue_name": queue, "messages": [{ "body": 1 }] });
    for as_lists in [true, false] {
        let headers = signed(&fixture, &["GET", "POST"], as_lists);
        for (action, body, status) in [
            ("message_post", post("q"), 201),
            ("message_list", json!({ "queue_name": "q" }), 200),
            // The signature is for another queue, other methods, another part.
            ("message_post", post("other"), 403),
            ("message_delete_many", json!({ "queue_name": "q", "pop": 1 }), 403),
            ("claim_create", json!({ "queue_name": "q" }), 403),
            ("message_list", json!({ "topic_name": "q" }), 403),
            ("queue_list", json!({}), 403),
        ] {
            let reply = client.exchange(&json!({ "action": action, "headers": headers, "body": body })).await;
            assert_eq!(reply["headers"]["status"], status, "{action} {body}");
            if status == 403 {
                assert_eq!(reply["body"], json!({ "error": "Not authentified." }));
            }
        }
    }
}

#[tokio::test]
async fn a_subscription_is_changed_by_what_allows_patch() {
    let fixture = Fixture::new().await;
    let mut client = fixture.connect().await;
    let body = json!({ "queue_name": "q", "subscription_id": "x", "ttl": 600 });
    for (methods, status) in [(["PATCH"], 404), (["POST"], 403)] {
        let headers = signed_for(&fixture, "/v2/queues/q/subscriptions", &methods, true);
        let update = json!({ "action": "subscription_update", "headers": headers, "body": body });
        assert_eq!(client.exchange(&update).await["headers"]["status"], status, "{methods:?}");
    }
}

#[tokio::test]
async fn what_was_changed_after_signing_allows_nothing() {
    let fixture = Fixture::new().await;
    let mut client = fixture.connect().await;
    for (name, value) in [
        ("X-Project-ID", json!("other")),
        ("URL-Paths", json!(["/v2/queues/other/messages"])),
        ("URL-Methods", json!(["GET", "POST"])),
        ("URL-Expires", json!("2999-01-01T00:00:00")),
        ("URL-Signature", json!("00")),
        ("URL-Signature", json!(5)),
        ("URL-Methods", json!({})),
    ] {
        let mut headers = signed(&fixture, &["GET"], true);
        headers[name] = value;
        let list = json!({ "action": "message_list", "headers": headers, "body": { "queue_name": "q" } });
        assert_eq!(client.exchange(&list).await["headers"]["status"], 403, "{name}");
    }
}
