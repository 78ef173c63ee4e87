//! Misspelt names in every part of a request: a header warns about them, and nothing else changes.

use http::{HeaderValue, Request};
use http_body_util::Full;
use serde_json::json;
use zaqar_transport_http::{Cors, CorsOptions};

use crate::fixture::{Answer, Fixture, PATCH, request};

/// The texts of the warnings, without code and agent.
fn warnings(answer: &Answer) -> Vec<&str> {
    let texts = answer.headers.get_all("warning").iter().map(|value| {
        let text = value.to_str().unwrap();
        text.strip_prefix("299 - \"").and_then(|text| text.strip_suffix('"')).unwrap()
    });
    texts.collect()
}

fn near(name: &str, place: &str, known: &str) -> String {
    format!("Unknown name '{name}' in {place}: did you mean '{known}'?")
}

fn reserved(name: &str, place: &str) -> String {
    format!("Unknown name '{name}' in {place}: names that begin with '_' are reserved.")
}

/// A request with the content type of a patch, if it patches a queue.
fn asked(method: &str, path: &str, body: &str) -> Request<Full<bytes::Bytes>> {
    let mut asked = request(method, path, body);
    if method == "PATCH" && path.ends_with("/q") {
        asked.headers_mut().insert("content-type", HeaderValue::from_static(PATCH));
    }
    asked
}

async fn subscription(fixture: &Fixture) -> String {
    let document = json!({ "subscriber": "http://subscriber", "ttl": 600 }).to_string();
    let made = fixture.post("/v2/queues/q/subscriptions", document).await;
    format!("/v2/queues/q/subscriptions/{}", made.json()["subscription_id"].as_str().unwrap())
}

