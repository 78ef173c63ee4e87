//! What a client attaches to a queue or a topic.

use serde_json::{Map, Value};

/// A JSON object in the order in which its members were given. Members whose names begin with `_` are reserved: they
/// steer the queue, and the domain checks them. A `null` that a client gave in its place is kept as that, and has no
/// members.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    members: Map<String, Value>,
    is_null: bool,
}

impl Metadata {
    pub const fn new(members: Map<String, Value>) -> Self {
        Self { members, is_null: false }
    }

    /// `null` in the place of an object.
    pub fn null() -> Self {
        Self { members: Map::new(), is_null: true }
    }

    /// An object or `null`; `None` of any other value.
    pub fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::null()),
            Value::Object(members) => Some(Self::new(members)),
            _ => None,
        }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// For whoever puts members into it: then it is an object.
    pub const fn members_mut(&mut self) -> &mut Map<String, Value> {
        self.is_null = false;
        &mut self.members
    }

    pub fn into_members(self) -> Map<String, Value> {
        self.members
    }

    /// As the client gave it.
    pub fn into_value(self) -> Value {
        if self.is_null { Value::Null } else { Value::Object(self.members) }
    }
}
