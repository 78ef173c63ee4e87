//! Queues and topics.

use serde_json::{Value, json};
use zaqar_domain::{LONGEST_DELAY, Limits, MIN_MESSAGE_TTL, MOST_RETRIES};
use zaqar_model::DestinationKind;

use super::described::{Described, id, noun, reference, same_name};
use super::schema::{array_of, boolean, count, exactly, integer, object, or_null, page_limit, taken, text};

const PATCH_TYPE: &str = "application/openstack-messaging-v2.0-json-patch";

const fn tag(kind: DestinationKind) -> &'static str {
    if kind.is_topic() { "topics" } else { "queues" }
}

fn described(kind: DestinationKind, on_queue: &str, summary: String) -> Described {
    Described::new(tag(kind), id(kind, on_queue), summary)
}

pub(super) fn list(kind: DestinationKind, limits: &Limits) -> Described {
    let noun = noun(kind);
    let pattern = json!({ "type": "string", "maxLength": 512, "format": "regex" });
    let described = described(kind, "list_queues", format!("Lists the {noun}s of the project."))
        .about("In the order of their names.")
        .query("marker", text(), "Only what comes after this name.")
        .query("limit", page_limit(limits.max_queues_per_page), "At most so many.")
        .query("detailed", boolean(false), "With metadata.")
        .query("name", pattern, "A regular expression that matches somewhere in the name.");
    let described = if kind.is_topic() {
        described
    } else {
        described.query("with_count", boolean(false), "With the number of all queues of the project.")
    };
    let about = format!(
        "Every other parameter: only {noun}s whose metadata has that member with that value. A text or a JSON value."
    );
    let described = described.query("metadata", metadata_filter(), &about);
    let schema = if kind.is_topic() { "TopicPage" } else { "QueuePage" };
    described.answers(200, "A page.", schema)
}

/// Its members are parameters of their own, as OpenAPI has it of objects unless told otherwise.
fn metadata_filter() -> Value {
    let own = json!({ "enum": ["marker", "limit", "detailed", "name", "with_count"] });
    json!({ "type": "object", "propertyNames": { "not": own, "minLength": 1 }, "additionalProperties": text() })
}

pub(super) fn create(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    let described = described(kind, "create_queue", format!("Makes a {noun}."))
        .about(
            "Members of the metadata whose names begin with `_` steer it; the others are the client's own.",
        )
        .optional_body("Metadata", json!({ "team": "shop", "_default_message_ttl": 3600 }))
        .answers_nothing(201, "Made.")
        .located(201, "Where it is.")
        .answers_nothing(204, "It was there already, and is left as it was.")
        .located(204, "Where it is.");
    let operations = ["get_queue", "update_queue", "queue_stats", "post_messages", "delete_queue"];
    operations
        .iter()
        .fold(described, |described, operation| described.link(201, &id(kind, operation), &[same_name(kind)]))
}

pub(super) fn get(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "get_queue", format!("Shows a {noun}'s metadata."))
        .about(format!(
            "With defaults where it has none of its own. A {noun} that does not exist is shown as it would be \
             if it were made now."
        ))
        .answers(200, "The metadata.", shown(kind))
}

pub(super) fn update(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "update_queue", format!("Changes a {noun}'s metadata."))
        .about("All of the changes are made, in their order, or none.")
        .body_of_type(
            PATCH_TYPE,
            true,
            "MetadataPatch",
            json!([{ "op": "add", "path": "/metadata/team", "value": "warehouse" }]),
        )
        .answers(200, "The metadata as it is now.", shown(kind))
        .refuses(404, &format!("There is no such {noun}."))
        .refuses(409, "What is to be replaced or removed is not there.")
        .refuses(415, &format!("The body's type must be `{PATCH_TYPE}`."))
}

pub(super) fn delete(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "delete_queue", format!("Deletes a {noun} with everything in it."))
        .answers_nothing(204, "It is gone, or was not there.")
}

pub(super) fn stats(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "queue_stats", format!("Counts the messages of a {noun}."))
        .about(format!("A {noun} that does not exist has none."))
        .answers(200, "The counts.", "Stats")
}

pub(super) fn purge(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "purge_queue", format!("Empties a {noun}."))
        .about("Without a body it loses messages and subscriptions.")
        .optional_body("Purge", json!({ "resource_types": ["messages"] }))
        .answers_nothing(204, "Done.")
}

const fn shown(kind: DestinationKind) -> &'static str {
    if kind.is_topic() { "TopicMetadata" } else { "QueueMetadata" }
}

pub(super) fn schemas(limits: &Limits) -> Vec<(&'static str, Value)> {
    vec![
        ("Metadata", metadata(limits)),
        (
            "QueueMetadata",
            shown_metadata(&[
                "_dead_letter_queue",
                "_dead_letter_queue_messages_ttl",
                "_max_claim_count",
                "_enable_encrypt_messages",
            ]),
        ),
        ("TopicMetadata", shown_metadata(&[])),
        ("MetadataPatch", patch()),
        ("RetryPolicy", retry_policy()),
        ("QueuePage", page("queues", "QueueMetadata")),
        ("TopicPage", page("topics", "TopicMetadata")),
        ("Stats", stats_document()),
        ("Purge", purge_document()),
    ]
}

