//! Rules over HTTP: each request asks for the rule that the list of rules names.

use http::{Request, StatusCode};
use zaqar_domain::{Policy, RULES, RuleText};

use crate::fixture::{Fixture, PATCH, request};

fn policy(name: &str, text: &str) -> Policy {
    Policy::new(&[(name.to_owned(), RuleText::Expression(text.to_owned()))], "default").unwrap()
}

/// A request to this path of the list of rules, with a body that can be read.
fn example(method: &str, path: &str) -> Request<http_body_util::Full<bytes::Bytes>> {
    let mut filled = String::new();
    for piece in path.split_inclusive('}') {
        let (text, place) = piece.split_once('{').unwrap_or((piece, ""));
        filled.push_str(text);
        filled.push_str(if place.is_empty() { "" } else { "0123456789abcdef01234567" });
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    let body = match (method, last) {
        ("POST", "messages") => r#"{"messages": [{"body": 1, "ttl": 60}]}"#,
        ("POST", "subscriptions") => r#"{"subscriber": "http://example.org", "ttl": 300}"#,
        ("POST", "purge") => r#"{"resource_types": ["messages"]}"#,
        ("PUT", "confirm") => r#"{"confirmed": true}"#,
        ("PATCH", "{queue_name}" | "{topic_name}") => "[]",
        ("PUT" | "PATCH", "{pool_name}") => r#"{"uri": "model://a", "weight": 1}"#,
        ("PUT" | "PATCH", "{flavor_name}") => r#"{"pool_list": ["a"]}"#,
        ("POST" | "PATCH", _) => "{}",
        _ => "",
    };
    if (method, last) == ("DELETE", "messages") {
        filled.push_str("?pop=1");
    }
    let mut request = request(method, &filled, body);
    if body == "[]" {
        request.headers_mut().insert("content-type", PATCH.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn every_request_asks_for_the_rule_that_the_list_names() {
    let fixture = Fixture::with_pools();
    for rule in RULES {
        for (method, path) in rule.operations {
            fixture.zaqar.set_policy(policy(rule.name, "!"));
            let answer = fixture.send(example(method, path)).await;
            answer.is_error(403, "Not authorized", "You are not authorized to complete this action.");
            fixture.zaqar.set_policy(policy(rule.name, "@"));
            let answer = fixture.send(example(method, path)).await;
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_400_also_for_those_who_may_not() {
    let fixture = Fixture::new();
    fixture.zaqar.set_policy(policy("queues:create", "!"));
    assert_eq!(fixture.put("/v2/queues/q", "{").await.status, 400);
    assert_eq!(fixture.put("/v2/queues/q", "{}").await.status, 403);
}

#[tokio::test]
async fn rules_ask_for_what_the_headers_tell() {
    let fixture = Fixture::new();
    for (rule, header, value, status) in [
        ("role:poster", "x-roles", "reader, Poster", 201),
        ("role:poster", "x-role", "poster", 403),
        ("project_id:p", "x-roles", "", 201),
        ("user_id:u and user:u", "x-user-id", "u", 201),
        ("user_id:u", "x-user-id", "v", 403),
        ("domain:d", "x-domain-id", "d", 201),
        ("user_domain:d", "x-user-domain-id", "d", 201),
        ("project_domain:d", "x-project-domain-id", "d", 201),
        ("system_scope:all and system:all", "openstack-system-scope", "all", 201),
        ("client_id:3381af92-2b9e-11e3-b191-71861300734c", "x-roles", "", 201),
    ] {
        fixture.zaqar.set_policy(policy("queues:create", rule));
        let mut request = request("PUT", "/v2/queues/q", "");
        request.headers_mut().insert(header, value.parse().unwrap());
        assert_eq!(fixture.send(request).await.status, status, "{rule}, {header}: {value}");
        fixture.zaqar.set_policy(Policy::default());
        fixture.delete("/v2/queues/q").await;
    }
}
