//! Subscriptions.

use serde_json::{Value, json};
use zaqar_domain::{Limits, MIN_MESSAGE_TTL, MIN_SUBSCRIPTION_TTL};
use zaqar_model::DestinationKind;

use super::deliveries::time;
use super::operation_builder::{OperationBuilder, id, noun, reference, same_name};
use super::queues::dead_letter_queue;
use super::schema::{
    array_of, count, integer, lenient_object, or_null, page_limit, strict_object, text, uuid, with_default,
};

const ASKED_TOO_OFTEN: &str = "Too many confirmation requests to this subscriber. Try again within an hour.";

fn operation(kind: DestinationKind, on_queue: &str, summary: String) -> OperationBuilder {
    OperationBuilder::new("subscriptions", id(kind, on_queue), summary)
}

pub(super) fn create(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    let parameters = [same_name(kind), ("subscription_id", "$response.body#/subscription_id")];
    let builder = operation(kind, "create_subscription", format!("Subscribes an address to a {noun}."))
        .description(format!(
            "If the subscriber has an unconfirmed subscription, it does not change, and its id is returned. A {noun} \
             that does not exist is created."
        ))
        .body("NewSubscription", json!({ "subscriber": "https://example.com/hook", "ttl": 3600 }))
        .response(201, "The id of the subscription.", "SubscriptionId")
        .location(201, "The path of the subscriptions.")
        .error(409, "The subscriber has a confirmed subscription.")
        .error(429, ASKED_TOO_OFTEN);
    ["get_subscription", "confirm_subscription", "update_subscription", "delete_subscription"]
        .iter()
        .fold(builder, |builder, operation| builder.link(201, &id(kind, operation), &parameters))
}

pub(super) fn list(kind: DestinationKind, limits: &Limits) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "list_subscriptions", format!("Lists the subscriptions to a {noun}."))
        .query("marker", text(), "The position where the page begins, from the link `next`.")
        .query("limit", page_limit(limits.max_subscriptions_per_page), "Maximum number of items.")
        .response(200, "A page.", "SubscriptionPage")
}

pub(super) fn get(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "get_subscription", format!("Shows a subscription to a {noun}."))
        .response(200, "The subscription.", "Subscription")
        .error(404, "The subscription does not exist.")
}

pub(super) fn update(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "update_subscription", format!("Changes a subscription to a {noun}."))
        .description("Members that are left out do not change. A new `ttl` counts from now.")
        .body("SubscriptionChange", json!({ "ttl": 600 }))
        .empty_response(204, "Changed.")
        .location(204, "The path of the subscription.")
        .error(404, "The subscription does not exist.")
        .error(409, "Another subscription has this subscriber.")
        .error(429, ASKED_TOO_OFTEN)
}

pub(super) fn delete(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(kind, "delete_subscription", format!("Deletes a subscription to a {noun}."))
        .empty_response(204, "Deleted, or did not exist.")
}

pub(super) fn confirm(kind: DestinationKind) -> OperationBuilder {
    let noun = noun(kind);
    operation(
        kind,
        "confirm_subscription",
        format!("Confirms a subscription to a {noun}, or revokes its confirmation."),
    )
    .body("Confirmation", json!({ "confirmed": true }))
    .empty_response(204, "Done.")
    .location(204, "The path of the confirmation.")
    .error(404, "The subscription does not exist.")
}

pub(super) fn schemas(limits: &Limits) -> Vec<(&'static str, Value)> {
    vec![
        ("NewSubscription", subscription_request(limits, true)),
        ("SubscriptionChange", subscription_request(limits, false)),
        ("SubscriptionId", strict_object(&[("subscription_id", uuid())])),
        ("Subscription", subscription()),
        (
            "SubscriptionPage",
            strict_object(&[
                ("subscriptions", array_of(reference("schemas", "Subscription"))),
                ("links", reference("schemas", "Links")),
            ]),
        ),
        ("Confirmation", confirmation()),
    ]
}

