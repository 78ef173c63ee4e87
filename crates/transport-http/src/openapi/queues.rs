//! Queues and topics.

use serde_json::{Value, json};
use zaqar_domain::{LONGEST_DELAY, Limits, MIN_MESSAGE_TTL, MOST_RETRIES};
use zaqar_model::DestinationKind;

use super::operation_builder::{OperationBuilder, id, noun, reference, same_name};
use super::schema::{
    array_of, boolean, count, integer, lenient_object, object, or_null, page_limit, strict_object, text,
};

const PATCH_TYPE: &str = "application/openstack-messaging-v2.0-json-patch";

const fn tag(kind: DestinationKind) -> &'static str {
    if kind.is_topic() { "topics" } else { "queues" }
}

fn operation(kind: DestinationKind, on_queue: &str, summary: String) -> OperationBuilder {
    OperationBuilder::new(tag(kind), id(kind, on_queue), summary)
}

pub(super) fn list(kind: DestinationKind, limits: &Limits) -> OperationBuilder {
    let noun = noun(kind);
    let pattern = json!({ "type": "string", "maxLength": 512, "format": "regex" });
    let builder = operation(kind, "list_queues", format!("Lists the {noun}s of the project."))
        .description("In the order of their names.")
        .query("marker", text(), "Return only items whose names come after this one.")
        .query("limit", page_limit(limits.max_queues_per_page), "Maximum number of items.")
        .query("detailed", boolean(false), "Include metadata.")
        .query("name", pattern, "A regular expression that matches a part of the name.");
    let builder = if kind.is_topic() {
        builder
    } else {
        builder.query("with_count", boolean(false), "Include the number of all queues of the project.")
    };
    let description = format!(
        "Every other parameter is a filter: return only {noun}s whose metadata has this member with this value, which is a \
         text or a JSON value."
    );
    let builder = builder.query("metadata", metadata_filter(), &description);
    let schema = if kind.is_topic() { "TopicPage" } else { "QueuePage" };
    builder.response(200, "A page.", schema)
}

/// Each member is a separate parameter, which is the default of OpenAPI for objects.
fn metadata_filter() -> Value {
    let own = json!({ "enum": ["marker", "limit", "detailed", "name", "with_count"] });
    json!({ "type": "object", "propertyNames": { "not": own, "minLength": 1 }, "additionalProperties": text() })
}

pub(super) fn create(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    let builder = operation(kind, "create_queue", format!("Creates a {noun}."))
        .description(
            "Members of the metadata whose names begin with `_` are reserved attributes. The others belong to the client.",
        )
        .optional_body("Metadata", json!({ "team": "shop", "_default_message_ttl": 3600 }))
        .empty_response(201, "Created.")
        .location(201, &format!("The path of the {noun}."))
        .empty_response(204, "It existed already and does not change.")
        .location(204, &format!("The path of the {noun}."));
    let operations = ["get_queue", "update_queue", "queue_stats", "post_messages", "delete_queue"];
    operations
        .iter()
        .fold(builder, |builder, operation| builder.link(201, &id(kind, operation), &[same_name(kind)]))
}

pub(super) fn get(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "get_queue", format!("Shows a {noun}'s metadata."))
        .description(format!(
            "Includes the defaults of reserved attributes. For a {noun} that does not exist, returns the metadata \
             that a new one would have."
        ))
        .response(200, "The metadata.", metadata_schema(kind))
}

pub(super) fn update(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "update_queue", format!("Changes a {noun}'s metadata."))
        .description("All changes are made in their order, or none.")
        .body_of_type(
            PATCH_TYPE,
            true,
            "MetadataPatch",
            json!([{ "op": "add", "path": "/metadata/team", "value": "warehouse" }]),
        )
        .response(200, "The changed metadata.", metadata_schema(kind))
        .error(404, &format!("The {noun} does not exist."))
        .error(409, "A member to replace or remove does not exist.")
        .error(415, &format!("The content type must be `{PATCH_TYPE}`."))
}

pub(super) fn delete(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "delete_queue", format!("Deletes a {noun} with all its messages and subscriptions."))
        .empty_response(204, "Deleted, or did not exist.")
}

pub(super) fn stats(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "queue_stats", format!("Counts the messages of a {noun}."))
        .description(format!("A {noun} that does not exist has no messages."))
        .response(200, "The counts.", "Stats")
}

pub(super) fn purge(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "purge_queue", format!("Purges a {noun}."))
        .description("Without a body, deletes all messages and subscriptions.")
        .optional_body("Purge", json!({ "resource_types": ["messages"] }))
        .empty_response(204, "Done.")
}

const fn metadata_schema(kind: DestinationKind) -> &'static str {
    if kind.is_topic() { "TopicMetadata" } else { "QueueMetadata" }
}

pub(super) fn schemas(limits: &Limits) -> Vec<(&'static str, Value)> {
    vec![
        ("Metadata", metadata(limits)),
        (
            "QueueMetadata",
            returned_metadata(&[
                "_dead_letter_queue",
                "_dead_letter_queue_messages_ttl",
                "_max_claim_count",
                "_enable_encrypt_messages",
            ]),
        ),
        ("TopicMetadata", returned_metadata(&[])),
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
    let mut schema = lenient_object(&[
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
        format!("At most {} bytes and 100 levels deep.", limits.max_queue_metadata).into();
    schema
}

pub(super) fn dead_letter_queue() -> Value {
    json!({ "type": ["string", "null"], "pattern": "^[a-zA-Z0-9_.-]*$", "maxLength": 64 })
}

/// Ignored without pools.
fn flavor() -> Value {
    json!({ "description": "With pools: the flavor of the pools that may hold the queue. It must exist." })
}

/// `claims`: the members about claims, which are always included.
fn returned_metadata(claims: &[&str]) -> Value {
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
    let mut schema = or_null(lenient_object(&[
        ("retries_with_no_delay", retries()),
        ("minimum_delay_retries", retries()),
        ("minimum_delay", delay()),
        ("maximum_delay", delay()),
        ("maximum_delay_retries", retries()),
        ("retry_backoff_function", json!({ "enum": functions })),
        ("ignore_subscription_override", json!({ "type": ["boolean", "null"] })),
    ]));
    schema["description"] =
        "How deliveries to subscribers are retried. `maximum_delay` (default 30) must be at least 10 more than \
         `minimum_delay` (default 5)."
            .into();
    schema
}

/// The subset of JSON Patch that upstream supports.
fn patch() -> Value {
    let path = json!({ "type": "string", "pattern": "^/metadata/[a-zA-Z0-9_]+$" });
    let change = |operations: Value, more: Value| {
        let mut members = vec![("op", json!({ "enum": operations })), ("path", path.clone())];
        let mut required = vec!["op", "path"];
        if !more.is_null() {
            members.push(("value", more));
            required.push("value");
        }
        let mut schema = lenient_object(&members);
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
    let edge = || strict_object(&[("age", count()), ("created", created.clone()), ("href", text())]);
    let mut counts = strict_object(&[("claimed", count()), ("free", count()), ("total", count())]);
    counts["properties"]["oldest"] = edge();
    counts["properties"]["newest"] = edge();
    strict_object(&[("messages", counts)])
}

fn purge_document() -> Value {
    let types = array_of(json!({ "enum": ["messages", "subscriptions"] }));
    let mut schema = lenient_object(&[("resource_types", types)]);
    schema["required"] = json!(["resource_types"]);
    schema
}
