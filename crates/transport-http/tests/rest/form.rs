//! Required headers, and unknown paths and methods.

use http::Request;
use serde_json::json;
use zaqar_domain::{ClientIdRule, Limits};

use crate::fixture::{CLIENT, Fixture, request};

#[tokio::test]
async fn unknown_paths_are_not_found_before_anything_is_checked() {
    let fixture = Fixture::new();
    for path in ["/v2", "/v2/nope", "/v1/queues", "/v2//queues", "/v2/queues/q/", "/v2/queues/a%2Fb"] {
        let bare = Request::builder().uri(path).body(Default::default()).unwrap();
        let answer = fixture.send(bare).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (404, "{\"title\": \"404 Not Found\"}"),
            "{path}"
        );
    }
    assert_eq!(fixture.get("//v2/queues").await.status, 200);
    assert_eq!(fixture.get("/v2/%71ueues").await.status, 200);
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let fixture = Fixture::new();
    for (method, path, allow) in [
        ("DELETE", "/v2/queues", "GET, OPTIONS"),
        ("HEAD", "/v2/queues", "GET, OPTIONS"),
        ("PROPFIND", "/v2/queues/q", "DELETE, GET, PATCH, PUT, OPTIONS"),
        ("POST", "/v2/ping", "GET, HEAD, OPTIONS"),
        ("PUT", "/v2/queues/q/messages", "DELETE, GET, POST, OPTIONS"),
        ("POST", "/", "GET, OPTIONS"),
    ] {
        let answer = fixture.send(request(method, path, "")).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some(allow)), "{method} {path}");
    }
    let unknown = fixture.send(request("FOO", "/v2/queues", "")).await;
    unknown.is_error(400, "Bad request", "Invalid HTTP method");
    let anonymous = Request::delete("/v2/queues").body(Default::default()).unwrap();
    assert_eq!(fixture.send(anonymous).await.status, 400);
}

#[tokio::test]
async fn options_tells_the_methods_and_never_fails() {
    let fixture = Fixture::new();
    let known = fixture.send(request("OPTIONS", "/v2/queues/q", "")).await;
    assert_eq!((known.status.as_u16(), known.header("allow")), (200, Some("DELETE, GET, PATCH, PUT")));
    for path in ["/v2/queues/q", "/nope"] {
        let bare = Request::options(path).body(Default::default()).unwrap();
        let answer = fixture.send(bare).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type"), answer.text()), (200, None, ""));
    }
}

#[tokio::test]
async fn a_client_id_is_a_uuid_unless_the_site_says_otherwise() {
    let strict = Fixture::new();
    let loose = Fixture::with(Limits { client_id_uuid_safe: ClientIdRule::AnyText, ..Limits::default() });
    let with = |id: &str| {
        let mut request = request("GET", "/v2/queues", "");
        request.headers_mut().insert("client-id", id.parse().unwrap());
        request
    };
    let title = "Wrong UUID value";
    for bad in ["", "textid", "0xdeadbeef", "550893e0-2b6e-11e3-835a-5cf9dd72369"] {
        strict.send(with(bad)).await.is_error(400, title, "Malformed hexadecimal UUID.");
    }
    assert_eq!(strict.send(with("{3381AF922B9E11E3B19171861300734C}")).await.status, 200);
    assert_eq!(loose.send(with("1234567890")).await.status, 200);
    for bad in ["123456789", &"1".repeat(37)] {
        loose.send(with(bad)).await.is_error(400, title, "Malformed hexadecimal UUID.");
    }
    let mut without = request("GET", "/v2/queues", "");
    without.headers_mut().remove("client-id");
    let text = "The \"Client-Id\" header is required.";
    strict.send(without).await.is_error(400, "Missing header value", text);
}

