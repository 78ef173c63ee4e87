//! Components that several operations share: parameters, headers, errors, security schemes.

use serde_json::{Map, Value, json};
use zaqar_domain::{ClientIdRule, Limits};
use zaqar_model::QueueName;

use super::operation_builder::reference;
use super::schema::{strict_object, text, uuid};
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

/// The parameters of a path.
pub(super) fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(path_parameter).collect()
}

fn path_parameter(name: &str) -> Value {
    let (description, schema) = match name {
        "message_id" => ("The id of a message.", id()),
        "claim_id" => ("The id of a claim.", id()),
        "subscription_id" => ("The id of a subscription.", id()),
        "topic_name" => ("The name of a topic.", named("orders")),
        "pool_name" => ("The name of a pool.", named("fast")),
        "flavor_name" => ("The name of a flavor.", named("fast")),
        _ => ("The name of a queue.", named("orders")),
    };
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

fn named(example: &str) -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": QueueName::MAX_LENGTH, "pattern": "^[a-zA-Z0-9_.-]+$",
        "examples": [example]
    })
}

/// Any text. A text that is not a UUID is the id of nothing.
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
        "description": "Identifies the client program. A client does not see its own messages unless it asks for them.",
        "schema": schema, "example": "3381af92-2b9e-11e3-b191-71861300734c"
    })
}

fn request_id() -> Value {
    json!({
        "description": "The id of the request in the log.",
        "required": true,
        "schema": { "type": "string", "pattern": "^req-[0-9a-f-]{36}$" }
    })
}

fn warning() -> Value {
    json!({
        "description": "An unknown name in the request that is probably misspelt: `299 - \"…\"`. Each has its own header line.",
        "required": false,
        "schema": { "type": "string", "pattern": "^299 - \"" }
    })
}

fn security_schemes() -> Value {
    json!({
        "project": header_key("X-Project-ID", "Without authentication: the project."),
        "token": header_key("X-Auth-Token", "With authentication by Keystone: a token."),
        "url_signature": header_key("URL-Signature", "The signature of a pre-signed URL."),
        "url_paths": header_key("URL-Paths", "The paths of a pre-signed URL, separated by commas."),
        "url_methods": header_key("URL-Methods", "The methods of a pre-signed URL, separated by commas."),
        "url_expires": header_key("URL-Expires", "The expiry of a pre-signed URL."),
    })
}

fn header_key(name: &str, description: &str) -> Value {
    json!({ "type": "apiKey", "in": "header", "name": name, "description": description })
}

/// One of these schemes is sufficient.
pub(super) fn security() -> Value {
    json!([
        { "token": [] },
        { "project": [] },
        { "project": [], "url_signature": [], "url_paths": [], "url_methods": [], "url_expires": [] },
    ])
}

fn error() -> Value {
    let link = strict_object(&[("text", text()), ("href", text()), ("rel", text())]);
    json!({
        "type": "object",
        "description": "The reason why a request failed.",
        "properties": {
            "title": { "type": "string", "description": "A short summary of the error." },
            "description": { "type": "string", "description": "The details of the error, and how to fix it." },
            "link": link,
        },
        "required": ["title"],
        "additionalProperties": false,
        "xml": { "name": "error" },
    })
}

/// The link to the next page of a listing.
fn links() -> Value {
    let link = strict_object(&[("rel", json!({ "const": "next" })), ("href", text())]);
    json!({
        "type": "array", "maxItems": 1, "items": link,
        "description": "The link to the next page, if this page was not empty."
    })
}

/// Any JSON that is returned as it was sent.
fn any_json() -> Value {
    let any = reference("schemas", "Json");
    json!({
        "description": "Any JSON value. Integers have at most 64 bits, and the names of members do not contain NUL.",
        "type": ["null", "boolean", "number", "string", "array", "object"],
        "items": any,
        "propertyNames": { "pattern": "^[^\\u0000]*$" },
        "additionalProperties": any,
    })
}

fn responses() -> Value {
    let descriptions = [
        (400, "The request is invalid. The description gives the reason."),
        (401, "The token is missing, invalid or expired."),
        (403, "The policy does not allow it."),
        (404, "The pre-signed URL of the request does not allow it."),
        (406, "`Accept` does not allow JSON."),
        (408, "The body did not arrive in time."),
        (409, "The request conflicts with the current state."),
        (429, "Too many requests."),
        (415, "The content type of the body is not supported."),
        (500, "Internal error. The log has the reason under the request id."),
        (503, "A store is unavailable. Please try again."),
    ];
    let mut all: Map<_, _> = descriptions
        .iter()
        .map(|(status, description)| (status.to_string(), error_response(*status, description)))
        .collect();
    all.insert("Methods".to_owned(), methods());
    all.into()
}

/// The response to OPTIONS.
fn methods() -> Value {
    json!({
        "description": "The methods of the path. Errors of the request are not reported.",
        "headers": {
            "x-openstack-request-id": reference("headers", "RequestId"),
            "Allow": { "description": "The methods, if the request is valid.", "schema": text() },
        },
    })
}

fn error_response(status: u16, description: &str) -> Value {
    let schema = json!({ "schema": reference("schemas", "Error") });
    let mut headers = json!({
        "x-openstack-request-id": reference("headers", "RequestId"),
        "Warning": reference("headers", "Warning"),
        "Vary": { "description": "`Accept`.", "schema": text() },
    });
    if status == 401 {
        let description = "The endpoint that issues tokens.";
        headers["WWW-Authenticate"] = json!({ "description": description, "schema": text() });
    }
    if status == 503 {
        let description = "Seconds after which another try may succeed, where a store is unavailable.";
        headers["Retry-After"] = json!({ "description": description, "schema": { "type": "integer" } });
    }
    json!({
        "description": description,
        "headers": headers,
        "content": { "application/json": schema, "application/xml": schema, "text/xml": schema },
    })
}
