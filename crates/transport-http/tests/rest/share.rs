//! Pre-signed URLs: created by `share`, used with the `URL-*` headers.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use zaqar_authentication::{NamedKey, SigningKeys};
use zaqar_transport_http::HttpOptions;

use crate::fixture::{Fixture, request};

async fn share(fixture: &Fixture, params: &Value) -> Value {
    let answer = fixture.send(request("POST", "/v2/queues/q/share", params.to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn joined(list: &Value) -> String {
    let items = list.as_array().unwrap().iter().map(|item| item.as_str().unwrap());
    items.collect::<Vec<_>>().join(",")
}

/// A request with the headers of a pre-signed URL.
fn with_signature(method: &str, path: &str, shared: &Value) -> Request<Full<bytes::Bytes>> {
    let mut signed = request(method, path, "");
    let headers = signed.headers_mut();
    headers.insert("url-signature", shared["signature"].as_str().unwrap().parse().unwrap());
    headers.insert("url-expires", shared["expires"].as_str().unwrap().parse().unwrap());
    headers.insert("url-methods", joined(&shared["methods"]).parse().unwrap());
    headers.insert("url-paths", joined(&shared["paths"]).parse().unwrap());
    signed
}

#[tokio::test]
async fn a_shared_url_allows_what_it_says_until_it_ends() {
    let fixture = Fixture::new();
    let shared = share(&fixture, &json!({"methods": ["POST", "GET"], "paths": ["messages"]})).await;
    assert_eq!(shared["methods"], json!(["GET", "POST"]));
    assert_eq!(shared["paths"], json!(["/v2/queues/q/messages"]));
    let status = async |method, path| fixture.send(with_signature(method, path, &shared)).await.status;
    assert_eq!(status("GET", "/v2/queues/q/messages").await, 200);
    assert_eq!(status("DELETE", "/v2/queues/q/messages?pop=1").await, 404);
    assert_eq!(status("GET", "/v2/queues/q/claims/x").await, 404);
    assert_eq!(status("GET", "/v2/queues/other/messages").await, 404);
    fixture.clock.advance_secs(24 * 60 * 60);
    assert_eq!(status("GET", "/v2/queues/q/messages").await, 404);
}

#[tokio::test]
async fn a_signature_is_for_its_project() {
    let fixture = Fixture::new();
    let shared = share(&fixture, &json!({})).await;
    let mut other = with_signature("GET", "/v2/queues/q/messages", &shared);
    other.headers_mut().insert("x-project-id", "other".parse().unwrap());
    assert_eq!(fixture.send(other).await.status, 404);
}

#[tokio::test]
async fn a_signature_that_is_none_is_not_found() {
    let fixture = Fixture::new();
    let shared = share(&fixture, &json!({})).await;
    for signature in ["", "x", "00", &shared["signature"].as_str().unwrap()[..63]] {
        let forged = json!({
            "signature": signature,
            "expires": shared["expires"],
            "methods": shared["methods"],
            "paths": shared["paths"],
        });
        assert_eq!(fixture.send(with_signature("GET", "/v2/queues/q/messages", &forged)).await.status, 404);
    }
}

#[tokio::test]
async fn a_key_with_an_id_is_changed_while_urls_stay_good() {
    let fixture = Fixture::new();
    let with_keys = |keys: &[&str]| {
        let named = keys.iter().map(|text| NamedKey::read(text).unwrap()).collect();
        let signing_keys = SigningKeys::new(Some("test_key"), named, Some(1_000_000));
        fixture.served_with(HttpOptions { signing_keys, ..HttpOptions::default() })
    };
    let (before, after) = (with_keys(&["a:one"]), with_keys(&["b:two", "a:one"]));
    let of_a = share(&before, &json!({})).await;
    let of_b = share(&after, &json!({})).await;
    assert!(of_a["signature"].as_str().unwrap().starts_with("a."), "{of_a}");
    assert!(of_b["signature"].as_str().unwrap().starts_with("b."), "{of_b}");
    let status = async |service: &Fixture, shared| {
        service.send(with_signature("GET", "/v2/queues/q/messages", shared)).await.status
    };
    let without_id = share(&fixture, &json!({})).await;
    for shared in [&of_a, &of_b, &without_id] {
        assert_eq!(status(&after, shared).await, 200, "{shared}");
    }
    assert_eq!(status(&with_keys(&["b:two"]), &of_a).await, 404);
}

#[tokio::test]
async fn a_url_is_signed_for_a_bounded_time() {
    let fixture = Fixture::new();
    let answer =
        fixture.send(request("POST", "/v2/queues/q/share", r#"{"expires": "9000-01-01T00:00:00"}"#)).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("`expires` may not be more than 1000000 seconds from now"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn bad_share_requests_get_upstreams_texts() {
    let fixture = Fixture::new();
    for (params, text) in [
        ("", "Request body can not be empty"),
        ("not json", "Request body could not be parsed."),
        ("[]", "Document type not supported."),
        (r#"{"dummy": 1}"#, "Unknown keys: {'dummy'}"),
        (r#"{"expires": "wrong date format"}"#, "Unable to parse date string 'wrong date format'"),
        (r#"{"expires": 12}"#, "not integer value: 12"),
        (r#"{"expires": "1970-01-01"}"#, "`expires` is lower than the current time"),
        (r#"{"methods": "GET"}"#, "`methods` should be a list"),
        (r#"{"methods": [1]}"#, "`methods` should be a list"),
        (r#"{"paths": ["stats"]}"#, "Invalid paths: {'stats'}"),
        (r#"{"paths": "messages"}"#, "`paths` should be a list"),
    ] {
        let answer = fixture.send(request("POST", "/v2/queues/q/share", params)).await;
        assert_eq!(answer.status, 400, "{params}");
        assert!(answer.text().contains(text), "{params}: {}", answer.text());
    }
}
