//! A valid request for each route.

use super::site::Site;
use crate::fixture::PATCH;

/// The parts of a request besides its method and path.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) query: String,
    pub(crate) body: &'static str,
    pub(crate) content_type: &'static str,
}

/// `None`: the route is missing here.
pub(crate) fn asked(operation: &str, site: &Site) -> Option<Asked> {
    let plain = |query: &str, body| Asked { query: query.to_owned(), body, content_type: "application/json" };
    let patch = |body| Asked { content_type: PATCH, ..plain("", body) };
    let is_of_topic = operation.contains("topic");
    // Topics have the same requests as queues.
    let operation = operation.replace("_topic_", "_").replace("topic", "queue");
    Some(match operation.as_str() {
        "check_readiness" | "head_check_readiness" | "check_liveness" | "head_check_liveness" => {
            plain("", "")
        }
        "list_versions" | "show_openapi" | "show_home" | "ping" | "touch_ping" | "get_health" => {
            plain("", "")
        }
        "list_queues" => plain("?detailed=true", ""),
        "create_queue" => plain("", r#"{"a": 1}"#),
        "get_queue" | "delete_queue" | "queue_stats" => plain("", ""),
        "update_queue" => patch(r#"[{"op": "add", "path": "/metadata/a", "value": 2}]"#),
        "purge_queue" => plain("", r#"{"resource_types": ["messages", "subscriptions"]}"#),
        "share_queue" => plain("", r#"{"paths": ["messages"]}"#),
        "post_messages" => plain("", r#"{"messages": [{"body": 1, "ttl": 60}]}"#),
        "list_messages" => plain("?echo=true&include_claimed=true", ""),
        "remove_messages" => plain("?pop=1", ""),
        "get_message" => plain("", ""),
        "delete_message" if is_of_topic => plain("", ""),
        "delete_message" => plain(&format!("?claim_id={}", site.claim), ""),
        "create_claim" => plain("", r#"{"ttl": 100, "grace": 100}"#),
        "get_claim" | "delete_claim" => plain("", ""),
        "update_claim" => plain("", r#"{"ttl": 200, "grace": 100}"#),
        "create_subscription" => plain("", r#"{"subscriber": "http://example.org/new", "ttl": 300}"#),
        "list_subscriptions" | "get_subscription" | "delete_subscription" => plain("", ""),
        "update_subscription" => plain("", r#"{"ttl": 900}"#),
        "confirm_subscription" => plain("", r#"{"confirmed": true}"#),
        "list_attempts" | "list_failures" => plain("", ""),
        "resend_messages" => plain("", r#"{"failed_since": "2026-01-01"}"#),
        "list_pools" | "get_pool" | "delete_pool" => plain("", ""),
        "create_pool" => plain("", r#"{"uri": "model://another", "weight": 1}"#),
        "update_pool" => plain("", r#"{"weight": 2}"#),
        "list_flavors" | "get_flavor" | "delete_flavor" => plain("", ""),
        "create_flavor" | "update_flavor" => plain("", r#"{"pool_list": ["spare"]}"#),
        _ => return None,
    })
}
