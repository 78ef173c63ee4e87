//! Claims. Topics have none.

use serde_json::{Value, json};
use zaqar_domain::{Limits, MIN_CLAIM_GRACE, MIN_CLAIM_TTL};
use zaqar_model::DestinationKind;

use super::described::{Described, reference, same_name};
use super::schema::{array_of, count, exactly, integer, page_limit, taken, text, with_default};

pub(super) fn create(limits: &Limits) -> Described {
    let max = limits.max_messages_per_claim_or_pop;
    let by_id = [same_name(DestinationKind::Queue), ("message_id", "$response.body#/messages/0/id")];
    Described::new("claims", "create_claim", "Claims messages of a queue.")
        .about(
            "The first free ones, which other consumers then do not get for `ttl` seconds. A message that \
             would expire earlier lives until `grace` seconds after that.",
        )
        .query("limit", page_limit(max), "At most so many.")
        .optional_body("NewClaim", json!({ "ttl": 300, "grace": 60 }))
        .answers(201, "The claimed messages.", "ClaimedMessages")
        .located(201, "Where the claim is.")
        .answers_nothing(204, "There is nothing to claim.")
        .link(201, "get_message", &by_id)
        .link(201, "delete_message", &by_id)
}

pub(super) fn get() -> Described {
    Described::new("claims", "get_claim", "Shows a claim with its messages.")
        .answers(200, "The claim.", "Claim")
        .refuses(404, "There is no such claim, or it has ended.")
}

pub(super) fn update() -> Described {
    Described::new("claims", "update_claim", "Renews a claim.")
        .about("It begins anew, with these terms.")
        .body("ClaimRenewal", json!({ "ttl": 300, "grace": 60 }))
        .answers_nothing(204, "Renewed.")
        .refuses(404, "There is no such claim, or it has ended.")
}

pub(super) fn delete() -> Described {
    Described::new("claims", "delete_claim", "Ends a claim.")
        .about("What it still holds is free at once.")
        .answers_nothing(204, "It has ended, or was not there.")
}

pub(super) fn schemas(limits: &Limits) -> Vec<(&'static str, Value)> {
    let terms = |min_grace: u32| {
        let ttl = integer(MIN_CLAIM_TTL.into(), limits.max_claim_ttl);
        let grace = integer(min_grace.into(), limits.max_claim_grace);
        taken(&[
            ("ttl", with_default(ttl, limits.default_claim_ttl)),
            ("grace", with_default(grace, limits.default_claim_grace)),
        ])
    };
    let messages = array_of(reference("schemas", "Message"));
    vec![
        ("NewClaim", terms(MIN_CLAIM_GRACE)),
        ("ClaimRenewal", terms(0)),
        ("ClaimedMessages", exactly(&[("messages", messages.clone())])),
        ("Claim", exactly(&[("age", count()), ("ttl", count()), ("messages", messages), ("href", text())])),
    ]
}