fn metadata(limits: &Limits) -> Value {
    let ttl = || or_null(integer(MIN_MESSAGE_TTL.into(), limits.max_message_ttl));
    let mut schema = taken(&[
        ("_default_message_ttl", ttl()),
        ("_default_message_delay", or_null(integer(0, limits.max_message_delay))),
        ("_max_messages_post_size", or_null(integer(1, limits.max_messages_post_size))),
        ("_max_claim_count", or_null(integer(1, i64::MAX))),
        ("_dead_letter_queue", dead_letter_queue()),
        ("_dead_letter_queue_messages_ttl", ttl()),
        ("_enable_encrypt_messages", or_null(json!({ "type": "boolean" }))),
        ("_retry_policy", reference("schemas", "RetryPolicy")),
        ("_flavor", flavor()),
    ]);
    schema["description"] =
        format!("At most {} bytes, and 100 levels deep.", limits.max_queue_metadata).into();
    schema
}

pub(super) fn dead_letter_queue() -> Value {
    json!({ "type": ["string", "null"], "pattern": "^[a-zA-Z0-9_.-]*$", "maxLength": 64 })
}

/// Where there are no pools it is not looked at, whatever it is.
fn flavor() -> Value {
    json!({ "description": "The flavor of the pools that it lives in, where there are pools. It must exist." })
}

/// `claims`: the members that steer claims. They are always shown.
fn shown_metadata(claims: &[&str]) -> Value {
    let always = ["_max_messages_post_size", "_default_message_ttl", "_default_message_delay"];
    let required: Vec<_> = always.iter().chain(claims).copied().collect();
    let mut schema = object(&[
        ("_max_messages_post_size", count()),
        ("_default_message_ttl", count()),
        ("_default_message_delay", count()),
        ("_dead_letter_queue", or_null(text())),
        ("_dead_letter_queue_messages_ttl", or_null(count())),
        ("_max_claim_count", or_null(json!({ "type": "integer" }))),
        ("_enable_encrypt_messages", or_null(json!({ "type": "boolean" }))),
    ]);
    schema["required"] = required.into();
    schema
}

fn retry_policy() -> Value {
    let (retries, delay) = (|| integer(0, MOST_RETRIES), || integer(0, LONGEST_DELAY));
    let functions = json!(["linear", "arithmetic", "exponential", "geometric", "", null]);
    let mut schema = or_null(taken(&[
        ("retries_with_no_delay", retries()),
        ("minimum_delay_retries", retries()),
        ("minimum_delay", delay()),
        ("maximum_delay", delay()),
        ("maximum_delay_retries", retries()),
        ("retry_backoff_function", json!({ "enum": functions })),
        ("ignore_subscription_override", json!({ "type": ["boolean", "null"] })),
    ]));
    schema["description"] =
        "How deliveries to subscribers are tried again. `maximum_delay` (30 unless told) is at least 10 \
                             more than `minimum_delay` (5 unless told)."
            .into();
    schema
}

/// JSON Patch as far as upstream has it.
fn patch() -> Value {
    let path = json!({ "type": "string", "pattern": "^/metadata/[a-zA-Z0-9_]+$" });
    let change = |operations: Value, more: Value| {
        let mut members = vec![("op", json!({ "enum": operations })), ("path", path.clone())];
        let mut required = vec!["op", "path"];
        if !more.is_null() {
            members.push(("value", more));
            required.push("value");
        }
        let mut schema = taken(&members);
        schema["required"] = required.into();
        schema
    };
    let any = reference("schemas", "Json");
    array_of(
        json!({ "anyOf": [change(json!(["add", "replace"]), any), change(json!(["remove"]), Value::Null)] }),
    )
}

fn page(plural: &str, metadata: &str) -> Value {
    let mut item =
        object(&[("name", text()), ("href", text()), ("metadata", reference("schemas", metadata))]);
    item["required"] = json!(["name", "href"]);
    item["additionalProperties"] = false.into();
    let members = [(plural, array_of(item)), ("links", reference("schemas", "Links")), ("count", count())];
    let mut page = object(&members);
    page["required"] = json!([plural, "links"]);
    page["additionalProperties"] = false.into();
    page
}

fn stats_document() -> Value {
    let created = json!({ "type": "string", "format": "date-time" });
    let edge = || exactly(&[("age", count()), ("created", created.clone()), ("href", text())]);
    let mut counts = exactly(&[("claimed", count()), ("free", count()), ("total", count())]);
    counts["properties"]["oldest"] = edge();
    counts["properties"]["newest"] = edge();
    exactly(&[("messages", counts)])
}

fn purge_document() -> Value {
    let types = array_of(json!({ "enum": ["messages", "subscriptions"] }));
    let mut schema = taken(&[("resource_types", types)]);
    schema["required"] = json!(["resource_types"]);
    schema
}
