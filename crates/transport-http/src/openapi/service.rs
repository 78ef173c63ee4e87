//! The service itself: its documents, its ping, its health.

use serde_json::{Value, json};

use crate::operations::Probe;

use super::described::{Described, reference};
use super::schema::{boolean, count, exactly, or_null, text};

fn described(id: &str, summary: &str) -> Described {
    Described::new("service", id, summary)
}

/// Told as oslo.middleware does: with a word, or by HEAD without one.
pub(super) fn probe(probe: Probe, method: &str) -> Described {
    let (id, summary, can_refuse) = match probe {
        Probe::Readiness => ("check_readiness", "Tells load balancers whether to send requests here.", true),
        Probe::Liveness => ("check_liveness", "Tells process managers that the service answers.", false),
    };
    let refusal = "Send none: it stops, a file says so, or a store cannot be reached.";
    let answer = |described: Described, status, about| match method {
        "HEAD" => described.answers_nothing(status, about),
        _ => described.answers_with_type(status, about, "text/plain", "Word"),
    };
    let (id, status) = if method == "HEAD" { (format!("head_{id}"), 204) } else { (id.to_owned(), 200) };
    let described = answer(described(&id, summary), status, "It is well.");
    if can_refuse { answer(described, 503, refusal) } else { described }
}

pub(super) fn versions() -> Described {
    described("list_versions", "Lists the versions of the API.").answers(300, "The versions.", "Versions")
}

pub(super) fn openapi() -> Described {
    described("show_openapi", "Shows this document.")
        .about("With the bounds that this site has set.")
        .answers(200, "The document.", "Document")
}

pub(super) fn home() -> Described {
    described("show_home", "Describes the resources, as JSON-home.").answers_with_type(
        200,
        "The document.",
        "application/json-home",
        "Document",
    )
}

pub(super) fn ping() -> Described {
    described("ping", "Tells whether the service can serve.")
        .answers_nothing(204, "It can.")
        .answers_nothing(503, "It cannot: a store does not answer.")
}

pub(super) fn touch_ping() -> Described {
    described("touch_ping", "Tells that the service answers.").answers_nothing(204, "It does.")
}

pub(super) fn health() -> Described {
    described("get_health", "Reports on the health of the service, to administrators.")
        .about("Only where `admin_mode` is on.")
        .query("deep", boolean(false), "Use the stores for a test first.")
        .answers(200, "The report.", "Health")
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("Document", json!({ "type": "object" })),
        ("Versions", versions_document()),
        ("Word", text()),
        ("Health", health_document()),
        ("StoreHealth", store_health()),
        ("MessageVolume", volume()),
    ]
}

fn versions_document() -> Value {
    let version = json!({
        "type": "object",
        "properties": { "id": text(), "status": text(), "updated": text() },
        "required": ["id", "status", "links"],
    });
    exactly(&[("versions", json!({ "type": "array", "items": version }))])
}

/// Of one store, or of each pool by its name.
fn health_document() -> Value {
    let of_store = reference("schemas", "StoreHealth");
    let of_pools = json!({
        "type": "object",
        "properties": { "catalog_reachable": { "type": "boolean" }, "operation_status": { "type": "object" } },
        "required": ["catalog_reachable"],
        "additionalProperties": of_store,
    });
    json!({ "anyOf": [of_store, of_pools] })
}

fn store_health() -> Value {
    let step = exactly(&[
        ("succeeded", json!({ "type": "boolean" })),
        ("seconds", json!({ "type": "number" })),
        ("ref", or_null(text())),
    ]);
    exactly(&[
        ("storage_reachable", json!({ "type": "boolean" })),
        ("operation_status", json!({ "type": "object", "additionalProperties": step })),
        ("message_volume", json!({ "oneOf": [reference("schemas", "MessageVolume"), { "type": "null" }] })),
    ])
}

fn volume() -> Value {
    exactly(&[("free", count()), ("claimed", count()), ("total", count())])
}
