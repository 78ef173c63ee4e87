//! Pre-signed URLs.

use serde_json::{Value, json};

use super::operation_builder::OperationBuilder;
use super::schema::{array_of, strict_object, text};

pub(super) fn create() -> OperationBuilder {
    OperationBuilder::new("queues", "share_queue", "Creates a pre-signed URL for a queue.")
        .description(
            "A client that sends the result in the headers `URL-Paths`, `URL-Methods`, `URL-Expires`, \
             `URL-Signature` and `X-Project-ID` may make these requests until the URL expires. Rejected if no \
             signing key is configured.",
        )
        .body("Share", json!({ "paths": ["messages"], "methods": ["GET", "POST"] }))
        .response(200, "The permissions and their signature.", "PresignedUrl")
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let paths = array_of(json!({ "enum": ["messages", "claims", "subscriptions"] }));
    let methods = array_of(json!({ "type": "string", "pattern": "^[^,]*$", "examples": ["GET"] }));
    let share = json!({
        "type": "object",
        "properties": {
            "paths": { "description": "The parts of the queue. Defaults to messages.", "anyOf": [paths, { "type": "null" }] },
            "methods": { "description": "The HTTP methods. Defaults to GET.", "anyOf": [methods, { "type": "null" }] },
            "expires": {
                "description": "The expiry in ISO 8601, in UTC. Defaults to one day from now.",
                "type": ["string", "null"],
            },
        },
        "additionalProperties": false,
    });
    let url = strict_object(&[
        ("paths", array_of(text())),
        ("methods", array_of(text())),
        ("project", text()),
        ("expires", text()),
        ("signature", json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })),
    ]);
    vec![("Share", share), ("PresignedUrl", url)]
}
