//! A patch to a queue's or topic's metadata: JSON Patch (RFC 6902) as upstream limits it. Only `add`, `remove` and `replace`, and
//! only of members of the metadata: `/metadata/<name>`.

use serde_json::Value;
use zaqar_model::{DestinationKind, Metadata};

use super::attributes;
use crate::{Error, Result};

/// Changes to apply in order, all or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch(Vec<PatchChange>);

/// A change of one member.
#[derive(Clone, Debug, PartialEq)]
pub enum PatchChange {
    Add(String, Value),
    Replace(String, Value),
    Remove(String),
}

impl Patch {
    /// Reads a patch from the operations of its document.
    pub fn new(operations: Vec<Value>) -> Result<Self> {
        operations.into_iter().map(change).collect::<Result<_>>().map(Self)
    }

    pub fn changes(&self) -> &[PatchChange] {
        &self.0
    }

    /// For stages of a pipeline, which may change them.
    pub const fn changes_mut(&mut self) -> &mut Vec<PatchChange> {
        &mut self.0
    }

    pub(super) fn apply(&self, kind: DestinationKind, metadata: &mut Metadata) -> Result<()> {
        let members = metadata.members_mut();
        for change in &self.0 {
            match change {
                PatchChange::Add(name, value) => {
                    members.insert(name.clone(), value.clone());
                }
                PatchChange::Replace(name, value) => {
                    if !members.contains_key(name) && !attributes::is_reserved(kind, name) {
                        return Err(Error::Conflict(format!("Can't replace non-existent object {name}.")));
                    }
                    members.insert(name.clone(), value.clone());
                }
                PatchChange::Remove(name) => {
                    if members.shift_remove(name).is_none() && !attributes::is_reserved(kind, name) {
                        return Err(Error::Conflict(format!("Can't remove non-existent object {name}.")));
                    }
                }
            }
        }
        Ok(())
    }
}

fn change(operation: Value) -> Result<PatchChange> {
    let Value::Object(mut operation) = operation else {
        return Err(Error::invalid("Operations must be JSON objects."));
    };
    let op = match operation.get("op") {
        None | Some(Value::Null) => {
            return Err(Error::invalid(
                "Unable to find `op` in JSON Schema change. It must be one of the following: add, remove, replace.",
            ));
        }
        Some(Value::String(op)) if matches!(op.as_str(), "add" | "remove" | "replace") => op.clone(),
        Some(op) => {
            let op = op.as_str().map_or_else(|| op.to_string(), str::to_owned);
            return Err(Error::invalid(format!(
                "Invalid operation: `{op}`. It must be one of the following: add, remove, replace."
            )));
        }
    };
    let path = match operation.get("path") {
        None => return Err(Error::invalid("Unable to find 'path' in JSON Schema change")),
        Some(Value::String(path)) => decode(path)?,
        Some(_) => return Err(Error::invalid("The path of a change must be a string.")),
    };
    let [root, name] = <[String; 2]>::try_from(path).map_err(|path| {
        Error::invalid(format!(
            "Invalid JSON pointer for this resource: '/{}, e.g /metadata/key'",
            path.join("/")
        ))
    })?;
    if op == "remove" {
        return Ok(PatchChange::Remove(name));
    }
    let Some(value) = operation.shift_remove("value") else {
        return Err(Error::invalid(format!("Operation \"{op}\" requires a member named \"value\".")));
    };
    if root.to_lowercase() != "metadata" {
        return Err(Error::invalid("The root of path must be metadata, e.g /metadata/key."));
    }
    Ok(if op == "add" { PatchChange::Add(name, value) } else { PatchChange::Replace(name, value) })
}

