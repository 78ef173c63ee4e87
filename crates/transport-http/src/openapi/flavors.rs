//! Flavors.

use serde_json::{Value, json};
use zaqar_domain::Limits;

use super::operation_builder::{OperationBuilder, reference};
use super::schema::{array_of, boolean, object, page_limit, strict_object, text};

fn operation(id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new("flavors", id, summary)
}

pub(super) fn list(limits: &Limits) -> OperationBuilder {
    operation("list_flavors", "Lists the flavors.")
        .query("marker", text(), "Return only items whose names come after this one.")
        .query("limit", page_limit(limits.max_flavors_per_page), "Maximum number of items.")
        .query("detailed", boolean(false), "Include capabilities.")
        .response(200, "A page.", "FlavorPage")
}

pub(super) fn create() -> OperationBuilder {
    operation("create_flavor", "Creates a flavor.")
        .description("The pools leave their previous flavors.")
        .body("NewFlavor", json!({ "pool_list": ["fast"] }))
        .empty_response(201, "Created.")
        .location(201, "The path of the flavor.")
}

pub(super) fn get() -> OperationBuilder {
    operation("get_flavor", "Shows a flavor.")
        .response(200, "The flavor.", "Flavor")
        .error(404, "The flavor does not exist.")
}

pub(super) fn update() -> OperationBuilder {
    operation("update_flavor", "Changes the pools of a flavor.")
        .body("FlavorChange", json!({ "pool_list": ["fast"] }))
        .response(200, "The changed flavor.", "Flavor")
        .error(404, "The flavor does not exist.")
}

pub(super) fn delete() -> OperationBuilder {
    operation("delete_flavor", "Deletes a flavor.")
        .description("Its pools remain, without a flavor.")
        .empty_response(204, "Deleted, or did not exist.")
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let page = [("links", reference("schemas", "Links")), ("flavors", array_of(listed()))];
    vec![
        ("NewFlavor", new_flavor()),
        ("FlavorChange", change()),
        ("Flavor", flavor()),
        ("FlavorPage", strict_object(&page)),
    ]
}

fn pool_list() -> Value {
    let mut pools = array_of(text());
    pools["minItems"] = 1.into();
    pools
}

fn new_flavor() -> Value {
    let capabilities = json!({ "type": "object", "description": "Accepted for compatibility and ignored. The pools determine the capabilities." });
    let mut schema = object(&[("pool_list", pool_list()), ("capabilities", capabilities)]);
    schema["required"] = json!(["pool_list"]);
    schema["additionalProperties"] = false.into();
    schema
}

fn change() -> Value {
    let mut schema = object(&[("pool_list", pool_list())]);
    schema["required"] = json!(["pool_list"]);
    schema
}

fn flavor() -> Value {
    let texts = || array_of(text());
    strict_object(&[("name", text()), ("capabilities", texts()), ("pool_list", texts()), ("href", text())])
}

fn listed() -> Value {
    let mut schema = strict_object(&[("name", text()), ("href", text())]);
    schema["properties"]["pool_list"] = array_of(text());
    schema["properties"]["capabilities"] = array_of(text());
    schema
}
