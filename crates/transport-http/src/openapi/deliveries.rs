//! What became of the deliveries to a subscription.

use serde_json::{Value, json};
use zaqar_domain::Limits;
use zaqar_model::{Address, AttemptOutcome, DestinationKind, Excerpt};

use super::described::{Described, id, reference};
use super::schema::{array_of, count, exactly, object, or_null, page_limit, text, uuid};
use crate::json::resend::MAX_MESSAGE_ID;

const OUTCOME: &str = "What followed: `failed` means that it is not tried again; `unknown`, that the server was killed \
                       before it could record how the attempt ended, and that the message is sent once more.";

const ADDRESS: &str =
    "Where it went, without the user, the password and the values of the query; null if that is not known.";

fn described(kind: DestinationKind, on_queue: &str, summary: &str) -> Described {
    Described::new("subscriptions", id(kind, on_queue), summary)
}

pub(super) fn attempts(kind: DestinationKind, limits: &Limits) -> Described {
    described(kind, "list_attempts", "Lists the attempts to deliver to a subscription.")
        .about("The newest first, those to ask its subscriber to confirm among them. The latest 1000 of a subscription are kept, for two weeks.")
        .query("message_id", uuid(), "Only the attempts to deliver this message or request.")
        .query("outcome", outcome(), "Only the attempts with this outcome.")
        .query("since", time(), "Only the attempts that began at this moment or later.")
        .query("marker", text(), "As the link `next` says.")
        .query("limit", page_limit(limits.max_messages_per_page), "At most so many.")
        .answers(200, "A page.", "AttemptPage")
        .refuses(404, "There is no such subscription.")
}

pub(super) fn failures(kind: DestinationKind, limits: &Limits) -> Described {
    described(kind, "list_failures", "Lists the deliveries to a subscription that failed for good.")
        .about("In the order of posting. They are kept until their messages expire, the last 10000 of a subscription.")
        .query("marker", text(), "As the link `next` says.")
        .query("limit", page_limit(limits.max_messages_per_page), "At most so many.")
        .answers(200, "A page.", "FailurePage")
        .refuses(404, "There is no such subscription.")
}

pub(super) fn resend(kind: DestinationKind) -> Described {
    described(kind, "resend_messages", "Sends messages to a subscriber again.")
        .about("Either one message, or all whose delivery failed for good at a time or later.")
        .body("Resend", json!({ "failed_since": "2026-11-23T08:00:00Z" }))
        .answers(202, "They are sent now, as if for the first time.", "Resent")
        .refuses(404, "There is no such subscription, or no such message any more.")
        .refuses(409, "The subscription is not confirmed.")
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("AttemptPage", page("attempts", "Attempt")),
        ("Attempt", attempt()),
        ("FailurePage", page("failures", "FailedDelivery")),
        ("FailedDelivery", failure()),
        ("Resend", wish()),
        ("Resent", exactly(&[("resent", told(count(), "How many messages."))])),
    ]
}

fn page(member: &str, item: &str) -> Value {
    exactly(&[(member, array_of(reference("schemas", item))), ("links", reference("schemas", "Links"))])
}

fn attempt() -> Value {
    let response = json!({ "type": "string", "maxLength": Excerpt::MAX_BYTES });
    let address = json!({ "type": "string", "maxLength": Address::MAX_BYTES });
    let kinds = ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"];
    let kind = json!({ "type": "string", "enum": kinds });
    exactly(&[
        ("message_id", told(uuid(), "The message. A request to confirm has an id of its own.")),
        ("message_type", told(kind, "What was sent.")),
        ("attempted_at", told(time(), "When it began.")),
        ("address", told(or_null(address), ADDRESS)),
        ("status", told(or_null(count()), "The status of the answer; null if there was none.")),
        (
            "latency_ms",
            told(or_null(count()), "How long it took, in milliseconds; null if that is not known."),
        ),
        ("response", told(response, "The beginning of the answer, or what went wrong.")),
        ("outcome", told(outcome(), OUTCOME)),
        ("retry_at", told(or_null(time()), "When it is to be tried again, where the outcome is `retry`.")),
    ])
}

fn outcome() -> Value {
    json!({ "type": "string", "enum": AttemptOutcome::ALL.map(AttemptOutcome::name) })
}

fn failure() -> Value {
    let reason = json!({ "type": "string", "maxLength": Excerpt::MAX_BYTES });
    exactly(&[
        ("message_id", uuid()),
        ("failed_at", told(time(), "When it was given up.")),
        ("attempts", told(count(), "How often it was tried.")),
        ("reason", told(reason, "Why it was given up.")),
        ("ttl", told(count(), "How long the message lives, in seconds.")),
        ("age", told(count(), "How long it has lived so far.")),
    ])
}

fn wish() -> Value {
    let message = json!({ "type": "string", "maxLength": MAX_MESSAGE_ID });
    let mut schema = object(&[
        ("message_id", told(message, "The message to send again.")),
        ("failed_since", told(time(), "All whose delivery failed at this time or later.")),
    ]);
    schema["additionalProperties"] = false.into();
    schema["oneOf"] = json!([{ "required": ["message_id"] }, { "required": ["failed_since"] }]);
    schema
}

pub(super) fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn told(mut schema: Value, about: &str) -> Value {
    schema["description"] = about.into();
    schema
}
