//! No input of a client causes a panic or a server error.

use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_oneof, proptest};

use crate::fixture::{CLIENT, Fixture};

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        "(/[a-z0-9%._~!@-]{0,8}){0,6}",
        "/v2/queues/[a-z%0-9.@-]{0,5}",
        "/v2/queues/q/(messages|claims|stats|purge)(/[0-9a-f%-]{0,36})?",
        "/v2/(queues|topics)/q/subscriptions(/[0-9a-f%-]{0,36}(/confirm)?)?",
        "/v2/topics/[tq](/(messages|stats|purge)(/[0-9a-f%-]{0,36})?)?",
        "/v2/(queues|topics|ping|health)?",
    ]
}

fn query() -> impl Strategy<Value = String> {
    prop_oneof![
        "([a-z_%]{0,6}=?[a-z0-9,+%&]{0,8}&?){0,5}",
        "(marker|limit|detailed|name|with_count|echo|include_claimed|include_delayed|ids|pop|claim_id|deep)=\
         [-+a-z0-9,%.\\[\\]()*]{0,10}(&(limit|pop|ids)=[0-9,]{0,4})?",
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let likely = "\\{\"(messages|ttl|grace|resource_types|_default_message_ttl|_retry_policy|a)\": \
                  [\\[\\]{}\",:a-z0-9 .-]{0,30}\\}";
    let message =
        "\\{\"messages\": \\[\\{\"body\": (1|\"a\"|null|\\{\\}), \"(ttl|delay)\": -?[0-9]{1,20}\\}\\]\\}";
    let subscription = "\\{\"subscriber\": (1|\"(http|mailto|x)?:?[a-z/ ]{0,8}\"), \"(ttl|options|confirmed)\": \
                        (null|true|-?[0-9]{1,20}|\\{\"(_retry_policy|a)\": [0-9\\[\\]{}]{1,3}\\})\\}";
    let patch =
        "\\[\\{\"op\": \"(add|remove|replace)\", \"path\": \"[/a-z~01 ]{0,20}\", \"value\": [0-9]{1,3}\\}\\]";
    prop_oneof![
        vec(any::<u8>(), 0..60),
        likely.prop_map(String::into_bytes),
        message.prop_map(String::into_bytes),
        patch.prop_map(String::into_bytes),
        subscription.prop_map(String::into_bytes),
    ]
}

fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let names = [
        "client-id",
        "x-project-id",
        "x-roles",
        "accept",
        "content-type",
        "content-length",
        "transfer-encoding",
        "url-signature",
        "x-tenant-id",
    ];
    let value = prop_oneof![
        vec(any::<u8>(), 0..20),
        "(application|text|\\*)/(json|xml|\\*)(;q=[0-9.]{0,3})?".prop_map(String::into_bytes),
        "application/openstack-messaging-v2.0-json-patch".prop_map(String::into_bytes),
        "[0-9]{0,4}".prop_map(String::into_bytes),
    ];
    (proptest::sample::select(names.to_vec()), value)
}

fn method() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn no_request_panics_or_fails(
        requests in vec((method(), path(), query(), body(), vec(header(), 0..3)), 1..6),
        known in any::<bool>(),
    ) {
        let fixture = Fixture::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for (method, path, query, body, headers) in requests {
            let uri = if query.is_empty() { path } else { format!("{path}?{query}") };
            let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(uri);
            if known {
                request = request.header("client-id", CLIENT).header("x-project-id", "p").header("x-roles", "admin");
            }
            if !headers.iter().any(|(name, _)| *name == "content-length") {
                request = request.header("content-length", body.len());
            }
            for (name, value) in headers {
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    request = request.header(name, value);
                }
            }
            // Some paths and queries are not valid URIs.
            let Ok(request) = request.body(Full::from(body)) else { continue };
            let answer = runtime.block_on(fixture.send(request));
            prop_assert!(answer.status.as_u16() < 500, "{} {}", answer.status, answer.text());
            prop_assert!(answer.headers.contains_key("x-openstack-request-id"));
        }
    }
}
