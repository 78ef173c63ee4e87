//! The rows of pools.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zaqar_model::{FlavorName, Pool, PoolName, PoolWeight};

use super::{BadRow, Row, from_json, to_json};

#[derive(Serialize, Deserialize)]
struct Value {
    uri: String,
    weight: u32,
    flavor: Option<String>,
    options: Box<RawValue>,
}

impl Row for Pool {
    const TABLE: &'static str = "pools";

    fn key(&self) -> Vec<u8> {
        key(&self.name)
    }

    /// The flavor: one that has pools is not deleted.
    fn group(&self) -> Option<Vec<u8>> {
        self.flavor.as_ref().map(|flavor| flavor.as_str().into())
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Value {
            uri: self.uri.clone(),
            weight: self.weight.0,
            flavor: self.flavor.as_ref().map(ToString::to_string),
            options: to_json(&self.options)?,
        })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let value: Value = serde_json::from_slice(value)?;
        Ok(Self {
            name: PoolName::new(std::str::from_utf8(key)?)?,
            uri: value.uri,
            weight: PoolWeight(value.weight),
            flavor: value.flavor.as_deref().map(FlavorName::new).transpose()?,
            options: from_json(&value.options)?,
        })
    }
}

pub(in crate::management) fn key(name: &PoolName) -> Vec<u8> {
    name.as_str().into()
}
