//! The outcomes of deliveries to a subscription.

use serde_json::{Value, json};
use zaqar_domain::Limits;
use zaqar_model::{Address, AttemptOutcome, DestinationKind, Excerpt};

use super::operation_builder::{OperationBuilder, id, reference};
use super::schema::{array_of, count, object, or_null, page_limit, strict_object, text, uuid};
use crate::json::resend::MAX_MESSAGE_ID;

const OUTCOME: &str = "The outcome. `failed`: there are no more attempts. `unknown`: the server was killed before it \
                       recorded the result of the attempt, and the message is sent once more.";

const ADDRESS: &str = "The address of the request, without the user, the password and the values of the query. Null if unknown.";

fn operation(kind: DestinationKind, on_queue: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new("subscriptions", id(kind, on_queue), summary)
}

pub(super) fn attempts(kind: DestinationKind, limits: &Limits) -> OperationBuilder {
    operation(kind, "list_attempts", "Lists the attempts to deliver to a subscription.")
        .description("Newest first, including confirmation requests. The latest 1000 of a subscription are retained for two weeks.")
        .query("message_id", uuid(), "Return only attempts to deliver this message or confirmation request.")
        .query("outcome", outcome(), "Return only attempts with this outcome.")
        .query("since", time(), "Return only attempts that began at this time or later.")
        .query("marker", text(), "The position where the page begins, from the link `next`.")
        .query("limit", page_limit(limits.max_messages_per_page), "Maximum number of items.")
        .response(200, "A page.", "AttemptPage")
        .error(404, "The subscription does not exist.")
}

pub(super) fn failures(kind: DestinationKind, limits: &Limits) -> OperationBuilder {
    operation(kind, "list_failures", "Lists the failed deliveries to a subscription.")
        .description("In the order in which the messages were posted. They are retained until their messages expire, at most the last \
                10000 of a subscription.")
        .query("marker", text(), "The position where the page begins, from the link `next`.")
        .query("limit", page_limit(limits.max_messages_per_page), "Maximum number of items.")
        .response(200, "A page.", "FailurePage")
        .error(404, "The subscription does not exist.")
}

pub(super) fn resend(kind: DestinationKind) -> OperationBuilder {
    operation(kind, "resend_messages", "Sends messages to a subscriber again.")
        .description("Either one message, or all messages whose delivery failed at a time or later.")
        .body("Resend", json!({ "failed_since": "2026-11-23T08:00:00Z" }))
        .response(202, "The messages will be sent as if for the first time.", "Resent")
        .error(404, "The subscription or the message does not exist.")
        .error(409, "The subscription is not confirmed.")
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("AttemptPage", page("attempts", "Attempt")),
        ("Attempt", attempt()),
        ("FailurePage", page("failures", "FailedDelivery")),
        ("FailedDelivery", failed_delivery()),
        ("Resend", resend_request()),
        ("Resent", strict_object(&[("resent", with_description(count(), "The number of messages."))])),
    ]
}

fn page(member: &str, item: &str) -> Value {
    strict_object(&[(member, array_of(reference("schemas", item))), ("links", reference("schemas", "Links"))])
}

fn attempt() -> Value {
    let response = json!({ "type": "string", "maxLength": Excerpt::MAX_BYTES });
    let address = json!({ "type": "string", "maxLength": Address::MAX_BYTES });
    let kinds = ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"];
    let kind = json!({ "type": "string", "enum": kinds });
    strict_object(&[
        ("message_id", with_description(uuid(), "The id of the message or of the confirmation request.")),
        ("message_type", with_description(kind, "The type of the message.")),
        ("attempted_at", with_description(time(), "The start of the attempt.")),
        ("address", with_description(or_null(address), ADDRESS)),
        ("status", with_description(or_null(count()), "The status of the response. Null if there was none.")),
        ("latency_ms", with_description(or_null(count()), "The duration in milliseconds. Null if unknown.")),
        ("response", with_description(response, "The beginning of the response, or the error.")),
        ("outcome", with_description(outcome(), OUTCOME)),
        (
            "retry_at",
            with_description(or_null(time()), "The time of the next attempt, if the outcome is `retry`."),
        ),
    ])
}

fn outcome() -> Value {
    json!({ "type": "string", "enum": AttemptOutcome::ALL.map(AttemptOutcome::name) })
}

fn failed_delivery() -> Value {
    let reason = json!({ "type": "string", "maxLength": Excerpt::MAX_BYTES });
    strict_object(&[
        ("message_id", uuid()),
        ("failed_at", with_description(time(), "The time of the failure.")),
        ("attempts", with_description(count(), "The number of attempts.")),
        ("reason", with_description(reason, "The reason of the failure.")),
        ("ttl", with_description(count(), "The time to live of the message, in seconds.")),
        ("age", with_description(count(), "The age of the message, in seconds.")),
    ])
}

fn resend_request() -> Value {
    let message = json!({ "type": "string", "maxLength": MAX_MESSAGE_ID });
    let mut schema = object(&[
        ("message_id", with_description(message, "The message to send again.")),
        (
            "failed_since",
            with_description(time(), "Send all messages again whose delivery failed at this time or later."),
        ),
    ]);
    schema["additionalProperties"] = false.into();
    schema["oneOf"] = json!([{ "required": ["message_id"] }, { "required": ["failed_since"] }]);
    schema
}

pub(super) fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn with_description(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}
