//! The possible steps of a project.

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::select;

/// Advances the clock, then sends a request of a project.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) seconds: u64,
    pub(super) project: usize,
    pub(super) place: &'static str,
    pub(super) request: Request,
    /// The request uses names of the other project.
    pub(super) with_names_of_the_other: bool,
    /// Selects one of the names known so far.
    pub(super) pick: usize,
}

/// Method, path and body, with placeholders for names from earlier responses.
pub(super) type Request = (&'static str, &'static str, &'static str);

pub(super) fn step() -> impl Strategy<Value = Step> {
    let seconds = prop_oneof![4 => Just(0_u64), 2 => 1_u64..40, 1 => 40_u64..400];
    let names_of_the_other = prop_oneof![3 => Just(false), 1 => Just(true)];
    (seconds, 0_usize..2, select(PLACES), select(REQUESTS), names_of_the_other, 0_usize..6).prop_map(
        |(seconds, project, place, request, with_names_of_the_other, pick)| Step {
            seconds,
            project,
            place,
            request,
            with_names_of_the_other,
            pick,
        },
    )
}

/// The same for both projects, whose queues have the same names on purpose.
const PLACES: &[&str] = &["/v2/queues/one", "/v2/queues/one", "/v2/queues/two", "/v2/topics/one"];

/// Some are listed twice, because the test needs messages.
const REQUESTS: &[Request] = &[
    ("PUT", "{place}", "{}"),
    ("PUT", "{place}", r#"{"_default_message_ttl": 90, "team": "shop"}"#),
    ("PUT", "{place}", r#"{"_max_claim_count": 1, "_dead_letter_queue": "two"}"#),
    ("PUT", "{place}", r#"{"_default_message_delay": 30}"#),
    ("GET", "{place}", ""),
    ("PATCH", "{place}", r#"[{"op": "add", "path": "/metadata/team", "value": "store"}]"#),
    ("DELETE", "{place}", ""),
    ("GET", "/v2/queues?detailed=true&with_count=true", ""),
    ("GET", "/v2/queues?limit=1&team=shop", ""),
    ("GET", "/v2/topics?detailed=true", ""),
    ("GET", "{place}/stats", ""),
    ("GET", "{place}/stats", ""),
    ("POST", "{place}/purge", r#"{"resource_types": ["messages"]}"#),
    ("POST", "{place}/purge", ""),
    ("POST", "{place}/messages", r#"{"messages": [{"body": 1, "ttl": 60}]}"#),
    ("POST", "{place}/messages", r#"{"messages": [{"body": 2}, {"body": {"a": 3}, "ttl": 300}]}"#),
    ("POST", "{place}/messages", r#"{"messages": [{"body": 4, "ttl": 200, "delay": 20}]}"#),
    ("POST", "{place}/messages", r#"{"messages": [{"body": 5, "ttl": 900}, {"body": 6, "ttl": 900}]}"#),
    ("GET", "{place}/messages?echo=true&limit=2", ""),
    ("GET", "{place}/messages?echo=true&include_claimed=true&include_delayed=true", ""),
    ("GET", "{place}/messages", ""),
    ("GET", "{link}", ""),
    ("GET", "{place}/messages?ids={message},{message}", ""),
    ("DELETE", "{place}/messages?ids={message}", ""),
    ("DELETE", "{place}/messages?pop=1", ""),
    ("GET", "{place}/messages/{message}", ""),
    ("DELETE", "{place}/messages/{message}", ""),
    ("DELETE", "{place}/messages/{message}?claim_id={claim}", ""),
    ("POST", "{place}/claims?limit=1", r#"{"ttl": 60, "grace": 60}"#),
    ("POST", "{place}/claims", r#"{"ttl": 120, "grace": 300}"#),
    ("POST", "{place}/claims", ""),
    ("GET", "{place}/claims/{claim}", ""),
    ("PATCH", "{place}/claims/{claim}", r#"{"ttl": 300, "grace": 60}"#),
    ("DELETE", "{place}/claims/{claim}", ""),
    ("POST", "{place}/subscriptions", r#"{"subscriber": "http://example.org/a", "ttl": 100}"#),
    ("POST", "{place}/subscriptions", r#"{"subscriber": "http://example.org/b"}"#),
    ("GET", "{place}/subscriptions", ""),
    ("GET", "{place}/subscriptions?limit=1", ""),
    ("GET", "{place}/subscriptions/{subscription}", ""),
    ("PATCH", "{place}/subscriptions/{subscription}", r#"{"subscriber": "http://example.org/b", "ttl": 80}"#),
    ("PUT", "{place}/subscriptions/{subscription}/confirm", r#"{"confirmed": true}"#),
    ("DELETE", "{place}/subscriptions/{subscription}", ""),
    ("GET", "{place}/subscriptions/{subscription}/attempts?message_id={message}", ""),
    ("GET", "{place}/subscriptions/{subscription}/failures", ""),
    ("POST", "{place}/subscriptions/{subscription}/resend", r#"{"message_id": "{message}"}"#),
    ("POST", "{place}/share", r#"{"paths": ["messages", "claims"], "methods": ["GET", "POST"]}"#),
    ("GET", "{place}/messages {url}", ""),
    ("POST", "{place}/claims {url}", ""),
];
