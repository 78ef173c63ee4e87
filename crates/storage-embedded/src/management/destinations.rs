//! Queues and topics.

use std::sync::Arc;

use zaqar_model::{Destination, DestinationKind, Metadata, Page, PageRequest, ProjectId, Queue, QueueName};
use zaqar_storage::{Created, Destinations, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::rows::Row;
use super::rows::destination::{group, key};

/// Maximum number of queues that a listing reads under one lock.
const STRIDE: usize = 256;

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
        self.write(move |staged| {
            if let Some(queue) = staged.tables().queues.get(&key(kind, &project, &name)) {
                return Ok(Created::Existing(queue));
            }
            let number = staged.allot_number(&*ids)?;
            let destination = Destination { kind, project, name, number };
            let put = staged.put(Queue { destination, metadata, revision: 0 });
            put.map(Created::New).inspect_err(|_| staged.return_number(number))
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
        self.write(move |staged| {
            let current = staged.tables().queues.get(&key).filter(|queue| queue.destination.number == number);
            let current = current.ok_or(StorageError::NotFound(what(kind)))?;
            if current.revision != revision {
                return Err(StorageError::Conflict("the metadata was changed meanwhile"));
            }
            let destination = current.destination.clone();
            staged.put(Queue { destination, metadata, revision: revision + 1 })
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
        self.write(move |staged| {
            let queue = staged.remove::<Queue>(&key);
            if let Some(queue) = &queue {
                staged.return_number(queue.destination.number);
            }
            Ok(queue)
        })
        .await
    }

    async fn list(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        page: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>> {
        let group = group(kind, project);
        let mut items: Vec<Arc<Queue>> = Vec::new();
        while items.len() < page.limit {
            let marker = items.last().map(|queue| &queue.destination.name).or(page.marker.as_ref());
            let marker = marker.map(|name| key(kind, project, name));
            let some = STRIDE.min(page.limit - items.len());
            let some = self.read(|tables| tables.queues.page(&group, marker.as_deref(), some))?;
            let is_end = some.len() < STRIDE;
            items.extend(some);
            if is_end {
                break;
            }
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
