//! Messages.

use serde_json::{Value, json};
use zaqar_domain::{Limits, MIN_MESSAGE_TTL};
use zaqar_model::DestinationKind;

use super::described::{Described, id, noun, reference, same_name};
use super::schema::{
    array_of, boolean, count, exactly, integer, list as comma_list, object, page_limit, taken, text, uuid,
    with_default,
};

const AN_ID: &str = "3381af92-2b9e-11e3-b191-71861300734c";

fn described(kind: DestinationKind, on_queue: &str, summary: String) -> Described {
    Described::new("messages", id(kind, on_queue), summary)
}

pub(super) fn post(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    let described = described(kind, "post_messages", format!("Posts messages to a {noun}."))
        .about(format!(
            "All of them are kept, in their order, or none is. A {noun} that does not exist is made."
        ))
        .body("NewMessages", json!({ "messages": [{ "body": { "item": 1 }, "ttl": 300 }] }))
        .answers(201, "Where the messages are, in their order.", "PostedMessages")
        .maybe_located(201, "Where all of them are. Absent where it would be longer than 4 KiB.")
        .link(201, &id(kind, "list_messages"), &[same_name(kind)]);
    if kind.is_topic() {
        return described;
    }
    described.link(201, "create_claim", &[same_name(kind)])
}

pub(super) fn list(kind: DestinationKind, limits: &Limits) -> Described {
    let noun = noun(kind);
    let max = limits.max_messages_per_page;
    let by_id = [same_name(kind), ("message_id", "$response.body#/messages/0/id")];
    described(kind, "list_messages", format!("Lists messages of a {noun}, or shows some by their ids."))
        .about("In the order of posting. With `ids`, the other parameters do not count.")
        .query("ids", comma_list(max, AN_ID), "Show these.")
        .query("marker", text(), "As the link `next` says.")
        .query("limit", page_limit(max), "At most so many.")
        .query("echo", boolean(false), "Also what this client has posted itself.")
        .query("include_claimed", boolean(false), "Also what is claimed.")
        .query("include_delayed", boolean(false), "Also what is not within reach yet.")
        .answers(200, "A page.", "MessagePage")
        .link(200, &id(kind, "get_message"), &by_id)
        .link(200, &id(kind, "delete_message"), &by_id)
        .refuses(404, "None of the messages exists.")
}

pub(super) fn remove(kind: DestinationKind, limits: &Limits) -> Described {
    let noun = noun(kind);
    let max = limits.max_messages_per_page;
    described(kind, "remove_messages", format!("Deletes messages of a {noun} by their ids, or pops some."))
        .about("To pop is to take the first free messages out and see them. Either `ids` or `pop` is needed.")
        .query("ids", comma_list(max, AN_ID), "Delete these.")
        .query("pop", integer(1, limits.max_messages_per_claim_or_pop), "Pop so many.")
        .query(
            "claim_ids",
            comma_list(max, AN_ID),
            "Their claims. If they are given, each message must be held by one of them, or have been until it expired.",
        )
        .answers(200, "What was popped.", "PoppedMessages")
        .answers_nothing(204, "Those of the messages that existed are gone.")
        .refuses(403, "A message is claimed, or the policy does not allow it.")
}

pub(super) fn get(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "get_message", format!("Shows a message of a {noun}."))
        .query("claim_id", text(), "In the link to a claimed message. It changes nothing here.")
        .answers(200, "The message.", "Message")
        .refuses(404, &format!("There is no such message or {noun}."))
}

pub(super) fn delete(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "delete_message", format!("Deletes a message of a {noun}."))
        .about("A claimed message only with its claim.")
        .query("claim_id", json!({ "type": "string" }), "The claim that holds it.")
        .answers_nothing(204, "It is gone, or was not there.")
        .refuses(403, "The message is claimed, or the policy does not allow it.")
}

pub(super) fn schemas(limits: &Limits) -> Vec<(&'static str, Value)> {
    let page = object(&[
        ("messages", array_of(reference("schemas", "Message"))),
        ("links", reference("schemas", "Links")),
    ]);
    vec![
        ("NewMessages", new_messages(limits)),
        ("PostedMessages", exactly(&[("resources", array_of(text()))])),
        ("Message", message(&[("href", text())])),
        ("MessagePage", closed(page, &["messages"])),
        (
            "PoppedMessages",
            exactly(&[(
                "messages",
                array_of(message(&[("claim_id", json!({ "type": "null" })), ("claim_count", count())])),
            )]),
        ),
    ]
}

fn new_messages(limits: &Limits) -> Value {
    let ttl = integer(MIN_MESSAGE_TTL.into(), limits.max_message_ttl);
    let delay = integer(0, limits.max_message_delay);
    let mut item = taken(&[
        ("body", reference("schemas", "Json")),
        ("ttl", with_default(ttl, limits.default_message_ttl)),
        ("delay", with_default(delay, limits.default_message_delay)),
    ]);
    item["required"] = json!(["body"]);
    let mut messages = array_of(item);
    messages["minItems"] = 1.into();
    let mut schema = taken(&[("messages", messages)]);
    schema["required"] = json!(["messages"]);
    schema["description"] =
        format!("At most {} bytes, or what the queue says.", limits.max_messages_post_size).into();
    schema
}

/// A message as it is shown, with what this answer has besides.
fn message(more: &[(&str, Value)]) -> Value {
    let mut members = vec![("id", uuid()), ("ttl", count()), ("age", count()), ("body", json!({}))];
    members.extend(more.iter().cloned());
    let mut schema = exactly(&members);
    schema["properties"]["checksum"] = json!({
        "type": "string", "pattern": "^MD5:[0-9a-f]{32}$", "description": "Where the site has `enable_checksum`."
    });
    schema
}

fn closed(mut schema: Value, required: &[&str]) -> Value {
    schema["required"] = required.into();
    schema["additionalProperties"] = false.into();
    schema
}
