//! The service itself: its documents, its ping, its health.

use serde_json::{Value, json};

use crate::operations::Probe;

use super::operation_builder::{OperationBuilder, reference};
use super::schema::{boolean, count, or_null, strict_object, text};

fn operation(id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new("service", id, summary)
}

/// As in oslo.middleware: with a word as the body, or without one for HEAD.
pub(super) fn probe(probe: Probe, method: &str) -> OperationBuilder {
    let (id, summary, can_refuse) = match probe {
        Probe::Readiness => {
            ("check_readiness", "Checks whether the server is ready for requests. For load balancers.", true)
        }
        Probe::Liveness => {
            ("check_liveness", "Checks whether the process responds. For process managers.", false)
        }
    };
    let refusal = "Not ready: the server is stopping, is disabled by a file, or a store is unavailable.";
    let respond = |builder: OperationBuilder, status, description| match method {
        "HEAD" => builder.empty_response(status, description),
        _ => builder.response_of_type(status, description, "text/plain", "Word"),
    };
    let (id, status) = if method == "HEAD" { (format!("head_{id}"), 204) } else { (id.to_owned(), 200) };
    let builder = respond(operation(&id, summary), status, "Healthy.");
    if can_refuse { respond(builder, 503, refusal) } else { builder }
}

pub(super) fn versions() -> OperationBuilder {
    operation("list_versions", "Lists the versions of the API.").response(300, "The versions.", "Versions")
}

pub(super) fn openapi() -> OperationBuilder {
    operation("show_openapi", "Shows this document.")
        .description("With the limits of this installation.")
        .response(200, "The document.", "Document")
}

pub(super) fn home() -> OperationBuilder {
    operation("show_home", "Describes the resources in the format JSON-home.").response_of_type(
        200,
        "The document.",
        "application/json-home",
        "Document",
    )
}

pub(super) fn ping() -> OperationBuilder {
    operation("ping", "Checks whether the service is available.")
        .empty_response(204, "Available.")
        .empty_response(503, "Unavailable: a store does not respond.")
}

pub(super) fn touch_ping() -> OperationBuilder {
    operation("touch_ping", "Checks whether the service responds.")
        .empty_response(204, "The service responds.")
}

pub(super) fn health() -> OperationBuilder {
    operation("get_health", "Reports the health of the service to administrators.")
        .description("Only with `admin_mode`.")
        .query("deep", boolean(false), "Test the stores first.")
        .response(200, "The report.", "Health")
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
    strict_object(&[("versions", json!({ "type": "array", "items": version }))])
}

/// The health of one store, or of each pool by its name.
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
    let step = strict_object(&[
        ("succeeded", json!({ "type": "boolean" })),
        ("seconds", json!({ "type": "number" })),
        ("ref", or_null(text())),
    ]);
    strict_object(&[
        ("storage_reachable", json!({ "type": "boolean" })),
        ("operation_status", json!({ "type": "object", "additionalProperties": step })),
        ("message_volume", json!({ "oneOf": [reference("schemas", "MessageVolume"), { "type": "null" }] })),
    ])
}

fn volume() -> Value {
    strict_object(&[("free", count()), ("claimed", count()), ("total", count())])
}