/// A new subscription, which needs a subscriber, or a change, which needs at least one member.
fn subscription_request(limits: &Limits, is_new: bool) -> Value {
    let types: Vec<_> = limits.subscriber_types.iter().map(|name| name.replace('+', "\\+")).collect();
    let mut subscriber = text();
    subscriber["pattern"] = format!("^({}):", types.join("|")).into();
    subscriber["examples"] = json!(["https://example.com/hook"]);
    // The expiry must be before the year 10000, so a larger value is never valid.
    let ttl = or_null(integer(MIN_SUBSCRIPTION_TTL.into(), 253_402_300_799_u64));
    let mut schema = lenient_object(&[
        ("subscriber", subscriber),
        ("ttl", with_default(ttl, limits.default_subscription_ttl)),
        ("options", or_null(options(limits))),
    ]);
    if is_new {
        schema["required"] = json!(["subscriber"]);
    } else {
        schema["anyOf"] = json!([
            { "required": ["subscriber"] },
            { "required": ["ttl"], "properties": { "ttl": { "type": "integer" } } },
            { "required": ["options"], "properties": { "options": { "type": "object" } } },
        ]);
    }
    schema
}

fn options(limits: &Limits) -> Value {
    let of_type = |kind: &str| json!({ "type": [kind, "null"] });
    let mut secrets = of_type("array");
    secrets["items"] = json!({ "type": "string", "pattern": "^whsec_([A-Za-z0-9+/]{4}){8,21}$" });
    (secrets["minItems"], secrets["maxItems"]) = (1.into(), 2.into());
    let mut headers = of_type("object");
    headers["propertyNames"] = json!({ "pattern": "^[A-Za-z][A-Za-z0-9-]{9,}$" });
    headers["additionalProperties"] = json!({ "type": "string", "pattern": "^[!-~]*$" });
    // Members without a type are validated only where they are used.
    let with_description = |description: &str| json!({ "description": description });
    lenient_object(&[
        ("_retry_policy", reference("schemas", "RetryPolicy")),
        ("_dead_letter_queue", dead_letter_queue()),
        ("_dead_letter_queue_messages_ttl", or_null(integer(MIN_MESSAGE_TTL.into(), limits.max_message_ttl))),
        ("signing_secrets", secrets),
        ("post_headers", headers),
        ("post_data", of_type("string")),
        ("trust_id", with_description("For subscribers that require a token: the trust to use.")),
        ("subject", with_description("For mail: the subject.")),
        ("from", with_description("For mail: the sender.")),
        ("respect_delay", of_type("boolean")),
    ])
}

fn subscription() -> Value {
    let mut schema = strict_object(&[
        ("id", uuid()),
        ("source", text()),
        ("subscriber", text()),
        ("ttl", count()),
        ("age", count()),
        ("options", or_null(json!({ "type": "object" }))),
        ("confirmed", json!({ "type": "boolean" })),
    ]);
    // Only while the subscription is suspended.
    schema["properties"]["suspended"] = strict_object(&[("since", time()), ("reason", text())]);
    schema["properties"]["endpoint"] = endpoint();
    schema
}

/// Only in the response for a single subscription, if this server delivers to it.
fn endpoint() -> Value {
    let reason = ("reason", text());
    let state = |name: &str| ("state", json!({ "type": "string", "const": name }));
    let slowed = ("deliveries_per_second", json!({ "type": "number" }));
    json!({ "oneOf": [
        strict_object(&[state("healthy")]),
        strict_object(&[state("slowed"), slowed, reason.clone()]),
        strict_object(&[state("open"), ("until", time()), reason]),
    ] })
}

fn confirmation() -> Value {
    let mut schema = lenient_object(&[("confirmed", json!({ "type": "boolean" }))]);
    schema["required"] = json!(["confirmed"]);
    schema
}
