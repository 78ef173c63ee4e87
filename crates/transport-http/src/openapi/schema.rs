//! Small pieces of JSON Schema.

use serde_json::{Value, json};

use super::operation_builder::reference;

/// An integer between two bounds, both included.
pub(super) fn integer(min: u64, max: impl TryInto<u64>) -> Value {
    let max = max.try_into().unwrap_or(u64::MAX);
    json!({ "type": "integer", "minimum": min, "maximum": max })
}

/// The limit of a page or a claim.
pub(super) fn page_limit(max: usize) -> Value {
    with_default(integer(1, max), max.min(10))
}

pub(super) fn with_default(mut schema: Value, default: impl Into<Value>) -> Value {
    schema["default"] = default.into();
    schema
}

/// The same, or `null`.
pub(super) fn or_null(mut schema: Value) -> Value {
    let own = schema["type"].take();
    schema["type"] = json!([own, "null"]);
    schema
}

pub(super) fn boolean(default: bool) -> Value {
    json!({ "type": "boolean", "default": default })
}

pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

pub(super) fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

/// Comma-separated values.
pub(super) fn list(max: usize, example: &str) -> Value {
    let item = json!({ "type": "string", "minLength": 1, "pattern": "^[^,]+$" });
    json!({ "type": "array", "items": item, "minItems": 1, "maxItems": max, "examples": [[example]] })
}

/// An object with exactly these members.
pub(super) fn strict_object(members: &[(&str, Value)]) -> Value {
    let names: Vec<_> = members.iter().map(|(name, _)| *name).collect();
    let mut schema = object(members);
    schema["required"] = names.into();
    schema["additionalProperties"] = false.into();
    schema
}

/// An object in a request: it may have these members, and others, which are ignored. The whole document is validated,
/// so they must be valid JSON as well.
pub(super) fn lenient_object(members: &[(&str, Value)]) -> Value {
    let mut schema = object(members);
    schema["propertyNames"] = json!({ "pattern": "^[^\\u0000]*$" });
    schema["additionalProperties"] = reference("schemas", "Json");
    schema
}

/// An object that may have these members and others.
pub(super) fn object(members: &[(&str, Value)]) -> Value {
    let members: serde_json::Map<_, _> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": members })
}

pub(super) fn array_of(schema: Value) -> Value {
    let mut array = json!({ "type": "array" });
    array["items"] = schema;
    array
}
