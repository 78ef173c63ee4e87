//! What several operations share: parameters, headers, errors, ways to say who asks.

use serde_json::{Map, Value, json};
use zaqar_domain::{ClientIdRule, Limits};
use zaqar_model::QueueName;

use super::described::reference;
use super::schema::{exactly, text, uuid};
use super::{claims, deliveries, flavors, messages, pools, queues, service, share, subscriptions};

pub(super) fn all(limits: &Limits) -> Value {
    let mut schemas = Map::new();
    schemas.insert("Error".into(), error());
    schemas.insert("Links".into(), links());
    schemas.insert("Json".into(), any_json());
    for of_noun in [
        queues::schemas(limits),
        share::schemas(),
        messages::schemas(limits),
        claims::schemas(limits),
        subscriptions::schemas(limits),
        deliveries::schemas(),
        pools::schemas(),
        flavors::schemas(),
        service::schemas(),
    ] {
        schemas.extend(of_noun.into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    }
    json!({
        "schemas": schemas,
        "parameters": { "ClientId": client_id(limits) },
        "headers": { "RequestId": request_id(), "Warning": warning() },
        "responses": responses(),
        "securitySchemes": security_schemes(),
    })
}

/// The parameters in a path's braces.
pub(super) fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(path_parameter).collect()
}

fn path_parameter(name: &str) -> Value {
    let (about, schema) = match name {
        "message_id" => ("A message's id.", id()),
        "claim_id" => ("A claim's id.", id()),
        "subscription_id" => ("A subscription's id.", id()),
        "topic_name" => ("The topic's name.", named("orders")),
        "pool_name" => ("The pool's name.", named("fast")),
        "flavor_name" => ("The flavor's name.", named("fast")),
        _ => ("The queue's name.", named("orders")),
    };
    json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema })
}

fn named(example: &str) -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": QueueName::MAX_LENGTH, "pattern": "^[a-zA-Z0-9_.-]+$",
        "examples": [example]
    })
}

/// Any text: one that is no UUID names nothing.
fn id() -> Value {
    json!({ "type": "string", "minLength": 1, "examples": ["3381af92-2b9e-11e3-b191-71861300734c"] })
}

fn client_id(limits: &Limits) -> Value {
    let schema = match limits.client_id_uuid_safe {
        ClientIdRule::Uuid => uuid(),
        ClientIdRule::AnyText => json!({
            "type": "string",
            "minLength": limits.min_length_client_id,
            "maxLength": limits.max_length_client_id,
        }),
    };
    json!({
        "name": "Client-ID", "in": "header", "required": true,
        "description": "Names the client program. It is not shown its own messages unless it asks for them.",
        "schema": schema, "example": "3381af92-2b9e-11e3-b191-71861300734c"
    })
}

fn request_id() -> Value {
    json!({
        "description": "Under this id the request stands in the log.",
        "required": true,
        "schema": { "type": "string", "pattern": "^req-[0-9a-f-]{36}$" }
    })
}

fn warning() -> Value {
    json!({
        "description": "A name in the request that nobody knows and that looks like a slip: `299 - \"…\"`. Several are \
                        told in a line each.",
        "required": false,
        "schema": { "type": "string", "pattern": "^299 - \"" }
    })
}

fn security_schemes() -> Value {
    json!({
        "project": header_key("X-Project-ID", "Where nobody is authenticated: the project that is meant."),
        "token": header_key("X-Auth-Token", "A token of Keystone, where the service authenticates by it."),
        "url_signature": header_key("URL-Signature", "Of a pre-signed URL: its signature."),
        "url_paths": header_key("URL-Paths", "Of a pre-signed URL: its paths, joined by commas."),
        "url_methods": header_key("URL-Methods", "Of a pre-signed URL: its methods, joined by commas."),
        "url_expires": header_key("URL-Expires", "Of a pre-signed URL: when it ends."),
    })
}

fn header_key(name: &str, about: &str) -> Value {
    json!({ "type": "apiKey", "in": "header", "name": name, "description": about })
}

/// One of these ways is enough.
pub(super) fn security() -> Value {
    json!([
        { "token": [] },
        { "project": [] },
        { "project": [], "url_signature": [], "url_paths": [], "url_methods": [], "url_expires": [] },
    ])
}

fn error() -> Value {
    let link = exactly(&[("text", text()), ("href", text()), ("rel", text())]);
    json!({
        "type": "object",
        "description": "Why a request was refused.",
        "properties": {
            "title": { "type": "string", "description": "What went wrong, in a few words." },
            "description": { "type": "string", "description": "What exactly, and what to change." },
            "link": link,
        },
        "required": ["title"],
        "additionalProperties": false,
        "xml": { "name": "error" },
    })
}

/// Where a listing goes on.
fn links() -> Value {
    let link = exactly(&[("rel", json!({ "const": "next" })), ("href", text())]);
    json!({
        "type": "array", "maxItems": 1, "items": link,
        "description": "A link to the next page, if there was anything on this one."
    })
}

/// What JSON can be that comes back as it was sent.
fn any_json() -> Value {
    let any = reference("schemas", "Json");
    json!({
        "description": "Any JSON value. Integers have at most 64 bits, no member's name holds a NUL.",
        "type": ["null", "boolean", "number", "string", "array", "object"],
        "items": any,
        "propertyNames": { "pattern": "^[^\\u0000]*$" },
        "additionalProperties": any,
    })
}

fn responses() -> Value {
    let answers = [
        (400, "Something in the request is wrong: the description says what."),
        (401, "The token is missing, or not valid (any more)."),
        (403, "The policy does not allow it."),
        (404, "The pre-signed URL that came with the request does not allow it."),
        (406, "`Accept` does not allow JSON."),
        (408, "The body did not arrive in time."),
        (409, "It does not fit what is there."),
        (429, "It was asked for too often."),
        (415, "The body is of a type that is not known here."),
        (500, "The service failed. The request id leads to the reason in its log."),
        (503, "A store that is needed cannot be reached now. Please try again."),
    ];
    let mut all: Map<_, _> =
        answers.iter().map(|(status, about)| (status.to_string(), refusal(*status, about))).collect();
    all.insert("Methods".to_owned(), methods());
    all.into()
}

/// The answer to OPTIONS.
fn methods() -> Value {
    json!({
        "description": "The methods of the path. What is wrong with the request is not told here.",
        "headers": {
            "x-openstack-request-id": reference("headers", "RequestId"),
            "Allow": { "description": "They, if nothing is wrong with the request.", "schema": text() },
        },
    })
}

fn refusal(status: u16, about: &str) -> Value {
    let schema = json!({ "schema": reference("schemas", "Error") });
    let mut headers = json!({
        "x-openstack-request-id": reference("headers", "RequestId"),
        "Warning": reference("headers", "Warning"),
        "Vary": { "description": "`Accept`.", "schema": text() },
    });
    if status == 401 {
        let about = "Where to get a token.";
        headers["WWW-Authenticate"] = json!({ "description": about, "schema": text() });
    }
    json!({
        "description": about,
        "headers": headers,
        "content": { "application/json": schema, "application/xml": schema, "text/xml": schema },
    })
}
