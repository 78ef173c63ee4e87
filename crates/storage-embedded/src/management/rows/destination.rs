//! The rows of queues and topics.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zaqar_model::{Destination, DestinationKind, DestinationNumber, ProjectId, Queue, QueueName};

use super::{BadRow, Row, from_json, to_json};

/// Separates project and name. Neither can contain it, and it sorts before all their characters.
const SEPARATOR: u8 = 0;

#[derive(Serialize, Deserialize)]
struct Value {
    number: u64,
    revision: u64,
    metadata: Box<RawValue>,
}

impl Row for Queue {
    const TABLE: &'static str = "destinations";

    fn key(&self) -> Vec<u8> {
        key(self.destination.kind, &self.destination.project, &self.destination.name)
    }

    fn group(&self) -> Option<Vec<u8>> {
        Some(group(self.destination.kind, &self.destination.project))
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Value {
            number: self.destination.number.get(),
            revision: self.revision,
            metadata: to_json(&self.metadata)?,
        })
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let (kind, project, name) = read_key(key)?;
        let value: Value = serde_json::from_slice(value)?;
        let number = DestinationNumber::new(value.number);
        Ok(Self {
            destination: Destination { kind, project, name, number },
            metadata: from_json(&value.metadata)?,
            revision: value.revision,
        })
    }
}

/// The prefix of the keys of a project's queues.
pub(in crate::management) fn group(kind: DestinationKind, project: &ProjectId) -> Vec<u8> {
    let mut key = Vec::with_capacity(project.as_str().len() + QueueName::MAX_LENGTH + 2);
    key.push(match kind {
        DestinationKind::Queue => b'q',
        DestinationKind::Topic => b't',
        DestinationKind::Confirmations => b'c',
    });
    key.extend_from_slice(project.as_str().as_bytes());
    key.push(SEPARATOR);
    key
}

pub(in crate::management) fn key(kind: DestinationKind, project: &ProjectId, name: &QueueName) -> Vec<u8> {
    let mut key = group(kind, project);
    key.extend_from_slice(name.as_str().as_bytes());
    key
}

fn read_key(key: &[u8]) -> Result<(DestinationKind, ProjectId, QueueName), BadRow> {
    let (kind, rest) = match key {
        [b'q', rest @ ..] => (DestinationKind::Queue, rest),
        [b't', rest @ ..] => (DestinationKind::Topic, rest),
        [b'c', rest @ ..] => (DestinationKind::Confirmations, rest),
        _ => return Err("a key of unknown kind".into()),
    };
    let (project, name) =
        std::str::from_utf8(rest)?.split_once(char::from(SEPARATOR)).ok_or("no name in the key")?;
    Ok((kind, ProjectId::new(project)?, QueueName::new(name)?))
}
