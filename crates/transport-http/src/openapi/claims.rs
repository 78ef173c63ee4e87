//! Claims. Topics have none.

use serde_json::{Value, json};
use zaqar_domain::{Limits, MIN_CLAIM_GRACE, MIN_CLAIM_TTL};
use zaqar_model::DestinationKind;

use super::operation_builder::{OperationBuilder, reference, same_name};
use super::schema::{
    array_of, count, integer, lenient_object, page_limit, strict_object, text, with_default,
};

pub(super) fn create(limits: &Limits) -> OperationBuilder {
    let max = limits.max_messages_per_claim_or_pop;
    let by_id = [same_name(DestinationKind::Queue), ("message_id", "$response.body#/messages/0/id")];
    OperationBuilder::new("claims", "create_claim", "Claims messages of a queue.")
        .description(
            "Claims the first free messages. Other consumers do not get them for `ttl` seconds. A message that would \
             expire earlier lives until `grace` seconds after the end of the claim.",
        )
        .query("limit", page_limit(max), "Maximum number of items.")
        .optional_body("NewClaim", json!({ "ttl": 300, "grace": 60 }))
        .response(201, "The claimed messages.", "ClaimedMessages")
        .location(201, "The path of the claim.")
        .empty_response(204, "There are no messages to claim.")
        .link(201, "get_message", &by_id)
        .link(201, "delete_message", &by_id)
}

pub(super) fn get() -> OperationBuilder {
    OperationBuilder::new("claims", "get_claim", "Shows a claim with its messages.")
        .response(200, "The claim.", "Claim")
        .error(404, "The claim does not exist or has expired.")
}

pub(super) fn update() -> OperationBuilder {
    OperationBuilder::new("claims", "update_claim", "Renews a claim.")
        .description("The claim starts over with these terms.")
        .body("ClaimRenewal", json!({ "ttl": 300, "grace": 60 }))
        .empty_response(204, "Renewed.")
        .error(404, "The claim does not exist or has expired.")
}

pub(super) fn delete() -> OperationBuilder {
    OperationBuilder::new("claims", "delete_claim", "Releases a claim.")
        .description("Its remaining messages are free immediately.")
        .empty_response(204, "Released, or did not exist.")
}

pub(super) fn schemas(limits: &Limits) -> Vec<(&'static str, Value)> {
    let terms = |min_grace: u32| {
        let ttl = integer(MIN_CLAIM_TTL.into(), limits.max_claim_ttl);
        let grace = integer(min_grace.into(), limits.max_claim_grace);
        lenient_object(&[
            ("ttl", with_default(ttl, limits.default_claim_ttl)),
            ("grace", with_default(grace, limits.default_claim_grace)),
        ])
    };
    let messages = array_of(reference("schemas", "Message"));
    vec![
        ("NewClaim", terms(MIN_CLAIM_GRACE)),
        ("ClaimRenewal", terms(0)),
        ("ClaimedMessages", strict_object(&[("messages", messages.clone())])),
        (
            "Claim",
            strict_object(&[("age", count()), ("ttl", count()), ("messages", messages), ("href", text())]),
        ),
    ]
}
