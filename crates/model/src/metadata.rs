//! What a client attaches to a queue or a topic.

use serde_json::{Map, Value};

/// A JSON object in the order in which its members were given. Members whose names begin with `_` are reserved: they
/// steer the queue, and the domain checks them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    pub const fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    pub const fn members_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    pub fn into_members(self) -> Map<String, Value> {
        self.0
    }
}