#[tokio::test]
async fn a_project_is_needed() {
    let fixture = Fixture::new();
    let with = |project: Option<&[u8]>| {
        let mut request = request("GET", "/v2/queues/q", "");
        request.headers_mut().remove("x-project-id");
        if let Some(project) = project {
            request.headers_mut().insert("x-project-id", http::HeaderValue::from_bytes(project).unwrap());
        }
        request
    };
    let text = "The header X-PROJECT-ID was missing";
    fixture.send(with(None)).await.is_error(400, "Project-Id Missing", text);
    let text = "X-PROJECT-ID cannot be an empty string. Specify the right header X-PROJECT-ID and retry.";
    fixture.send(with(Some(b""))).await.is_error(400, "Empty project header not allowed", text);
    let text = "The format of the submitted queue name or project id is not valid.";
    fixture.send(with(Some(&[b'a'; 257]))).await.is_error(400, "Invalid queue identification", text);
    for good in [b"JAM Project".as_slice(), "\u{e9}\u{20ac}".as_bytes(), b"\xe9"] {
        assert_eq!(fixture.send(with(Some(good))).await.status, 200);
    }
    let mut tenant = with(None);
    tenant.headers_mut().insert("x-tenant-id", "t".parse().unwrap());
    assert_eq!(fixture.send(tenant).await.status, 200);
}

#[tokio::test]
async fn a_queues_name_is_checked_whatever_is_asked_of_it() {
    let fixture = Fixture::new();
    let text = "The format of the submitted queue name or project id is not valid.";
    for path in [
        "/v2/queues/",
        "/v2/queues/q@",
        "/v2/queues/q%0A",
        "/v2/queues//messages",
        "/v2/queues/n%C5%93me/stats",
        "/v2/queues/%ff",
    ] {
        for method in ["GET", "PUT", "TRACE"] {
            let answer = fixture.send(request(method, path, "")).await;
            answer.is_error(400, "Invalid queue identification", text);
        }
    }
}

#[tokio::test]
async fn only_json_is_spoken_and_errors_in_xml_too() {
    let fixture = Fixture::new();
    let with = |accept: &str| {
        let mut request = request("GET", "/v2/queues", "");
        request.headers_mut().insert("accept", accept.parse().unwrap());
        request
    };
    let refused = fixture.send(with("application/vnd.x+json")).await;
    assert_eq!((refused.status.as_u16(), refused.header("vary")), (406, Some("Accept")));
    assert_eq!(refused.json()["link"]["href"], "http://www.w3.org/Protocols/rfc2616/rfc2616-sec14.html");
    let xml = fixture.send(with("application/xml")).await;
    assert_eq!(xml.header("content-type"), Some("application/xml"));
    assert!(
        xml.text().starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><error><title>406 Not Acceptable<")
    );
    assert_eq!(fixture.send(with("text/html")).await.text(), "");
    assert_eq!(fixture.send(with("text/html, */*;q=0.1")).await.status, 200);
}

#[tokio::test]
async fn a_form_is_no_document() {
    let fixture = Fixture::new();
    let with = |body: &str| {
        let mut request = request("PUT", "/v2/queues/q", body);
        let form = "application/x-www-form-urlencoded".parse().unwrap();
        request.headers_mut().insert("content-type", form);
        request
    };
    assert_eq!(fixture.send(with("")).await.status, 201);
    assert_eq!(fixture.send(with("{}")).await.json()["title"], "Invalid Content-Type");
}

#[tokio::test]
async fn the_versions_are_for_everybody() {
    let fixture = Fixture::new();
    let answer = fixture.send(Request::get("/").body(Default::default()).unwrap()).await;
    assert_eq!(answer.status, 300);
    assert_eq!(answer.json()["versions"][0]["links"], json!([{"href": "/v2/", "rel": "self"}]));
}

#[tokio::test]
async fn the_home_document_names_the_resources() {
    let fixture = Fixture::new();
    let home = fixture.get("/v2/").await;
    assert_eq!(home.header("content-type"), Some("application/json-home"));
    assert_eq!(home.header("cache-control"), Some("max-age=86400"));
    assert!(home.text().starts_with("{\n    \"resources\": {\n        \"rel/queues\": {\n"));
    let resources = home.json()["resources"].clone();
    assert_eq!(resources["rel/queue"]["href-template"], "/v2/queues/{queue_name}");
    assert_eq!(resources["rel/health"]["href"], "/v2/health");
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let fixture = Fixture::new();
    let mut seen = std::collections::HashSet::new();
    for path in ["/", "/v2/", "/v2/ping", "/nope", "/v2/queues?limit=x"] {
        let mut request = request("GET", path, "");
        request.headers_mut().insert("client-id", CLIENT.parse().unwrap());
        let answer = fixture.send(request).await;
        let id = answer.header("x-openstack-request-id").unwrap();
        assert!(id.starts_with("req-") && id.len() == 40, "{id}");
        assert!(seen.insert(id.to_owned()));
    }
}
