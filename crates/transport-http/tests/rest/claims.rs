use serde_json::json;

use crate::fixture::{Fixture, request};

const API: &str = "Invalid API request";
const BODY: &str = "Invalid request body";
const CLAIMS: &str = "/v2/queues/q/claims";

#[tokio::test]
async fn the_life_of_a_claim() {
    let fixture = Fixture::new();
    assert_eq!(fixture.post(CLAIMS, "{}").await.status, 204);
    let hrefs = fixture.post_messages("q", &["1", "2"]).await;
    let claimed = fixture.post(&format!("{CLAIMS}?limit=1"), "{\"ttl\": 100, \"grace\": 60}").await;
    assert_eq!(claimed.status, 201);
    let claim = claimed.header("location").unwrap().to_owned();
    let id = claim.strip_prefix("/v2/queues/q/claims/").unwrap();
    let with_claim = format!("{}?claim_id={id}", hrefs[0]);
    assert_eq!(claimed.json()["messages"][0]["href"], with_claim);

    fixture.clock.advance_secs(5);
    let shown = fixture.get(&claim).await.json();
    assert_eq!((&shown["age"], &shown["ttl"], &shown["href"]), (&json!(5), &json!(100), &json!(claim)));
    assert_eq!(shown["messages"][0]["age"], 5);
    assert_eq!(fixture.get(&hrefs[0]).await.json()["href"], with_claim);

    assert_eq!(fixture.send(request("PATCH", &claim, "{\"ttl\": 60}")).await.status, 204);
    let refusal = "This message is claimed; it cannot be deleted without a valid claim ID.";
    fixture.delete(&hrefs[0]).await.is_error(403, "Unable to delete", refusal);
    let dead = "The specified claim does not exist or has expired.";
    fixture.delete(&format!("{}?claim_id=bad", hrefs[0])).await.is_error(400, "Unable to delete", dead);
    let free = "A claim was specified, but the message is not currently claimed.";
    let with_other = format!("{}?claim_id={id}", hrefs[1]);
    fixture.delete(&with_other).await.is_error(400, "Unable to delete", free);
    assert_eq!(fixture.delete(&with_claim).await.status, 204);
    assert_eq!(fixture.delete(&claim).await.status, 204);
    assert_eq!(fixture.delete(&claim).await.status, 204);
    let text = format!("Claim {id} does not exist in queue q for project p");
    fixture.get(&claim).await.is_error(404, "Not found", &text);
    fixture.send(request("PATCH", &claim, "{}")).await.is_error(404, "Not found", &text);
}

#[tokio::test]
async fn bad_claims_are_told_with_upstreams_texts() {
    let fixture = Fixture::new();
    let ttl = "The TTL for a claim may not exceed 43200 seconds, and must be at least 60 seconds long.";
    let grace = "The grace for a claim may not exceed 43200 seconds, and must be at least 60 seconds long.";
    for (body, title, text) in [
        ("[", BODY, "Request body could not be parsed."),
        ("[]", BODY, "Document type not supported."),
        ("\"fail\"", BODY, "Request body could not be parsed."),
        ("{\"ttl\": 59}", API, ttl),
        ("{\"ttl\": 43201}", API, ttl),
        ("{\"grace\": 59}", API, grace),
        ("{\"grace\": 43201}", API, grace),
        ("{\"ttl\": true}", BODY, "The value of the \"ttl\" field must be a int."),
        ("{\"grace\": \"x\"}", BODY, "The value of the \"grace\" field must be a int."),
    ] {
        fixture.post(CLAIMS, body).await.is_error(400, title, text);
    }
    let limit = "Limit must be at least 1 and may not be greater than 20.";
    fixture.post(&format!("{CLAIMS}?limit=21"), "{}").await.is_error(400, API, limit);
    let missing = fixture.send(request("PATCH", &format!("{CLAIMS}/x"), "")).await;
    missing.is_error(400, BODY, "Request body can not be empty");
    let big = fixture.post(CLAIMS, " ".repeat(65_537)).await;
    big.is_error(400, BODY, "Request body is too large. Max size: 65536");
}

#[tokio::test]
async fn dead_letters_arrive_by_the_claim_that_met_them() {
    let fixture = Fixture::new();
    fixture.put("/v2/queues/q", "{\"_max_claim_count\": 1, \"_dead_letter_queue\": \"dlq\"}").await;
    fixture.post_messages("q", &["1"]).await;
    let claim = fixture.post(CLAIMS, "").await.header("location").unwrap().to_owned();
    fixture.delete(&claim).await;
    assert_eq!(fixture.post(CLAIMS, "").await.status, 204);
    let dead = fixture.get("/v2/queues/dlq/messages?echo=true").await.json();
    assert_eq!(dead["messages"][0]["body"], 1);
}
