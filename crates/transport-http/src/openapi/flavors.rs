//! Flavors.

use serde_json::{Value, json};
use zaqar_domain::Limits;

use super::described::{Described, reference};
use super::schema::{array_of, boolean, exactly, object, page_limit, text};

fn described(id: &str, summary: &str) -> Described {
    Described::new("flavors", id, summary)
}

pub(super) fn list(limits: &Limits) -> Described {
    described("list_flavors", "Lists the flavors.")
        .query("marker", text(), "Only what comes after this name.")
        .query("limit", page_limit(limits.max_flavors_per_page), "At most so many.")
        .query("detailed", boolean(false), "With capabilities.")
        .answers(200, "A page.", "FlavorPage")
}

pub(super) fn create() -> Described {
    described("create_flavor", "Makes a flavor of some pools.")
        .about("The pools leave the flavors that they had.")
        .body("NewFlavor", json!({ "pool_list": ["fast"] }))
        .answers_nothing(201, "Made.")
        .located(201, "Where it is.")
}

pub(super) fn get() -> Described {
    described("get_flavor", "Shows a flavor.")
        .answers(200, "The flavor.", "Flavor")
        .refuses(404, "There is no such flavor.")
}

pub(super) fn update() -> Described {
    described("update_flavor", "Gives a flavor other pools.")
        .body("FlavorChange", json!({ "pool_list": ["fast"] }))
        .answers(200, "The flavor as it is now.", "Flavor")
        .refuses(404, "There is no such flavor.")
}

pub(super) fn delete() -> Described {
    described("delete_flavor", "Deletes a flavor.")
        .about("Its pools stay, without a flavor.")
        .answers_nothing(204, "It is gone, or was not there.")
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let page = [("links", reference("schemas", "Links")), ("flavors", array_of(listed()))];
    vec![
        ("NewFlavor", new_flavor()),
        ("FlavorChange", change()),
        ("Flavor", flavor()),
        ("FlavorPage", exactly(&page)),
    ]
}

fn pool_list() -> Value {
    let mut pools = array_of(text());
    pools["minItems"] = 1.into();
    pools
}

fn new_flavor() -> Value {
    let capabilities =
        json!({ "type": "object", "description": "Taken for upstream's sake; the pools decide." });
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
    exactly(&[("name", text()), ("capabilities", texts()), ("pool_list", texts()), ("href", text())])
}

fn listed() -> Value {
    let mut schema = exactly(&[("name", text()), ("href", text())]);
    schema["properties"]["pool_list"] = array_of(text());
    schema["properties"]["capabilities"] = array_of(text());
    schema
}
