use serde_json::json;
use zaqar_domain::Limits;

use crate::fixture::{Fixture, request};

const API: &str = "Invalid API request";
const BODY: &str = "Invalid request body";

#[tokio::test]
async fn a_queue_is_created_shown_and_deleted() {
    let fixture = Fixture::new();
    let created = fixture.put("/v2/queues/q", "{\"a\": {\"b\": 1.5}}").await;
    assert_eq!((created.status.as_u16(), created.header("location")), (201, Some("/v2/queues/q")));
    let again = fixture.put("/v2/queues/q", "{}").await;
    assert_eq!((again.status.as_u16(), again.header("location")), (204, Some("/v2/queues/q")));
    assert_eq!(again.header("content-type"), None);
    let shown = fixture.get("/v2/queues/q").await;
    assert_eq!(
        shown.text(),
        "{\"a\": {\"b\": 1.5}, \"_max_messages_post_size\": 262144, \"_default_message_ttl\": 3600, \
         \"_default_message_delay\": 0, \"_dead_letter_queue\": null, \"_dead_letter_queue_messages_ttl\": null, \
         \"_max_claim_count\": null, \"_enable_encrypt_messages\": false}"
    );
    assert_eq!(fixture.delete("/v2/queues/q").await.status, 204);
    assert_eq!(fixture.delete("/v2/queues/q").await.status, 204);
    assert_eq!(fixture.get("/v2/queues/q").await.status, 200);
}

#[tokio::test]
async fn bad_metadata_is_told_with_upstreams_texts() {
    let fixture = Fixture::new();
    for (body, title, text) in [
        ("{", BODY, "Request body could not be parsed."),
        ("  ", BODY, "Request body could not be parsed."),
        ("\"x\"", BODY, "Request body could not be parsed."),
        ("[]", BODY, "Document type not supported."),
        ("{\"a\": 9223372036854775808}", BODY, "JSON contains integer that is too large."),
        ("{\"_max_claim_count\": \"123\"}", API, "_max_claim_count must be integer."),
    ] {
        fixture.put("/v2/queues/q", body).await.is_error(400, title, text);
    }
    let big = format!("{{\"a\": \"{}\"}}", "x".repeat(65_536));
    let text = "Queue metadata is too large. Max size: 65536";
    fixture.put("/v2/queues/q", &big).await.is_error(400, API, text);
    fixture.patch("/v2/queues/q", &big).await.is_error(400, BODY, text);
}

/// Upstream accepts them, and returns invalid JSON or fails later.
#[tokio::test]
async fn what_would_not_come_back_as_it_was_is_refused() {
    let fixture = Fixture::new();
    for body in
        ["{\"a\": NaN}", "{\"a\": Infinity}", "{\"a\": 1e400}", "{\"a\": \"\\ud800\"}", "{\"a\\u0000\": 1}"]
    {
        fixture.put("/v2/queues/q", body).await.is_error(400, BODY, "Request body could not be parsed.");
    }
    let shown = fixture.put("/v2/queues/q", b"{\"a\": \"\xff\"}").await;
    shown.is_error(400, BODY, "Request body could not be parsed.");
}

#[tokio::test]
async fn a_patch_needs_its_media_type_a_body_and_a_queue() {
    let fixture = Fixture::new();
    let plain = fixture.send(request("PATCH", "/v2/queues/q", "[]")).await;
    plain.is_error(
        415,
        "415 Unsupported Media Type",
        "Accepted media type for PATCH: {'Accept-Patch': 'application/openstack-messaging-v2.0-json-patch'}.",
    );
    fixture.patch("/v2/queues/q", "").await.is_error(400, BODY, "PATCH body could not be empty for update.");
    fixture.patch("/v2/queues/q", "{}").await.is_error(400, BODY, "Document type not supported.");
    fixture.patch("/v2/queues/q", "[5]").await.is_error(400, BODY, "Operations must be JSON objects.");
    let add = "[{\"op\": \"add\", \"path\": \"/metadata/a\", \"value\": 1}]";
    let absent = fixture.patch("/v2/queues/q", add).await;
    absent.is_error(404, "Not found", "Queue q does not exist for project p");
}

#[tokio::test]
async fn a_patch_changes_metadata_and_shows_it() {
    let fixture = Fixture::new();
    fixture.put("/v2/queues/q", "{\"a\": 1, \"b\": 2}").await;
    let patched = fixture
        .patch(
            "/v2/queues/q",
            "[{\"op\": \"replace\", \"path\": \"/metadata/_default_message_ttl\", \"value\": 300}, \
             {\"op\": \"remove\", \"path\": \"/metadata/a\"}]",
        )
        .await;
    assert_eq!(patched.status, 200);
    assert!(
        patched.text().starts_with("{\"b\": 2, \"_default_message_ttl\": 300, \"_max_messages_post_size\"")
    );
    let conflict = fixture.patch("/v2/queues/q", "[{\"op\": \"remove\", \"path\": \"/metadata/zz\"}]").await;
    conflict.is_error(409, "Resource conflict", "Can't remove non-existent object zz.");
    let bad = "[{\"op\": \"add\", \"path\": \"/metadata/_default_message_ttl\", \"value\": 5}]";
    assert_eq!(fixture.patch("/v2/queues/q", bad).await.json()["title"], BODY);
}

