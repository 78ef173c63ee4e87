//! The rows of the catalogue.

use serde::{Deserialize, Serialize};
use zaqar_model::{DestinationNumber, Marker, PoolName};

use super::{BadRow, Row};

/// Which pool holds a queue.
#[derive(Clone, PartialEq)]
pub(in crate::management) struct Assignment {
    pub(in crate::management) queue: DestinationNumber,
    pub(in crate::management) at: At,
}

/// Where a queue is.
#[derive(Clone, PartialEq)]
pub(in crate::management) enum At {
    Pool(PoolName),
    /// In none: it has left one with this last position.
    Left(Marker),
}

#[derive(Serialize, Deserialize)]
struct Value {
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_at: Option<u64>,
}

impl Row for Assignment {
    const TABLE: &'static str = "catalogue";

    fn key(&self) -> Vec<u8> {
        key(self.queue).into()
    }

    fn group(&self) -> Option<Vec<u8>> {
        None
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let (pool, left_at) = match &self.at {
            At::Pool(pool) => (Some(pool.to_string()), None),
            At::Left(last) => (None, Some(last.get())),
        };
        serde_json::to_vec(&Value { pool, left_at })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let value: Value = serde_json::from_slice(value)?;
        let at = match value.pool {
            Some(pool) => At::Pool(PoolName::new(&pool)?),
            None => At::Left(Marker::new(value.left_at.unwrap_or_default())),
        };
        Ok(Self { queue: DestinationNumber::new(u64::from_be_bytes(key.try_into()?)), at })
    }
}

pub(in crate::management) const fn key(queue: DestinationNumber) -> [u8; 8] {
    queue.get().to_be_bytes()
}

impl Assignment {
    pub(in crate::management) const fn pool(&self) -> Option<&PoolName> {
        match &self.at {
            At::Pool(pool) => Some(pool),
            At::Left(_) => None,
        }
    }
}