#[tokio::test]
async fn a_slip_in_a_name_is_taken_as_ever_and_answered_with_a_warning() {
    let fixture = Fixture::with_pools();
    fixture.put("/v2/pools/fast", r#"{"uri": "model://fast", "weight": 1}"#).await;
    fixture.put("/v2/flavors/quick", r#"{"pool_list": ["fast"]}"#).await;
    fixture.post_messages("q", &["1", "2", "3"]).await;
    let claim = fixture.post("/v2/queues/q/claims?limit=1", "{}").await;
    let claim = claim.header("location").unwrap().to_owned();
    let subscription = subscription(&fixture).await;
    let subscriptions = "/v2/topics/t/subscriptions";
    let confirm = format!("{subscription}/confirm");
    for (method, path, body, status, expected) in [
        (
            "PUT",
            "/v2/queues/a",
            r#"{"_retry_polcy": {}, "_colour": 1, "team": "shop"}"#,
            201,
            vec![near("_retry_polcy", "the metadata", "_retry_policy"), reserved("_colour", "the metadata")],
        ),
        (
            "PUT",
            "/v2/topics/a",
            r#"{"_retry_policy": {"retries_with_no_dealy": 1}}"#,
            201,
            vec![near("retries_with_no_dealy", "a retry policy", "retries_with_no_delay")],
        ),
        (
            "PATCH",
            "/v2/queues/q",
            r#"[{"op": "add", "path": "/metadata/_max_claim_cuont", "value": 3}]"#,
            200,
            vec![near("_max_claim_cuont", "the metadata", "_max_claim_count")],
        ),
        (
            "POST",
            "/v2/queues/q/messages",
            r#"{"messages": [{"body": 1, "dealy": 5}, {"body": 2, "tll": 60, "dealy": 5}], "mesage": 1}"#,
            201,
            vec![
                near("mesage", "a post", "messages"),
                near("dealy", "a message", "delay"),
                near("tll", "a message", "ttl"),
            ],
        ),
        (
            "POST",
            "/v2/queues/q/claims",
            r#"{"ttl": 60, "garce": 60}"#,
            201,
            vec![near("garce", "a claim", "grace")],
        ),
        ("PATCH", &claim, r#"{"tttl": 60}"#, 204, vec![near("tttl", "a claim", "ttl")]),
        (
            "POST",
            "/v2/queues/q/purge",
            r#"{"resource_types": [], "resource_type": ["messages"]}"#,
            204,
            vec![near("resource_type", "a purge", "resource_types")],
        ),
        (
            "POST",
            subscriptions,
            r#"{"subscriber": "http://a", "TTL": 60, "options": {"post_haeders": {}, "_x": 1, "team": "shop"}}"#,
            201,
            vec![
                near("TTL", "a subscription", "ttl"),
                near("post_haeders", "the options", "post_headers"),
                reserved("_x", "the options"),
            ],
        ),
        (
            "PATCH",
            &subscription,
            r#"{"options": {"_retry_policy": {"minimum_dely": 1}}, "option": 1}"#,
            204,
            vec![
                near("option", "a subscription", "options"),
                near("minimum_dely", "a retry policy", "minimum_delay"),
            ],
        ),
        (
            "PUT",
            &confirm,
            r#"{"confirmed": true, "confirmd": false}"#,
            204,
            vec![near("confirmd", "a confirmation", "confirmed")],
        ),
        (
            "PATCH",
            "/v2/pools/fast",
            r#"{"weight": 2, "wieght": 3}"#,
            200,
            vec![near("wieght", "a pool", "weight")],
        ),
        (
            "PATCH",
            "/v2/flavors/quick",
            r#"{"pool_list": ["fast"], "pol_list": []}"#,
            200,
            vec![near("pol_list", "a flavor", "pool_list")],
        ),
    ] {
        let answer = fixture.send(asked(method, path, body)).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert_eq!(warnings(&answer), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn a_slip_in_a_query_is_answered_with_a_warning() {
    let fixture = Fixture::new();
    fixture.post_messages("q", &["1"]).await;
    let subscription = subscription(&fixture).await;
    let elsewhere = |name: &str| {
        format!("Unknown name '{name}' in the query: other requests have it, this one does not.")
    };
    for (path, expected) in [
        ("/v2/queues/q/messages?limt=5", vec![near("limt", "the query", "limit")]),
        ("/v2/queues/q/messages?makrer=1&echo=true", vec![near("makrer", "the query", "marker")]),
        ("/v2/queues/q/messages?id=1", vec![near("id", "the query", "ids")]),
        ("/v2/queues?limt=5", vec![near("limt", "the query", "limit")]),
        ("/v2/topics?detaild=true", vec![near("detaild", "the query", "detailed")]),
        ("/v2/queues?_max_claim_cuont=3", vec![near("_max_claim_cuont", "the query", "_max_claim_count")]),
        ("/v2/queues?_colour=3", vec![reserved("_colour", "the query")]),
        (&format!("{subscription}/failures?outcome=failed"), vec![elsewhere("outcome")]),
        (&format!("{subscription}/attempts?outcom=failed"), vec![near("outcom", "the query", "outcome")]),
        ("/v2/queues/q/subscriptions?since=2026-01-01", vec![elsewhere("since")]),
        ("/v2/queues/q/stats?detailed=true", vec![elsewhere("detailed")]),
        // Similar to none, a free name, or known.
        ("/v2/queues/q/messages?colour=red&x=1&foo=", vec![]),
        ("/v2/queues?owner=me&_max_claim_count=3&with_count=true", vec![]),
        ("/v2/queues?outcome=failed", vec![]),
        (&format!("{subscription}/attempts?outcome=failed&since=2026-01-01"), vec![]),
    ] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(warnings(&answer), expected, "{path}");
    }
}

#[tokio::test]
async fn a_filter_that_finds_a_queue_is_no_slip() {
    let fixture = Fixture::new();
    fixture.put("/v2/queues/q", r#"{"market": "north"}"#).await;
    assert_eq!(warnings(&fixture.get("/v2/queues?market=north").await), Vec::<&str>::new());
    let none = fixture.get("/v2/queues?market=south").await;
    assert_eq!(warnings(&none), [near("market", "the query", "marker")]);
}

#[tokio::test]
async fn names_that_are_known_or_the_clients_own_are_answered_without_a_warning() {
    let fixture = Fixture::new();
    let message = fixture.post_messages("q", &["1"]).await.remove(0);
    let claim = fixture.post("/v2/queues/q/claims", "{}").await.header("location").unwrap().to_owned();
    let claim = claim.rsplit('/').next().unwrap();
    for (method, path, body) in [
        (
            "PUT",
            "/v2/queues/b",
            r#"{"_flavor": "x", "_retry_policy": {}, "name": 1, "owner": 1, "id": 1, "ttl": 5, "a": {"_b": 1}}"#,
        ),
        ("PATCH", "/v2/queues/q", r#"[{"op": "add", "path": "/metadata/team", "value": {"_x": 1}}]"#),
        (
            "POST",
            "/v2/queues/q/messages",
            r#"{"messages": [{"body": {"dealy": 5}, "id": "x", "tags": [], "priority": 1, "_x": 1}], "meta": 1}"#,
        ),
        (
            "POST",
            "/v2/queues/q/subscriptions",
            r#"{"subscriber": "http://b", "options": {"name": 1, "team": 1, "post_headers": {"_x": "1"}}, "id": 1}"#,
        ),
        ("GET", &format!("{message}?claim_id={claim}"), ""),
        ("DELETE", &format!("{message}?claim_id={claim}"), ""),
    ] {
        let answer = fixture.send(asked(method, path, body)).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text());
        assert_eq!(warnings(&answer), Vec::<&str>::new(), "{method} {path}");
    }
}

#[tokio::test]
async fn what_a_patch_removes_may_be_an_earlier_slip() {
    let fixture = Fixture::new();
    assert_eq!(warnings(&fixture.put("/v2/queues/q", r#"{"_retry_polcy": {}}"#).await).len(), 1);
    let patch = r#"[{"op": "remove", "path": "/metadata/_retry_polcy"}]"#;
    let removed = fixture.patch("/v2/queues/q", patch).await;
    assert_eq!((removed.status.as_u16(), warnings(&removed)), (200, vec![]));
}

#[tokio::test]
async fn a_request_that_is_refused_is_warned_of_its_slips_too() {
    let fixture = Fixture::new();
    for (method, path, body, expected) in [
        (
            "POST",
            "/v2/queues/q/messages",
            r#"{"mesages": [{"body": 1}]}"#,
            near("mesages", "a post", "messages"),
        ),
        (
            "POST",
            "/v2/queues/q/messages",
            r#"{"messages": [{"bdy": 1, "ttl": 60}]}"#,
            near("bdy", "a message", "body"),
        ),
        ("POST", "/v2/queues/q/claims?limi=5&limit=0", "{}", near("limi", "the query", "limit")),
        (
            "POST",
            "/v2/queues/q/subscriptions",
            r#"{"subscribr": "http://a"}"#,
            near("subscribr", "a subscription", "subscriber"),
        ),
        (
            "PUT",
            "/v2/queues/q",
            r#"{"_max_claim_count": 0, "_max_claim_cuont": 1}"#,
            near("_max_claim_cuont", "the metadata", "_max_claim_count"),
        ),
    ] {
        let answer = fixture.send(asked(method, path, body)).await;
        assert_eq!(answer.status, 400, "{method} {path}");
        assert_eq!(warnings(&answer), [expected], "{method} {path}");
    }
}

#[tokio::test]
async fn however_many_and_long_the_names_are_the_header_stays_short() {
    let fixture = Fixture::new();
    let long = "\u{e9}\u{1f980}\"\\".repeat(400);
    let members: Vec<_> = (0..200).map(|number| format!("\"_{number}{}\": 1", long.escape_debug())).collect();
    let metadata = format!("{{{}}}", members[..10].join(", "));
    let messages: Vec<_> =
        (0..900).map(|n| format!("{{\"body\": 0, \"b{n}dy\": 1, \"dealy\": 1}}")).collect();
    let many = format!("{{\"messages\": [{}]}}", messages.join(", "));
    for (answer, count) in [
        (fixture.put("/v2/queues/q", metadata.replace("\\u{1f980}", "\u{1f980}")).await, 6),
        (fixture.post("/v2/queues/q/messages", many).await, 6),
    ] {
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(warnings(&answer).len(), count);
        assert_eq!(warnings(&answer).last(), Some(&"There are more unknown names."));
        // Also for a client that joins the lines.
        let joined = answer.headers.get_all("warning").iter().map(|value| value.len() + ", ".len());
        assert!("warning: ".len() + joined.sum::<usize>() <= 4096);
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_read_warnings_where_it_may_read_any_header() {
    let texts = |items: &[&str]| items.iter().map(ToString::to_string).collect();
    for (exposed, with_warning) in
        [(texts(&["X-OpenStack-Request-ID"]), Some("X-OpenStack-Request-ID,Warning")), (Vec::new(), None)]
    {
        let without = exposed.first().cloned();
        let options = CorsOptions {
            allowed_origin: texts(&["https://page.example.org"]),
            expose_headers: exposed,
            ..CorsOptions::default()
        };
        let fixture = Fixture::with_options(|to| to.cors = Cors::new(&options).unwrap());
        for (path, expected) in
            [("/v2/topics?limt=1", with_warning), ("/v2/topics?limit=1", without.as_deref())]
        {
            let mut asked = request("GET", path, "");
            asked.headers_mut().insert("origin", HeaderValue::from_static("https://page.example.org"));
            let answer = fixture.send(asked).await;
            assert_eq!(answer.header("access-control-expose-headers"), expected, "{path}");
        }
    }
}

/// Known names have limits everywhere.
#[tokio::test]
async fn a_known_member_or_parameter_with_a_value_beyond_its_bounds_is_refused() {
    let fixture = Fixture::new();
    fixture.put("/v2/queues/q", "{}").await;
    fixture.post_messages("q", &["1"]).await;
    let claim = fixture.post("/v2/queues/q/claims", "{}").await.header("location").unwrap().to_owned();
    let subscription = subscription(&fixture).await;
    let (attempts, failures) = (format!("{subscription}/attempts"), format!("{subscription}/failures"));
    for (name, values) in [
        ("_default_message_ttl", vec![json!(59), json!(1_209_601), json!(-1)]),
        ("_default_message_delay", vec![json!(-1), json!(901)]),
        ("_max_messages_post_size", vec![json!(0), json!(262_145)]),
        ("_max_claim_count", vec![json!(0), json!(-1)]),
        ("_dead_letter_queue", vec![json!("a b"), json!("x".repeat(65)), json!(5)]),
        ("_dead_letter_queue_messages_ttl", vec![json!(59), json!(1_209_601)]),
        ("_enable_encrypt_messages", vec![json!(1)]),
        (
            "_retry_policy",
            vec![json!({ "retries_with_no_delay": -1 }), json!({ "maximum_delay": 1_209_601 })],
        ),
    ] {
        for value in values {
            let metadata = json!({ name: value }).to_string();
            let patch =
                json!([{ "op": "add", "path": format!("/metadata/{name}"), "value": value }]).to_string();
            assert_eq!(fixture.put("/v2/queues/new", metadata).await.status, 400, "{name}: {value}");
            assert_eq!(fixture.patch("/v2/queues/q", patch).await.status, 400, "{name}: {value}");
        }
    }
    for (method, path, body) in [
        ("POST", "/v2/queues/q/messages", r#"{"messages": [{"body": 1, "ttl": 59}]}"#),
        ("POST", "/v2/queues/q/messages", r#"{"messages": [{"body": 1, "ttl": 1209601}]}"#),
        ("POST", "/v2/queues/q/messages", r#"{"messages": [{"body": 1, "delay": -1}]}"#),
        ("POST", "/v2/queues/q/messages", r#"{"messages": [{"body": 1, "delay": 901}]}"#),
        ("POST", "/v2/queues/q/claims", r#"{"ttl": 59}"#),
        ("POST", "/v2/queues/q/claims", r#"{"grace": 43201}"#),
        ("PATCH", claim.as_str(), r#"{"ttl": 43201}"#),
        ("PATCH", claim.as_str(), r#"{"grace": -1}"#),
        ("POST", "/v2/queues/q/claims?limit=0", "{}"),
        ("POST", "/v2/queues/q/claims?limit=21", "{}"),
        ("POST", "/v2/queues/q/purge", r#"{"resource_types": ["mesages"]}"#),
        ("POST", "/v2/queues/q/subscriptions", r#"{"subscriber": "http://a", "ttl": 59}"#),
        ("PATCH", subscription.as_str(), r#"{"ttl": -1}"#),
        ("PATCH", subscription.as_str(), r#"{"options": {"_dead_letter_queue": "a b"}}"#),
        ("PATCH", subscription.as_str(), r#"{"options": {"_dead_letter_queue_messages_ttl": 59}}"#),
        ("PATCH", subscription.as_str(), r#"{"options": {"_retry_policy": {"minimum_delay": -1}}}"#),
        ("PATCH", subscription.as_str(), r#"{"options": {"signing_secrets": []}}"#),
        ("GET", "/v2/queues?limit=0", ""),
        ("GET", "/v2/queues?detailed=ture", ""),
        ("GET", "/v2/queues?name=%5B", ""),
        ("GET", "/v2/queues/q/messages?limit=21", ""),
        ("GET", "/v2/queues/q/messages?echo=2", ""),
        ("GET", "/v2/queues/q/messages?include_claimed=ture", ""),
        ("GET", "/v2/queues/q/subscriptions?limit=-1", ""),
        ("DELETE", "/v2/queues/q/messages?pop=0", ""),
        ("DELETE", "/v2/queues/q/messages?pop=21", ""),
        ("GET", &format!("{attempts}?limit=0"), ""),
        ("GET", &format!("{attempts}?outcome=ended"), ""),
        ("GET", &format!("{attempts}?since=yesterday"), ""),
        ("GET", &format!("{attempts}?message_id=none"), ""),
        ("GET", &format!("{failures}?limit=21"), ""),
        ("POST", &format!("{subscription}/resend"), r#"{"failed_since": "yesterday"}"#),
    ] {
        let answer = fixture.send(asked(method, path, body)).await;
        assert_eq!(answer.status, 400, "{method} {path} {body}: {}", answer.text());
    }
}
