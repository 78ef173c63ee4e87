//! Queues and topics.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zaqar_model::{
    Destination, DestinationKind, DestinationNumber, Metadata, Page, PageRequest, ProjectId, Queue, QueueName,
};
use zaqar_storage::{Created, Destinations, QueueFilter, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::rows::{BadRow, Row, Rows, Tables, from_json, to_json};

/// Between a project and a name. It stands in neither, and before every character that does.
const SEPARATOR: u8 = 0;

/// How many queues a listing looks at in one go. Between them it gives way to others.
const STRIDE: usize = 256;

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

    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
        &mut tables.queues
    }
}

/// What the keys of a project's queues begin with.
fn group(kind: DestinationKind, project: &ProjectId) -> Vec<u8> {
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

fn key(kind: DestinationKind, project: &ProjectId, name: &QueueName) -> Vec<u8> {
    let mut key = group(kind, project);
    key.extend_from_slice(name.as_str().as_bytes());
    key
}

fn read_key(key: &[u8]) -> Result<(DestinationKind, ProjectId, QueueName), BadRow> {
    let (kind, rest) = match key {
        [b'q', rest @ ..] => (DestinationKind::Queue, rest),
        [b't', rest @ ..] => (DestinationKind::Topic, rest),
        [b'c', rest @ ..] => (DestinationKind::Confirmations, rest),
        _ => return Err("a key of no kind".into()),
    };
    let (project, name) =
        std::str::from_utf8(rest)?.split_once(char::from(SEPARATOR)).ok_or("no name in the key")?;
    Ok((kind, ProjectId::new(project)?, QueueName::new(name)?))
}

const fn what(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Queue => "queue",
        DestinationKind::Topic => "topic",
        DestinationKind::Confirmations => "confirmations",
    }
}

#[async_trait::async_trait]
impl Destinations for EmbeddedManagementStore {
    async fn create(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
        metadata: Metadata,
    ) -> StorageResult<Created> {
        if let Some(queue) = self.find(kind, project, name).await? {
            return Ok(Created::Existing(queue));
        }
        let ids = Arc::clone(&self.ids);
        let (project, name) = (project.clone(), name.clone());
        self.write(move |draft| {
            if let Some(queue) = draft.tables().queues.get(&key(kind, &project, &name)) {
                return Ok(Created::Existing(queue));
            }
            let number = draft.allot_number(&*ids)?;
            let destination = Destination { kind, project, name, number };
            let put = draft.put(Queue { destination, metadata, revision: 0 });
            put.map(Created::New).inspect_err(|_| draft.return_number(number))
        })
        .await
    }

    async fn find(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        let key = key(kind, project, name);
        self.read(|tables| tables.queues.get(&key))
    }

    async fn set_metadata(&self, seen: &Queue, metadata: Metadata) -> StorageResult<Arc<Queue>> {
        let Destination { kind, number, .. } = seen.destination;
        let (key, revision) = (seen.key(), seen.revision);
        self.write(move |draft| {
            let current = draft.tables().queues.get(&key).filter(|queue| queue.destination.number == number);
            let current = current.ok_or(StorageError::NotFound(what(kind)))?;
            if current.revision != revision {
                return Err(StorageError::Conflict("the metadata was changed meanwhile"));
            }
            let destination = current.destination.clone();
            draft.put(Queue { destination, metadata, revision: revision + 1 })
        })
        .await
    }

    async fn delete(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        let key = key(kind, project, name);
        self.write(move |draft| {
            let queue = draft.remove::<Queue>(&key);
            if let Some(queue) = &queue {
                draft.return_number(queue.destination.number);
            }
            Ok(queue)
        })
        .await
    }

    async fn list(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        filter: &QueueFilter,
        page: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>> {
        let group = group(kind, project);
        let mut marker = page.marker.as_ref().map(|name| key(kind, project, name));
        let mut items: Vec<Arc<Queue>> = Vec::new();
        while items.len() < page.limit {
            let some = self.read(|tables| tables.queues.page(&group, marker.as_deref(), STRIDE))?;
            let Some(last) = some.last() else { break };
            marker = Some(last.key());
            let missing = page.limit - items.len();
            items.extend(some.into_iter().filter(|queue| filter.matches(queue)).take(missing));
            tokio::task::yield_now().await;
        }
        let next = items.last().map(|queue| queue.destination.name.clone());
        Ok(Page { items, next })
    }

    async fn count(&self, kind: DestinationKind, project: &ProjectId) -> StorageResult<u64> {
        let group = group(kind, project);
        self.read(|tables| tables.queues.count(&group))
    }
}
