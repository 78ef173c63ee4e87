//! Pre-signed URLs.

use serde_json::{Value, json};

use super::described::Described;
use super::schema::{array_of, exactly, text};

pub(super) fn create() -> Described {
    Described::new("queues", "share_queue", "Makes a pre-signed URL for a queue.")
        .about(
            "Whoever sends what is answered, as the headers `URL-Paths`, `URL-Methods`, `URL-Expires`, \
             `URL-Signature` and `X-Project-ID`, may do what it says until it ends. Refused where the site has \
             no key to sign with.",
        )
        .body("Share", json!({ "paths": ["messages"], "methods": ["GET", "POST"] }))
        .answers(200, "What is allowed, signed.", "PresignedUrl")
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let paths = array_of(json!({ "enum": ["messages", "claims", "subscriptions"] }));
    let methods = array_of(json!({ "type": "string", "pattern": "^[^,]*$", "examples": ["GET"] }));
    let share = json!({
        "type": "object",
        "properties": {
            "paths": { "description": "What of it; messages unless told.", "anyOf": [paths, { "type": "null" }] },
            "methods": { "description": "GET unless told.", "anyOf": [methods, { "type": "null" }] },
            "expires": {
                "description": "Until when, ISO 8601, in UTC; a day from now unless told.",
                "type": ["string", "null"],
            },
        },
        "additionalProperties": false,
    });
    let url = exactly(&[
        ("paths", array_of(text())),
        ("methods", array_of(text())),
        ("project", text()),
        ("expires", text()),
        ("signature", json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })),
    ]);
    vec![("Share", share), ("PresignedUrl", url)]
}
