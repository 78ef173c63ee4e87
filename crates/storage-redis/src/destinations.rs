//! Queues and topics. A record is the number, the revision and the metadata.

use std::sync::Arc;

use redis::{Value, cmd};
use zaqar_model::{
    Destination, DestinationKind, DestinationNumber, Metadata, Page, PageRequest, ProjectId, Queue, QueueName,
};
use zaqar_storage::{Created, Destinations, StorageError, StorageResult};

use crate::RedisManagementStore;
use crate::calls::plain;
use crate::connection::{Reply, damaged};
use crate::fields::Fields;
use crate::management::{Listed, document_of, json, name_of, number, paged};
use crate::records::destination_bytes;
use crate::scripts;

/// How often a number is drawn that another queue has.
const TRIES: usize = 10;

const fn what(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Queue => "queue",
        DestinationKind::Topic => "topic",
        DestinationKind::Confirmations => "confirmations",
    }
}

/// Number and revision, which stand before the metadata.
fn beginning(number: DestinationNumber, revision: u64) -> Vec<u8> {
    [number.get().to_be_bytes(), revision.to_be_bytes()].concat()
}

fn queue(
    kind: DestinationKind,
    project: &ProjectId,
    name: &QueueName,
    record: &[u8],
) -> StorageResult<Arc<Queue>> {
    let mut fields = Fields(record);
    let number = DestinationNumber::new(u64::from_be_bytes(fields.take()?));
    let revision = u64::from_be_bytes(fields.take()?);
    let metadata = document_of(fields.0)?;
    let destination = Destination { kind, project: project.clone(), name: name.clone(), number };
    Ok(Arc::new(Queue { destination, metadata, revision }))
}

impl RedisManagementStore {
    /// The queues of one kind of a project.
    fn queues(&self, kind: DestinationKind, project: &ProjectId) -> Listed {
        let (kind, project) = (what(kind), project.as_str());
        self.listed(&format!("{kind}-names:{project}"), &format!("{kind}:{project}"))
    }
}

impl Listed {
    /// As the scripts have them.
    fn keys(&self) -> [String; 2] {
        [self.records.clone(), self.index.clone()]
    }
}

#[async_trait::async_trait]
impl Destinations for RedisManagementStore {
    async fn create(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
        metadata: Metadata,
    ) -> StorageResult<Created> {
        let text = json(&metadata)?;
        for _ in 0..TRIES {
            let own = DestinationNumber::new(half(self.ids.next_u128()));
            let record = [beginning(own, 0), text.clone()].concat();
            let (project, name) = (project.clone(), name.clone());
            let destination = Destination { kind, project, name, number: own };
            let (project, name) = (&destination.project, &destination.name);
            let call = self
                .call(&scripts::CREATE_QUEUE, &self.queues(kind, project).keys())
                .arg(name.as_str())
                .arg(&number(own))
                .arg(&record)
                .arg(destination_bytes(&destination));
            let mut answer = self.in_use.write(call).await?.list()?;
            match answer.next().ok_or_else(damaged)?.int()? {
                0 => {
                    let current = answer.next().ok_or_else(damaged)?.bytes()?;
                    return queue(kind, project, name, &current).map(Created::Existing);
                }
                1 => {}
                _ => return queue(kind, project, name, &record).map(Created::New),
            }
        }
        Err(StorageError::driver("the numbers that are drawn are not random"))
    }

    async fn find(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        let mut get = cmd("HGET");
        get.arg(self.queues(kind, project).records).arg(name.as_str());
        match self.in_use.read(plain(&self.keys, get)).await? {
            Value::Nil => Ok(None),
            record => queue(kind, project, name, &record.bytes()?).map(Some),
        }
    }

    async fn set_metadata(&self, seen: &Queue, metadata: Metadata) -> StorageResult<Arc<Queue>> {
        let Destination { kind, project, name, number } = &seen.destination;
        let record = [beginning(*number, seen.revision + 1), json(&metadata)?].concat();
        let call = self
            .call(&scripts::CHANGE_QUEUE, &self.queues(*kind, project).keys())
            .arg(name.as_str())
            .arg(beginning(*number, seen.revision))
            .arg(&record);
        match self.in_use.write(call).await?.int()? {
            0 => queue(*kind, project, name, &record),
            1 => Err(StorageError::Conflict("the metadata was changed meanwhile")),
            _ => Err(StorageError::NotFound(what(*kind))),
        }
    }

    async fn delete(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        let call = self.call(&scripts::REMOVE_QUEUE, &self.queues(kind, project).keys()).arg(name.as_str());
        match self.in_use.write(call).await? {
            Value::Nil => Ok(None),
            record => queue(kind, project, name, &record.bytes()?).map(Some),
        }
    }

    async fn list(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        request: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>> {
        let listed = self.queues(kind, project);
        let bytes = |name: &QueueName| name.as_str().as_bytes().to_vec();
        let read = |name: &[u8], record: &[u8]| queue(kind, project, &name_of(name, QueueName::new)?, record);
        let items = self.page(&listed, b"", request, bytes, read).await?;
        Ok(paged(items, |queue| queue.destination.name.clone()))
    }

    async fn count(&self, kind: DestinationKind, project: &ProjectId) -> StorageResult<u64> {
        let mut count = cmd("ZCARD");
        count.arg(self.queues(kind, project).index);
        self.in_use.read(plain(&self.keys, count)).await?.number()
    }
}

/// Combines both halves: the fixed bits of a UUID fall on random ones.
#[allow(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn half(id: u128) -> u64 {
    (id ^ (id >> 64)) as u64
}
