//! The AsyncAPI document.
//!
//! The actions and their members come from `actions.rs`. The envelope around them, which is the same for all, is here.

use serde_json::{Map, Value, json};

use crate::actions::{ACTIONS, Action, ActionKind, Member};
use crate::live_subscriptions::END_REASONS;
use crate::members::Type;

/// The document with all actions except those of REST only.
pub fn asyncapi() -> String {
    // Serializing plain values cannot fail.
    serde_json::to_string_pretty(&document()).unwrap_or_default() + "\n"
}

const DESCRIPTION: &str = "A connection carries many requests. A request in a text frame is JSON, and one in a binary \
                           frame is MessagePack. The reply has the same format. Replies arrive in the order of the \
                           requests, with notifications between them.";

fn document() -> Value {
    let actions = || ACTIONS.iter().filter(|action| action.kind != ActionKind::RestOnly);
    let mut messages: Map<String, Value> =
        actions().map(|action| (action.name.to_owned(), request(action))).collect();
    let mut operations: Map<String, Value> =
        actions().map(|action| (action.name.to_owned(), operation(action))).collect();
    for (name, title) in [
        ("reply", "The reply to a request"),
        ("notification", "A message for a subscriber"),
        ("subscription_ended", "The end of a subscription of the connection"),
    ] {
        let payload = json!({ "$ref": format!("#/components/schemas/{name}") });
        messages.insert(name.to_owned(), json!({ "title": title, "payload": payload }));
    }
    for (name, summary, message) in SERVER_OPERATIONS {
        let operation = json!({
            "action": "send",
            "summary": summary,
            "channel": { "$ref": CHANNEL },
            "messages": [{ "$ref": format!("{CHANNEL}/messages/{message}") }],
        });
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Zaqar by WebSocket",
            "version": "2",
            "description": DESCRIPTION,
            "license": { "name": "Apache 2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": { "zaqar": { "host": "127.0.0.1:9000", "protocol": "ws" } },
        "channels": { "connection": { "address": "/", "messages": messages } },
        "operations": operations,
        "components": { "schemas": schemas() },
    })
}

const CHANNEL: &str = "#/channels/connection";

/// The operations of the server: the operation, its summary, its message.
const SERVER_OPERATIONS: [(&str, &str, &str); 2] = [
    ("notify", "Sends a message to a connection that is a subscriber.", "notification"),
    ("end_subscription", "Informs a connection that its subscription has ended.", "subscription_ended"),
];

fn operation(action: &Action) -> Value {
    json!({
        "action": "receive",
        "channel": { "$ref": CHANNEL },
        "messages": [{ "$ref": format!("{CHANNEL}/messages/{}", action.name) }],
        "reply": {
            "channel": { "$ref": CHANNEL },
            "messages": [{ "$ref": format!("{CHANNEL}/messages/reply") }],
        },
    })
}

fn request(action: &Action) -> Value {
    let headers = if action.kind == ActionKind::Authenticate { "token" } else { "caller" };
    let required: &[&str] =
        if action.needs_no_body() { &["action", "headers"] } else { &["action", "headers", "body"] };
    json!({
        "title": action.name,
        "payload": {
            "type": "object",
            "required": required,
            "properties": {
                "action": { "const": action.name },
                "headers": { "$ref": format!("#/components/schemas/{headers}") },
                "body": body(action),
            },
        },
    })
}

fn body(action: &Action) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let names = action.destination_members();
    for name in names {
        properties.insert((*name).to_owned(), json!({ "type": "string" }));
    }
    for member in action.members {
        properties.insert(member.name.to_owned(), value(member));
        if member.required {
            required.push(member.name);
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if let [name] = names {
        required.insert(0, name);
    }
    if names.len() > 1 {
        let either = names.iter().map(|name| json!({ "required": [name] }));
        schema["oneOf"] = either.collect();
    }
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn value(member: &Member) -> Value {
    match member.value_type.map(json_type) {
        None => json!({}),
        Some(is) if member.nullable => json!({ "type": [is, "null"] }),
        Some(is) => json!({ "type": is }),
    }
}

const fn json_type(given: Type) -> &'static str {
    match given {
        Type::Text => "string",
        Type::Integer => "integer",
        Type::Boolean => "boolean",
        Type::List => "array",
        Type::Object => "object",
    }
}

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "caller": {
            "type": "object",
            "description": "The caller, and the parts of a pre-signed URL.",
            "required": ["Client-ID", "X-Project-ID"],
            "properties": {
                "Client-ID": { "type": "string", "format": "uuid" },
                "X-Project-ID": text,
                "URL-Signature": text,
                "URL-Expires": text,
                "URL-Methods": { "type": ["string", "array"] },
                "URL-Paths": { "type": ["string", "array"] },
            },
        },
        "token": {
            "type": "object",
            "required": ["X-Auth-Token", "X-Project-ID"],
            "properties": { "X-Auth-Token": text, "X-Project-ID": text },
        },
        "reply": {
            "type": "object",
            "required": ["request", "headers", "body"],
            "properties": {
                "request": { "type": "object", "description": "The request." },
                "headers": {
                    "type": "object",
                    "required": ["status"],
                    "properties": {
                        "status": { "type": "integer", "description": "A status code as in HTTP." },
                        "warnings": {
                            "type": "array",
                            "items": text,
                            "description": "Unknown names in the request that are probably misspelt. \
                                            Only if there are any.",
                        },
                    },
                },
                "body": { "type": ["object", "string"] },
            },
        },
        "notification": {
            "type": "object",
            "required": ["Message_Type", "body", "ttl", "id", "marker"],
            "properties": {
                "Message_Type": { "const": "Notification" },
                "queue_name": text,
                "topic_name": text,
                "body": { "description": "Any JSON value." },
                "ttl": { "type": "integer" },
                "id": { "type": "string", "description": "The id of the message." },
                "marker": {
                    "type": "string",
                    "description": "The position to continue from after a reconnect: `marker` of `subscription_create`.",
                },
            },
        },
        "subscription_ended": {
            "type": "object",
            "required": ["Message_Type", "subscription_id", "code", "reason"],
            "properties": {
                "Message_Type": { "const": "SubscriptionEnded" },
                "queue_name": text,
                "topic_name": text,
                "subscription_id": text,
                "code": { "enum": END_REASONS.map(|(code, _)| code) },
                "reason": { "type": "string", "description": "The reason in words." },
                "marker": {
                    "type": "string",
                    "description": "The position to continue from: `marker` of `subscription_create`.",
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{SERVER_OPERATIONS, document};
    use crate::actions::{ACTIONS, ActionKind};

    /// All references in the document.
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_action_that_is_answered_is_in_it_and_nothing_else() {
        let document = document();
        let mut described: Vec<_> = document["operations"].as_object().unwrap().keys().collect();
        described.retain(|name| SERVER_OPERATIONS.iter().all(|(sent, ..)| name != sent));
        let mut answered: Vec<_> = ACTIONS
            .iter()
            .filter(|action| action.kind != ActionKind::RestOnly)
            .map(|action| action.name)
            .collect();
        described.sort_unstable();
        answered.sort_unstable();
        assert_eq!(described, answered);
    }

    #[test]
    fn what_it_points_to_is_there() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > ACTIONS.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}
