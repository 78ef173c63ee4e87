//! Messages.

use serde_json::{Value, json};
use zaqar_domain::{Limits, MIN_MESSAGE_TTL};
use zaqar_model::DestinationKind;

use super::operation_builder::{OperationBuilder, id, noun, reference, same_name};
use super::schema::{
    array_of, boolean, count, integer, lenient_object, list as comma_list, object, page_limit, strict_object,
    text, uuid, with_default,
};

const AN_ID: &str = "3381af92-2b9e-11e3-b191-71861300734c";

fn operation(kind: DestinationKind, on_queue: &str, summary: String) -> OperationBuilder {
    OperationBuilder::new("messages", id(kind, on_queue), summary)
}

pub(super) fn post(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    let builder = operation(kind, "post_messages", format!("Posts messages to a {noun}."))
        .description(format!(
            "All messages are stored in their order, or none. A {noun} that does not exist is created."
        ))
        .body("NewMessages", json!({ "messages": [{ "body": { "item": 1 }, "ttl": 300 }] }))
        .response(201, "The paths of the messages, in their order.", "PostedMessages")
        .optional_location(201, "The path of all messages together. Omitted if it is longer than 4 KiB.")
        .link(201, &id(kind, "list_messages"), &[same_name(kind)]);
    if kind.is_topic() {
        return builder;
    }
    builder.link(201, "create_claim", &[same_name(kind)])
}

pub(super) fn list(kind: DestinationKind, limits: &Limits) -> OperationBuilder {
    let noun = noun(kind);
    let max = limits.max_messages_per_page;
    let by_id = [same_name(kind), ("message_id", "$response.body#/messages/0/id")];
    operation(kind, "list_messages", format!("Lists messages of a {noun}, or gets messages by their ids."))
        .description("In the order in which they were posted. With `ids`, the other parameters are ignored.")
        .query("ids", comma_list(max, AN_ID), "The ids of the messages.")
        .query("marker", text(), "The position where the page begins, from the link `next`.")
        .query("limit", page_limit(max), "Maximum number of items.")
        .query("echo", boolean(false), "Include messages that this client has posted.")
        .query("include_claimed", boolean(false), "Include claimed messages.")
        .query("include_delayed", boolean(false), "Include delayed messages.")
        .response(200, "A page.", "MessagePage")
        .link(200, &id(kind, "get_message"), &by_id)
        .link(200, &id(kind, "delete_message"), &by_id)
        .error(404, "None of the messages exists.")
}

pub(super) fn remove(kind: DestinationKind, limits: &Limits) -> OperationBuilder {
    let noun = noun(kind);
    let max = limits.max_messages_per_page;
    operation(kind, "remove_messages", format!("Deletes messages of a {noun} by their ids, or pops messages."))
        .description("To pop means to return and delete the first free messages. Either `ids` or `pop` is required.")
        .query("ids", comma_list(max, AN_ID), "The ids of the messages.")
        .query("pop", integer(1, limits.max_messages_per_claim_or_pop), "The number of messages to pop.")
        .query(
            "claim_ids",
            comma_list(max, AN_ID),
            "The claims of the messages. Each message must belong to one of them, or have belonged to one that expired.",
        )
        .response(200, "The popped messages.", "PoppedMessages")
        .empty_response(204, "The messages that existed are deleted.")
        .error(403, "A message is claimed, or the policy does not allow it.")
}

pub(super) fn get(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "get_message", format!("Shows a message of a {noun}."))
        .query("claim_id", text(), "Part of the link to a claimed message. It has no effect.")
        .response(200, "The message.", "Message")
        .error(404, &format!("The message or the {noun} does not exist."))
}

pub(super) fn delete(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "delete_message", format!("Deletes a message of a {noun}."))
        .description("Deleting a claimed message requires its claim.")
        .query("claim_id", json!({ "type": "string" }), "The claim of the message.")
        .empty_response(204, "Deleted, or did not exist.")
        .error(403, "The message is claimed, or the policy does not allow it.")
}

pub(super) fn schemas(limits: &Limits) -> Vec<(&'static str, Value)> {
    let page = object(&[
        ("messages", array_of(reference("schemas", "Message"))),
        ("links", reference("schemas", "Links")),
    ]);
    vec![
        ("NewMessages", new_messages(limits)),
        ("PostedMessages", strict_object(&[("resources", array_of(text()))])),
        ("Message", message(&[("href", text())])),
        ("MessagePage", closed(page, &["messages"])),
        (
            "PoppedMessages",
            strict_object(&[(
                "messages",
                array_of(message(&[("claim_id", json!({ "type": "null" })), ("claim_count", count())])),
            )]),
        ),
    ]
}

fn new_messages(limits: &Limits) -> Value {
    let ttl = integer(MIN_MESSAGE_TTL.into(), limits.max_message_ttl);
    let delay = integer(0, limits.max_message_delay);
    let mut item = lenient_object(&[
        ("body", reference("schemas", "Json")),
        ("ttl", with_default(ttl, limits.default_message_ttl)),
        ("delay", with_default(delay, limits.default_message_delay)),
    ]);
    item["required"] = json!(["body"]);
    let mut messages = array_of(item);
    messages["minItems"] = 1.into();
    let mut schema = lenient_object(&[("messages", messages)]);
    schema["required"] = json!(["messages"]);
    schema["description"] =
        format!("At most {} bytes, or the limit of the queue.", limits.max_messages_post_size).into();
    schema
}

/// A message, with additional members.
fn message(more: &[(&str, Value)]) -> Value {
    let mut members = vec![("id", uuid()), ("ttl", count()), ("age", count()), ("body", json!({}))];
    members.extend(more.iter().cloned());
    let mut schema = strict_object(&members);
    schema["properties"]["checksum"] = json!({
        "type": "string", "pattern": "^MD5:[0-9a-f]{32}$", "description": "Only with `enable_checksum`."
    });
    schema
}

fn closed(mut schema: Value, required: &[&str]) -> Value {
    schema["required"] = required.into();
    schema["additionalProperties"] = false.into();
    schema
}
