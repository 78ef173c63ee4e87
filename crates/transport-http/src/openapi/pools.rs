//! Pools.

use serde_json::{Value, json};
use zaqar_domain::Limits;
use zaqar_model::QueueName;

use super::described::{Described, reference};
use super::schema::{array_of, boolean, exactly, integer, object, or_null, page_limit, text};

/// As upstream's schemas have it.
const MAX_URI: u32 = 255;

fn described(id: &str, summary: &str) -> Described {
    Described::new("pools", id, summary)
}

pub(super) fn list(limits: &Limits) -> Described {
    described("list_pools", "Lists the pools.")
        .query("marker", text(), "Only what comes after this name.")
        .query("limit", page_limit(limits.max_pools_per_page), "At most so many.")
        .query("detailed", boolean(false), "With options.")
        .answers(200, "A page.", "PoolPage")
}

pub(super) fn create() -> Described {
    described("create_pool", "Registers a pool.")
        .about(
            "One of this name is replaced. Its store must answer, and do what the others of its flavor do.",
        )
        .body("NewPool", json!({ "uri": "embedded:///srv/zaqar/fast", "weight": 100 }))
        .answers_nothing(201, "Registered.")
        .located(201, "Where it is.")
        .refuses(409, "Another pool has this URI.")
}

pub(super) fn get() -> Described {
    described("get_pool", "Shows a pool.")
        .query("detailed", boolean(false), "With options.")
        .answers(200, "The pool.", "Pool")
        .refuses(404, "There is no such pool.")
}

pub(super) fn update() -> Described {
    described("update_pool", "Changes a pool.")
        .about("What is left out stays as it is.")
        .body("PoolChange", json!({ "weight": 50 }))
        .answers(200, "The pool as it is now.", "Pool")
        .refuses(404, "There is no such pool.")
        .refuses(409, "Another pool has this URI.")
}

pub(super) fn delete() -> Described {
    described("delete_pool", "Removes a pool.")
        .answers_nothing(204, "It is gone, or was not there.")
        .refuses(403, "A flavor or queues need it, or the policy does not allow it.")
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let page = [("links", reference("schemas", "Links")), ("pools", array_of(reference("schemas", "Pool")))];
    vec![("NewPool", new_pool()), ("PoolChange", change()), ("Pool", pool()), ("PoolPage", exactly(&page))]
}

fn members() -> Value {
    object(&[
        ("uri", json!({ "type": "string", "maxLength": MAX_URI, "description": "Where the store is." })),
        ("weight", integer(0, u32::MAX)),
        (
            "flavor",
            json!({
                "type": "string", "maxLength": QueueName::MAX_LENGTH, "pattern": "^[a-zA-Z0-9_.-]*$",
                "description": "Its flavor; empty for none."
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
    let mut schema = exactly(&[
        ("name", text()),
        ("flavor", or_null(text())),
        ("uri", text()),
        ("weight", integer(0, u32::MAX)),
        ("href", text()),
    ]);
    schema["properties"]["options"] = json!({ "type": "object" });
    schema
}
