//! What differs from upstream on purpose: each a row of COMPATIBILITY.md.

use serde_json::{Value, json};

use crate::fixture::{CLIENT, Fixture};

#[tokio::test]
async fn a_subscriber_that_waits_to_be_confirmed_is_answered_again() {
    let mut client = Fixture::new().await.connect().await;
    let wish = json!({ "queue_name": "q", "subscriber": "http://subscriber", "ttl": 600, "options": {} });
    let first = client.expect(201, "subscription_create", wish.clone()).await["subscription_id"].clone();
    let second = client.expect(201, "subscription_create", wish).await["subscription_id"].clone();
    assert!(first.is_string());
    assert_eq!(first, second);
}

#[tokio::test]
async fn every_action_waits_for_the_delay_of_the_queue() {
    let fixture = Fixture::new().await;
    let mut client = fixture.connect().await;
    let made = json!({ "queue_name": "q", "metadata": { "_default_message_delay": 100 } });
    client.expect(201, "queue_create", made).await;
    client.post("q", &[json!(1), json!(2)]).await;
    let count = |page: &Value| page["messages"].as_array().unwrap().len();
    let list = json!({ "queue_name": "q", "echo": true });
    let (claim, pop) = (json!({ "queue_name": "q", "limit": 1 }), json!({ "queue_name": "q", "pop": 1 }));
    assert_eq!(count(&client.expect(200, "message_list", list.clone()).await), 0);
    assert_eq!(count(&client.expect(200, "message_delete_many", pop.clone()).await), 0);
    let (status, _) = client.ask("claim_create", claim.clone()).await;
    assert_eq!(status, 204);
    fixture.clock.advance_secs(100);
    assert_eq!(count(&client.expect(200, "message_list", list).await), 2);
    assert_eq!(count(&client.expect(200, "message_delete_many", pop).await), 1);
    assert_eq!(count(&client.expect(201, "claim_create", claim).await), 1);
}

#[tokio::test]
async fn an_empty_project_is_refused() {
    let mut client = Fixture::new().await.connect().await;
    let headers = json!({ "Client-ID": CLIENT, "X-Project-ID": "" });
    let reply = client.exchange(&json!({ "action": "queue_list", "headers": headers, "body": {} })).await;
    assert_eq!(reply["headers"]["status"], 400, "{reply}");
}
