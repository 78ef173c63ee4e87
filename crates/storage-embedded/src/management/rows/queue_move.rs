//! The rows of queues that are moving between pools. There are few at a time.

use serde::{Deserialize, Serialize};
use zaqar_model::{
    Destination, DestinationKind, DestinationNumber, PoolName, ProjectId, QueueMove, QueueName,
};

use super::{BadRow, Row};

#[derive(Serialize, Deserialize)]
struct Value {
    topic: bool,
    #[serde(default)]
    confirmations: bool,
    project: String,
    name: String,
    to: Option<String>,
    pools: Vec<String>,
}

impl Row for QueueMove {
    const TABLE: &'static str = "moves";

    fn key(&self) -> Vec<u8> {
        key(self.queue.number).into()
    }

    fn group(&self) -> Option<Vec<u8>> {
        None
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Value {
            topic: self.queue.kind == DestinationKind::Topic,
            confirmations: self.queue.kind == DestinationKind::Confirmations,
            project: self.queue.project.to_string(),
            name: self.queue.name.to_string(),
            to: self.to.as_ref().map(ToString::to_string),
            pools: self.pools.iter().map(ToString::to_string).collect(),
        })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let value: Value = serde_json::from_slice(value)?;
        let kind = match (value.topic, value.confirmations) {
            (false, false) => DestinationKind::Queue,
            (true, _) => DestinationKind::Topic,
            (false, true) => DestinationKind::Confirmations,
        };
        Ok(Self {
            queue: Destination {
                kind,
                project: ProjectId::new(&value.project)?,
                name: QueueName::new(&value.name)?,
                number: DestinationNumber::new(u64::from_be_bytes(key.try_into()?)),
            },
            to: value.to.as_deref().map(PoolName::new).transpose()?,
            pools: value.pools.iter().map(|name| PoolName::new(name)).collect::<Result<_, _>>()?,
        })
    }
}

pub(in crate::management) const fn key(queue: DestinationNumber) -> [u8; 8] {
    queue.get().to_be_bytes()
}