#[tokio::test]
async fn queues_are_listed_with_links_in_upstreams_order() {
    let fixture = Fixture::new();
    assert_eq!(fixture.get("/v2/queues?with_count=true").await.text(), "{\"queues\": [], \"links\": []}");
    for queue in ["q1", "q2", "q3"] {
        fixture.put(&format!("/v2/queues/{queue}"), "{\"node\": 31}").await;
    }
    assert_eq!(
        fixture.get("/v2/queues?with_count=true&name=q&limit=2").await.text(),
        "{\"queues\": [{\"name\": \"q1\", \"href\": \"/v2/queues/q1\"}, {\"name\": \"q2\", \"href\": \
         \"/v2/queues/q2\"}], \"links\": [{\"rel\": \"next\", \"href\": \
         \"/v2/queues?limit=2&name=q&with_count=true&marker=q2\"}], \"count\": 3}"
    );
    let next = fixture.get("/v2/queues?limit=2&marker=q2&detailed=1&name=%5E").await.json();
    assert_eq!(next["links"][0]["href"], "/v2/queues?marker=q3&limit=2&detailed=true&name=%5E");
    assert_eq!(next["queues"][0]["metadata"]["node"], 31);
    assert_eq!(next["queues"][0]["metadata"]["_default_message_ttl"], 3600);
    assert_eq!(fixture.get("/v2/queues?node=32").await.json()["queues"], json!([]));
    assert_eq!(fixture.get("/v2/queues?node=31").await.json()["queues"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn bad_listings_are_refused() {
    let fixture = Fixture::new();
    let limit = "Limit must be at least 1 and no greater than 20.";
    for value in ["0", "21", "-1", "99999999999999999999"] {
        fixture.get(&format!("/v2/queues?limit={value}")).await.is_error(400, API, limit);
    }
    let parameter = "Invalid parameter";
    for value in ["abc", "1_0", "1.0", "0x1"] {
        let text = "The \"limit\" parameter is invalid. The value must be an integer.";
        fixture.get(&format!("/v2/queues?limit={value}")).await.is_error(400, parameter, text);
    }
    let text =
        "The \"detailed\" parameter is invalid. The value of the parameter must be \"true\" or \"false\".";
    fixture.get("/v2/queues?detailed=maybe").await.is_error(400, parameter, text);
    for query in ["a=1&a=2", "limit=,", "name=[", "name=(a*)*("] {
        assert_eq!(fixture.get(&format!("/v2/queues?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn stats_tell_of_a_queue_whose_messages_are_all_delayed() {
    let fixture = Fixture::new();
    let empty = "{\"messages\": {\"claimed\": 0, \"free\": 0, \"total\": 0}}";
    assert_eq!(fixture.get("/v2/queues/q/stats").await.text(), empty);
    fixture.put("/v2/queues/q", "{\"_default_message_delay\": 100}").await;
    let hrefs = fixture.post_messages("q", &["1", "2"]).await;
    fixture.clock.advance_secs(7);
    let stats = fixture.get("/v2/queues/q/stats").await;
    let created = "2026-05-28T20:26:40Z";
    assert_eq!(
        stats.json(),
        json!({"messages": {
            "claimed": 0, "free": 2, "total": 2,
            "oldest": {"age": 7, "created": created, "href": hrefs[0]},
            "newest": {"age": 7, "created": created, "href": hrefs[1]}
        }})
    );
}

#[tokio::test]
async fn a_purge_removes_what_it_names() {
    let fixture = Fixture::new();
    fixture.post_messages("q", &["1"]).await;
    let subset = "Resource types must be a sub set of {'subscriptions', 'messages'}.";
    for (body, text) in [
        ("{\"wrong\": []}", "Post body must contain key \"resource_types\"."),
        ("[]", "Post body must contain key \"resource_types\"."),
        ("{\"resource_types\": [\"wrong\"]}", subset),
        ("{\"resource_types\": 5}", subset),
    ] {
        fixture.post("/v2/queues/q/purge", body).await.is_error(400, API, text);
    }
    let total = async || fixture.get("/v2/queues/q/stats").await.json()["messages"]["total"].clone();
    let subscriptions = "{\"resource_types\": [\"subscriptions\"]}";
    assert_eq!(fixture.post("/v2/queues/q/purge", subscriptions).await.status, 204);
    assert_eq!(total().await, 1);
    assert_eq!(fixture.post("/v2/queues/q/purge", "").await.status, 204);
    assert_eq!(total().await, 0);
}

#[tokio::test]
async fn a_sites_limits_hold_for_metadata() {
    let fixture = Fixture::with(Limits { max_queue_metadata: 64, ..Limits::default() });
    let fits = format!("{{\"a\":\"{}\"}}", "0".repeat(64 - 8));
    assert_eq!(fixture.put("/v2/queues/q", &fits).await.status, 201);
    let text = "Queue metadata is too large. Max size: 64";
    fixture.put("/v2/queues/q", format!(" {fits}")).await.is_error(400, API, text);
}
