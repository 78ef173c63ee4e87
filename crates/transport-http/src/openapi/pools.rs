//! Pools.

use serde_json::{Value, json};
use zaqar_domain::Limits;
use zaqar_model::QueueName;

use super::operation_builder::{OperationBuilder, reference};
use super::schema::{array_of, boolean, integer, object, or_null, page_limit, strict_object, text};

/// As in upstream's schemas.
const MAX_URI: u32 = 255;

fn operation(id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new("pools", id, summary)
}

pub(super) fn list(limits: &Limits) -> OperationBuilder {
    operation("list_pools", "Lists the pools.")
        .query("marker", text(), "Return only items whose names come after this one.")
        .query("limit", page_limit(limits.max_pools_per_page), "Maximum number of items.")
        .query("detailed", boolean(false), "Include options.")
        .response(200, "A page.", "PoolPage")
}

pub(super) fn create() -> OperationBuilder {
    operation("create_pool", "Registers a pool.")
        .description(
            "Replaces a pool with the same name. Its store must be reachable, and have the capabilities of the flavor's \
             other pools.",
        )
        .body("NewPool", json!({ "uri": "embedded:///srv/zaqar/fast", "weight": 100 }))
        .empty_response(201, "Registered.")
        .location(201, "The path of the pool.")
        .error(409, "Another pool has this URI.")
}

pub(super) fn get() -> OperationBuilder {
    operation("get_pool", "Shows a pool.")
        .query("detailed", boolean(false), "Include options.")
        .response(200, "The pool.", "Pool")
        .error(404, "The pool does not exist.")
}

pub(super) fn update() -> OperationBuilder {
    operation("update_pool", "Changes a pool.")
        .description("Members that are left out do not change.")
        .body("PoolChange", json!({ "weight": 50 }))
        .response(200, "The changed pool.", "Pool")
        .error(404, "The pool does not exist.")
        .error(409, "Another pool has this URI.")
}

pub(super) fn delete() -> OperationBuilder {
    operation("delete_pool", "Removes a pool.")
        .empty_response(204, "Deleted, or did not exist.")
        .error(403, "A flavor or queues use the pool, or the policy does not allow it.")
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let page = [("links", reference("schemas", "Links")), ("pools", array_of(reference("schemas", "Pool")))];
    vec![
        ("NewPool", new_pool()),
        ("PoolChange", change()),
        ("Pool", pool()),
        ("PoolPage", strict_object(&page)),
    ]
}

fn members() -> Value {
    object(&[
        ("uri", json!({ "type": "string", "maxLength": MAX_URI, "description": "The URI of the store." })),
        ("weight", integer(0, u32::MAX)),
        (
            "flavor",
            json!({
                "type": "string", "maxLength": QueueName::MAX_LENGTH, "pattern": "^[a-zA-Z0-9_.-]*$",
                "description": "The flavor of the pool. Empty for none."
            }),
        ),
        ("options", json!({ "type": "object", "description": "Options of the driver." })),
    ])
}

fn new_pool() -> Value {
    let mut schema = members();
    schema["required"] = json!(["uri", "weight"]);
    schema["additionalProperties"] = false.into();
    schema
}

fn change() -> Value {
    let mut schema = members();
    schema["anyOf"] =
        ["uri", "weight", "flavor", "options"].map(|name| json!({ "required": [name] })).to_vec().into();
    schema
}

fn pool() -> Value {
    let mut schema = strict_object(&[
        ("name", text()),
        ("flavor", or_null(text())),
        ("uri", text()),
        ("weight", integer(0, u32::MAX)),
        ("href", text()),
    ]);
    schema["properties"]["options"] = json!({ "type": "object" });
    schema
}
