//! Subscriptions.

use serde_json::{Value, json};
use zaqar_domain::{Limits, MIN_MESSAGE_TTL, MIN_SUBSCRIPTION_TTL};
use zaqar_model::DestinationKind;

use super::deliveries::time;
use super::described::{Described, id, noun, reference, same_name};
use super::queues::dead_letter_queue;
use super::schema::{
    array_of, count, exactly, integer, or_null, page_limit, taken, text, uuid, with_default,
};

const ASKED_TOO_OFTEN: &str = "The subscriber was asked too often to confirm. Try again within an hour.";

fn described(kind: DestinationKind, on_queue: &str, summary: String) -> Described {
    Described::new("subscriptions", id(kind, on_queue), summary)
}

pub(super) fn create(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    let parameters = [same_name(kind), ("subscription_id", "$response.body#/subscription_id")];
    let described = described(kind, "create_subscription", format!("Subscribes an address to a {noun}."))
        .about(format!(
            "A subscription of this subscriber that waits to be confirmed stays as it is, and its id is \
             answered. A {noun} that does not exist is made."
        ))
        .body("NewSubscription", json!({ "subscriber": "https://example.com/hook", "ttl": 3600 }))
        .answers(201, "The subscription's id.", "SubscriptionId")
        .located(201, "Where the subscriptions are.")
        .refuses(409, "The subscriber has a subscription that is confirmed.")
        .refuses(429, ASKED_TOO_OFTEN);
    ["get_subscription", "confirm_subscription", "update_subscription", "delete_subscription"]
        .iter()
        .fold(described, |described, operation| described.link(201, &id(kind, operation), &parameters))
}

pub(super) fn list(kind: DestinationKind, limits: &Limits) -> Described {
    let noun = noun(kind);
    described(kind, "list_subscriptions", format!("Lists the subscriptions to a {noun}."))
        .query("marker", text(), "As the link `next` says.")
        .query("limit", page_limit(limits.max_subscriptions_per_page), "At most so many.")
        .answers(200, "A page.", "SubscriptionPage")
}

pub(super) fn get(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "get_subscription", format!("Shows a subscription to a {noun}."))
        .answers(200, "The subscription.", "Subscription")
        .refuses(404, "There is no such subscription.")
}

pub(super) fn update(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "update_subscription", format!("Changes a subscription to a {noun}."))
        .about("What is left out stays as it is. A new `ttl` counts from now.")
        .body("SubscriptionChange", json!({ "ttl": 600 }))
        .answers_nothing(204, "Changed.")
        .located(204, "Where it is.")
        .refuses(404, "There is no such subscription.")
        .refuses(409, "Another subscription has this subscriber.")
        .refuses(429, ASKED_TOO_OFTEN)
}

pub(super) fn delete(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(kind, "delete_subscription", format!("Ends a subscription to a {noun}."))
        .answers_nothing(204, "It is gone, or was not there.")
}

pub(super) fn confirm(kind: DestinationKind) -> Described {
    let noun = noun(kind);
    described(
        kind,
        "confirm_subscription",
        format!("Confirms a subscription to a {noun}, or takes that back."),
    )
    .body("Confirmation", json!({ "confirmed": true }))
    .answers_nothing(204, "Done.")
    .located(204, "This path.")
    .refuses(404, "There is no such subscription.")
}

pub(super) fn schemas(limits: &Limits) -> Vec<(&'static str, Value)> {
    vec![
        ("NewSubscription", wish(limits, true)),
        ("SubscriptionChange", wish(limits, false)),
        ("SubscriptionId", exactly(&[("subscription_id", uuid())])),
        ("Subscription", subscription()),
        (
            "SubscriptionPage",
            exactly(&[
                ("subscriptions", array_of(reference("schemas", "Subscription"))),
                ("links", reference("schemas", "Links")),
            ]),
        ),
        ("Confirmation", confirmation()),
    ]
}

/// What is asked of a subscription: a new one needs a subscriber, a change something to change.
fn wish(limits: &Limits, is_new: bool) -> Value {
    let types: Vec<_> = limits.subscriber_types.iter().map(|name| name.replace('+', "\\+")).collect();
    let mut subscriber = text();
    subscriber["pattern"] = format!("^({}):", types.join("|")).into();
    subscriber["examples"] = json!(["https://example.com/hook"]);
    // It must end before the year 10000 does: so much is too much on any day.
    let ttl = or_null(integer(MIN_SUBSCRIPTION_TTL.into(), 253_402_300_799_u64));
    let mut schema = taken(&[
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
    // Those without a type are looked at only where they are needed.
    let told = |about: &str| json!({ "description": about });
    taken(&[
        ("_retry_policy", reference("schemas", "RetryPolicy")),
        ("_dead_letter_queue", dead_letter_queue()),
        ("_dead_letter_queue_messages_ttl", or_null(integer(MIN_MESSAGE_TTL.into(), limits.max_message_ttl))),
        ("signing_secrets", secrets),
        ("post_headers", headers),
        ("post_data", of_type("string")),
        ("trust_id", told("Of a subscriber that wants a token: the trust that it comes from.")),
        ("subject", told("Of a mailbox: the subject of its mails.")),
        ("from", told("Of a mailbox: the sender of its mails.")),
        ("respect_delay", of_type("boolean")),
    ])
}

fn subscription() -> Value {
    let mut schema = exactly(&[
        ("id", uuid()),
        ("source", text()),
        ("subscriber", text()),
        ("ttl", count()),
        ("age", count()),
        ("options", or_null(json!({ "type": "object" }))),
        ("confirmed", json!({ "type": "boolean" })),
    ]);
    // Only where nothing is sent to it.
    schema["properties"]["suspended"] = exactly(&[("since", time()), ("reason", text())]);
    schema["properties"]["endpoint"] = endpoint();
    schema
}

/// Where one subscription is shown, and this server sends to it.
fn endpoint() -> Value {
    let reason = ("reason", text());
    let state = |name: &str| ("state", json!({ "type": "string", "const": name }));
    let slowed = ("deliveries_per_second", json!({ "type": "number" }));
    json!({ "oneOf": [
        exactly(&[state("healthy")]),
        exactly(&[state("slowed"), slowed, reason.clone()]),
        exactly(&[state("open"), ("until", time()), reason]),
    ] })
}

fn confirmation() -> Value {
    let mut schema = taken(&[("confirmed", json!({ "type": "boolean" }))]);
    schema["required"] = json!(["confirmed"]);
    schema
}
