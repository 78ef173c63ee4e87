//! The rows of queues that are moving between pools. There are few at a time.

use serde::{Deserialize, Serialize};
use zaqar_model::{
    Destination, DestinationKind, DestinationNumber, PoolName, ProjectId, QueueMove, QueueName, ServerId,
    Timestamp,
};

use super::{BadRow, Row};

/// A move, and the server that carries it out.
#[derive(Clone, PartialEq)]
pub(in crate::management) struct NotedMove {
    pub(in crate::management) noted: QueueMove,
    /// Who has taken it, and until when.
    pub(in crate::management) owner: Option<(ServerId, Timestamp)>,
}

#[derive(Serialize, Deserialize)]
struct Owner {
    server: String,
    until: u64,
}

#[derive(Serialize, Deserialize)]
struct Value {
    topic: bool,
    #[serde(default)]
    confirmations: bool,
    project: String,
    name: String,
    to: Option<String>,
    pools: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
}

impl Row for NotedMove {
    const TABLE: &'static str = "moves";

    fn key(&self) -> Vec<u8> {
        key(self.noted.queue.number).into()
    }

    fn group(&self) -> Option<Vec<u8>> {
        None
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let QueueMove { queue, to, pools, attempt } = &self.noted;
        serde_json::to_vec(&Value {
            topic: queue.kind == DestinationKind::Topic,
            confirmations: queue.kind == DestinationKind::Confirmations,
            project: queue.project.to_string(),
            name: queue.name.to_string(),
            to: to.as_ref().map(ToString::to_string),
            pools: pools.iter().map(ToString::to_string).collect(),
            attempt: attempt.map(|id| id.to_string()),
            owner: self
                .owner
                .map(|(server, until)| Owner { server: server.to_string(), until: until.as_millis() }),
        })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let value: Value = serde_json::from_slice(value)?;
        let kind = match (value.topic, value.confirmations) {
            (false, false) => DestinationKind::Queue,
            (true, _) => DestinationKind::Topic,
            (false, true) => DestinationKind::Confirmations,
        };
        let queue = Destination {
            kind,
            project: ProjectId::new(&value.project)?,
            name: QueueName::new(&value.name)?,
            number: DestinationNumber::new(u64::from_be_bytes(key.try_into()?)),
        };
        let to = value.to.as_deref().map(PoolName::new).transpose()?;
        let pools = value.pools.iter().map(|name| PoolName::new(name)).collect::<Result<_, _>>()?;
        let owner = match value.owner {
            Some(Owner { server, until }) => Some((server.parse()?, Timestamp::from_millis(until))),
            None => None,
        };
        let attempt = value.attempt.as_deref().map(str::parse).transpose()?;
        Ok(Self { noted: QueueMove { queue, to, pools, attempt }, owner })
    }
}

pub(in crate::management) const fn key(queue: DestinationNumber) -> [u8; 8] {
    queue.get().to_be_bytes()
}
