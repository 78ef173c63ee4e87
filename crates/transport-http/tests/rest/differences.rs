//! Deliberate differences from upstream that belong to no noun's file. Each is a row of COMPATIBILITY.md.

use http::HeaderValue;
use serde_json::{Value, json};

use crate::fixture::{Fixture, PATCH, request};

async fn subscribe(fixture: &Fixture, subscriber: &str) -> String {
    let document = json!({ "subscriber": subscriber, "ttl": 600 }).to_string();
    let answer = fixture.post("/v2/queues/q/subscriptions", document).await;
    answer.json()["subscription_id"].as_str().unwrap().to_owned()
}

async fn listed(fixture: &Fixture, path: &str) -> usize {
    fixture.get(path).await.json()["subscriptions"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_pop_waits_for_the_delay_of_the_queue() {
    let fixture = Fixture::new();
    fixture.put("/v2/queues/q", r#"{"_default_message_delay": 100}"#).await;
    fixture.post_messages("q", &["1", "2"]).await;
    let pop = async || fixture.delete("/v2/queues/q/messages?pop=2").await.json()["messages"].clone();
    assert_eq!(pop().await, json!([]));
    fixture.clock.advance_secs(100);
    assert_eq!(pop().await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_purge_removes_more_subscriptions_than_a_page_has() {
    let fixture = Fixture::new();
    for number in 0..25 {
        subscribe(&fixture, &format!("http://subscriber/{number}")).await;
    }
    assert_eq!(listed(&fixture, "/v2/queues/q/subscriptions?limit=20").await, 20);
    let purged = fixture.post("/v2/queues/q/purge", r#"{"resource_types": ["subscriptions"]}"#).await;
    assert_eq!((purged.status.as_u16(), listed(&fixture, "/v2/queues/q/subscriptions").await), (204, 0));
}

#[tokio::test]
async fn a_subscription_is_confirmed_by_the_path_of_its_own_queue_only() {
    let fixture = Fixture::new();
    let id = subscribe(&fixture, "http://subscriber").await;
    let confirm = async |of: &str| {
        let path = format!("/v2/{of}/subscriptions/{id}/confirm");
        fixture.put(&path, r#"{"confirmed": true}"#).await.status.as_u16()
    };
    let confirmed = async || {
        let path = format!("/v2/queues/q/subscriptions/{id}");
        fixture.get(&path).await.json()["confirmed"].clone()
    };
    for other in ["queues/other", "topics/q"] {
        assert_eq!((confirm(other).await, confirmed().await), (404, json!(false)));
    }
    assert_eq!((confirm("queues/q").await, confirmed().await), (204, json!(true)));
}

#[tokio::test]
async fn a_message_that_is_gone_is_deleted_with_any_claim() {
    let fixture = Fixture::new();
    let gone = fixture.post_messages("q", &["1"]).await.remove(0);
    assert_eq!(fixture.delete(&gone).await.status, 204);
    for message in [gone.as_str(), "/v2/queues/q/messages/nothing"] {
        for claim in ["nothing", "3381af92-2b9e-11e3-b191-71861300734c"] {
            assert_eq!(fixture.delete(&format!("{message}?claim_id={claim}")).await.status, 204);
        }
    }
}

#[tokio::test]
async fn members_that_a_subscription_does_not_have_are_passed_over() {
    let fixture = Fixture::new();
    let path = format!("/v2/queues/q/subscriptions/{}", subscribe(&fixture, "http://subscriber").await);
    let patch =
        async |document: String| fixture.send(request("PATCH", &path, document)).await.status.as_u16();
    for member in ["id", "project", "queue", "subscription_id", "unheard"] {
        assert_eq!(patch(format!("{{\"ttl\": 300, \"{member}\": 1}}")).await, 204, "{member}");
    }
    assert_eq!(fixture.get(&path).await.json()["ttl"], 300);
    assert_eq!(patch("{\"unheard\": null}".to_owned()).await, 400, "nothing of it is known");
}

#[tokio::test]
async fn a_project_is_named_in_utf_8() {
    let fixture = Fixture::new();
    let mut request = request("GET", "/v2/queues/q/messages/nothing", "");
    request.headers_mut().insert("x-project-id", HeaderValue::from_bytes("é".as_bytes()).unwrap());
    let text = "Message nothing does not exist in queue q for project é";
    fixture.send(request).await.is_error(404, "Not found", text);
}

/// The link must work: with the id of a claim that has ended, the message could not be deleted.
#[tokio::test]
async fn the_link_of_a_message_whose_claim_has_ended_names_no_claim() {
    let fixture = Fixture::new();
    let message = fixture.post_messages("q", &["1"]).await.remove(0);
    let claim = fixture.post("/v2/queues/q/claims", r#"{"ttl": 60, "grace": 600}"#).await;
    let claim = claim.header("location").unwrap().rsplit('/').next().unwrap().to_owned();
    let href = async || fixture.get(&message).await.json()["href"].clone();
    assert_eq!(href().await, Value::from(format!("{message}?claim_id={claim}")));
    fixture.clock.advance_secs(60);
    assert_eq!(href().await, Value::from(message.as_str()));
}

#[tokio::test]
async fn a_queue_may_be_named_by_dots() {
    let fixture = Fixture::new();
    for name in [".", "..", "a.b"] {
        let path = format!("/v2/queues/{name}");
        let made = fixture.put(&path, r#"{"a": 1}"#).await;
        assert_eq!((made.status.as_u16(), made.header("location")), (201, Some(path.as_str())));
        assert_eq!(fixture.get(&path).await.json()["a"], 1);
    }
}

/// RFC 9110, section 8.3.1. Browsers and some libraries write them as they like.
#[tokio::test]
async fn a_media_type_knows_no_case() {
    let fixture = Fixture::new();
    for accept in ["Application/JSON", "APPLICATION/*;Q=0.5", "text/html, application/Json;q=0.1"] {
        let mut request = request("GET", "/v2/queues", "");
        request.headers_mut().insert("accept", HeaderValue::from_static(accept));
        assert_eq!(fixture.send(request).await.status, 200, "{accept}");
    }
    fixture.put("/v2/queues/q", "{}").await;
    let mut patch = request("PATCH", "/v2/queues/q", r#"[{"op": "add", "path": "/metadata/a", "value": 1}]"#);
    let shouted = HeaderValue::from_str(&PATCH.to_uppercase()).unwrap();
    patch.headers_mut().insert("content-type", shouted);
    assert_eq!(fixture.send(patch).await.status, 200);
}

/// As `requests` and `URLSearchParams` write lists.
#[tokio::test]
async fn an_escaped_comma_divides_ids_too() {
    let fixture = Fixture::new();
    let hrefs = fixture.post_messages("q", &["1", "2", "3"]).await;
    let ids: Vec<_> = hrefs.iter().map(|href| href.rsplit('/').next().unwrap()).collect();
    let path = format!("/v2/queues/q/messages?ids={}%2C{}", ids[0], ids[1]);
    assert_eq!(fixture.get(&path).await.json()["messages"].as_array().unwrap().len(), 2);
    assert_eq!(fixture.delete(&path).await.status, 204);
    assert_eq!(fixture.get("/v2/queues/q/stats").await.json()["messages"]["total"], 1);
}

#[tokio::test]
async fn a_filter_of_metadata_finds_every_kind_of_value() {
    let fixture = Fixture::new();
    for (name, value) in [
        ("float", "1.5"),
        ("integer", "5"),
        ("list", "[1, \"a\"]"),
        ("null", "null"),
        ("object", "{\"a\": 1}"),
        ("text", "\"5\""),
        ("true", "true"),
        ("word", "\"true\""),
    ] {
        let made = fixture.put(&format!("/v2/queues/{name}"), format!("{{\"on\": {value}}}")).await;
        assert_eq!(made.status, 201);
    }
    for (query, names) in [
        ("true", vec!["true", "word"]),
        ("%22true%22", vec!["word"]),
        ("null", vec!["null"]),
        ("1.5", vec!["float"]),
        ("5", vec!["integer"]),
        ("%225%22", vec!["text"]),
        ("%5B1%2C%22a%22%5D", vec!["list"]),
        ("%7B%22a%22%3A1%7D", vec!["object"]),
        ("false", vec![]),
    ] {
        let page = fixture.get(&format!("/v2/queues?on={query}")).await.json();
        let found: Vec<_> =
            page["queues"].as_array().unwrap().iter().map(|queue| queue["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{query}");
    }
}

/// Each is rejected, and none is read as the date at its beginning.
#[tokio::test]
async fn what_is_nearly_a_moment_is_refused_wherever_one_is_read() {
    let fixture = Fixture::new();
    let id = subscribe(&fixture, "http://subscriber").await;
    let resend = format!("/v2/queues/q/subscriptions/{id}/resend");
    let ask = async |path: &str, member: &str, moment: &str| {
        fixture.post(path, json!({ member: moment }).to_string()).await.status.as_u16()
    };
    for bad in ["2026-05-30T23:59:60", "2026-05-30T12:00:00+25:00", "2026-05-30T24:00:00", "2026-05-31T1"] {
        assert_eq!(ask("/v2/queues/q/share", "expires", bad).await, 400, "{bad}");
        assert_eq!(ask(&resend, "failed_since", bad).await, 400, "{bad}");
    }
    for good in ["2026-05-30T23:59:59Z", "2026-05-30 12:00:00", "2026-05-30T12:00:00+02"] {
        assert_eq!(ask("/v2/queues/q/share", "expires", good).await, 200, "{good}");
        assert_eq!(ask(&resend, "failed_since", good).await, 202, "{good}");
    }
}

/// Heat requests two years, and users of gophercloud an expiry in 2030.
#[tokio::test]
async fn a_url_is_good_for_as_long_as_is_asked_unless_the_site_bounds_it() {
    let fixture = Fixture::with_options(|options| {
        options.signing_keys = zaqar_authentication::SigningKeys::new(Some("key"), Vec::new(), None);
    });
    for end in ["2028-05-28T20:26:40", "2030-01-01T00:00:00", "9999-12-31T23:59:59"] {
        let answer = fixture.post("/v2/queues/q/share", json!({ "expires": end }).to_string()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["expires"]), (200, &json!(end)));
    }
}

#[tokio::test]
async fn of_several_unknown_names_the_first_is_told() {
    let fixture = Fixture::new();
    for (document, text) in [
        (r#"{"x": 1, "y": 2}"#, "Unknown keys: {'x'}"),
        (r#"{"y": 2, "x": 1}"#, "Unknown keys: {'y'}"),
        (r#"{"paths": ["b", "messages", "a"]}"#, "Invalid paths: {'b'}"),
    ] {
        fixture.post("/v2/queues/q/share", document).await.is_error(400, "Invalid API request", text);
    }
}
