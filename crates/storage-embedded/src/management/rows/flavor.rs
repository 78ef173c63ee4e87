//! The rows of flavors.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zaqar_model::{Flavor, FlavorName, ProjectId};

use super::{BadRow, Row, from_json, to_json};

#[derive(Serialize, Deserialize)]
struct Value {
    project: String,
    capabilities: Box<RawValue>,
}

impl Row for Flavor {
    const TABLE: &'static str = "flavors";

    fn key(&self) -> Vec<u8> {
        key(&self.name)
    }

    fn group(&self) -> Option<Vec<u8>> {
        None
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Value {
            project: self.project.to_string(),
            capabilities: to_json(&self.capabilities)?,
        })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let value: Value = serde_json::from_slice(value)?;
        Ok(Self {
            name: FlavorName::new(std::str::from_utf8(key)?)?,
            project: ProjectId::new(&value.project)?,
            capabilities: from_json(&value.capabilities)?,
        })
    }
}

pub(in crate::management) fn key(name: &FlavorName) -> Vec<u8> {
    name.as_str().into()
}