/// The parts of a JSON pointer (RFC 6901), with spaces around them dropped as upstream does.
fn decode(pointer: &str) -> Result<Vec<String>> {
    let wrong = |what: &str| Err(Error::invalid(format!("Pointer `{pointer}` {what}")));
    let Some(rest) = pointer.strip_prefix('/') else { return wrong("does not start with \"/\".") };
    // The last part may be empty here: that is the next complaint.
    let parts: Vec<&str> = rest.split('/').collect();
    if parts.len() > 2 && parts[1..parts.len() - 1].iter().any(|part| part.trim().is_empty()) {
        return wrong("contains adjacent \"/\".");
    }
    if pointer.len() > 1 && pointer.ends_with('/') {
        return wrong("end with \"/\".");
    }
    let mut escapes = pointer.split('~').skip(1);
    if escapes.any(|after| !after.starts_with(['0', '1'])) {
        return wrong("contains \"~\" not part of a recognized escape sequence.");
    }
    let parts = pointer.trim_start_matches('/').split('/');
    Ok(parts.map(|part| part.replace("~1", "/").replace("~0", "~").trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use serde_json::{Map, Value, json};
    use zaqar_model::{DestinationKind, Metadata};

    use super::Patch;

    fn patched(before: Value, operations: Value) -> Result<Value, String> {
        let Value::Array(operations) = operations else { panic!("not a list") };
        let Value::Object(before) = before else { panic!("not an object") };
        let mut metadata = Metadata::new(before);
        Patch::new(operations)
            .and_then(|patch| patch.apply(DestinationKind::Queue, &mut metadata))
            .map_err(|error| error.to_string())?;
        Ok(Value::Object(metadata.into_members()))
    }

    #[test]
    fn operations_apply_in_order() {
        let operations = json!([
            {"op": "add", "path": "/metadata/b", "value": 2},
            {"op": "replace", "path": "/metadata/a", "value": null},
            {"op": "add", "path": "/Metadata/~1~01", "value": {"x": 1.5}},
            {"op": "remove", "path": "/anything/b"},
            {"op": "remove", "path": "/metadata/_max_claim_count"},
            {"op": "replace", "path": "/metadata/_default_message_ttl", "value": 300},
            {"op": "add", "path": "/metadata/ spaced ", "value": 1}
        ]);
        assert_eq!(
            patched(json!({"a": 1}), operations),
            Ok(json!({"a": null, "/~1": {"x": 1.5}, "_default_message_ttl": 300, "spaced": 1}))
        );
    }

    #[test]
    fn what_is_not_there_is_neither_replaced_nor_removed() {
        let replace = json!([{"op": "replace", "path": "/metadata/zz", "value": 1}]);
        assert_eq!(patched(json!({}), replace), Err("Can't replace non-existent object zz.".into()));
        let remove = json!([{"op": "remove", "path": "/metadata/zz"}]);
        assert_eq!(patched(json!({}), remove), Err("Can't remove non-existent object zz.".into()));
    }

    #[test]
    fn faults_are_told_with_upstreams_texts() {
        let op = "Unable to find `op` in JSON Schema change. It must be one of the following: add, remove, replace.";
        for (operation, text) in [
            (json!(5), "Operations must be JSON objects."),
            (json!({}), op),
            (json!({"op": null, "path": 5}), op),
            (
                json!({"op": "x", "path": "/metadata/a"}),
                "Invalid operation: `x`. It must be one of the following: add, remove, replace.",
            ),
            (json!({"op": "add"}), "Unable to find 'path' in JSON Schema change"),
            (json!({"op": "add", "path": 5}), "The path of a change must be a string."),
            (json!({"op": "add", "path": ""}), "Pointer `` does not start with \"/\"."),
            (json!({"op": "add", "path": "metadata/a"}), "Pointer `metadata/a` does not start with \"/\"."),
            (json!({"op": "add", "path": "/metadata//a"}), "Pointer `/metadata//a` contains adjacent \"/\"."),
            (
                json!({"op": "add", "path": "/metadata/ /a"}),
                "Pointer `/metadata/ /a` contains adjacent \"/\".",
            ),
            (json!({"op": "add", "path": "/metadata/a/"}), "Pointer `/metadata/a/` end with \"/\"."),
            (json!({"op": "add", "path": "//"}), "Pointer `//` end with \"/\"."),
            (
                json!({"op": "add", "path": "/metadata/a~2"}),
                "Pointer `/metadata/a~2` contains \"~\" not part of a recognized escape sequence.",
            ),
            (
                json!({"op": "add", "path": "/metadata/a~"}),
                "Pointer `/metadata/a~` contains \"~\" not part of a recognized escape sequence.",
            ),
            (
                json!({"op": "add", "path": "/", "value": 1}),
                "Invalid JSON pointer for this resource: '/, e.g /metadata/key'",
            ),
            (
                json!({"op": "add", "path": "/a", "value": 1}),
                "Invalid JSON pointer for this resource: '/a, e.g /metadata/key'",
            ),
            (
                json!({"op": "add", "path": "/metadata/a/b", "value": 1}),
                "Invalid JSON pointer for this resource: '/metadata/a/b, e.g /metadata/key'",
            ),
            (
                json!({"op": "add", "path": "/metadata/{x}/y", "value": 1}),
                "Invalid JSON pointer for this resource: '/metadata/{x}/y, e.g /metadata/key'",
            ),
            (
                json!({"op": "add", "path": "/metadata/a"}),
                "Operation \"add\" requires a member named \"value\".",
            ),
            (
                json!({"op": "add", "path": "/a/b", "value": 1}),
                "The root of path must be metadata, e.g /metadata/key.",
            ),
        ] {
            assert_eq!(patched(json!({}), json!([operation])), Err(text.into()));
        }
    }

    proptest! {
        #[test]
        fn no_pointer_panics(pointer in any::<String>(), slashes in "[/~01 a]{0,12}") {
            for path in [pointer, slashes] {
                let operation = json!({"op": "add", "path": path, "value": 1});
                let _ = patched(Value::Object(Map::new()), json!([operation]));
            }
        }
    }
}
