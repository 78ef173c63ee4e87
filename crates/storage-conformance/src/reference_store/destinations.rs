//! Queues and topics: their names, metadata and numbers.

use std::sync::Arc;

use zaqar_model::{Destination, DestinationKind, Metadata, Page, PageRequest, ProjectId, Queue, QueueName};
use zaqar_storage::{Created, Destinations, StorageError, StorageResult};

use super::{ReferenceStore, State, page_of};
use crate::samples::random_number;

#[async_trait::async_trait]
impl Destinations for ReferenceStore {
    async fn create(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
        metadata: Metadata,
    ) -> StorageResult<Created> {
        let mut state = self.state()?;
        let key = (kind, project.clone(), name.clone());
        if let Some(queue) = state.queues.get(&key) {
            return Ok(Created::Existing(Arc::clone(queue)));
        }
        let mut number = random_number();
        while !state.numbers_ever_allotted.insert(number) {
            number = random_number();
        }
        let destination = Destination { kind, project: project.clone(), name: name.clone(), number };
        let queue = Arc::new(Queue { destination, metadata, revision: 0 });
        state.queues.insert(key, Arc::clone(&queue));
        Ok(Created::New(queue))
    }

    async fn find(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        Ok(self.state()?.queues.get(&(kind, project.clone(), name.clone())).cloned())
    }

    async fn set_metadata(&self, seen: &Queue, metadata: Metadata) -> StorageResult<Arc<Queue>> {
        let mut state = self.state()?;
        let Destination { kind, project, name, number } = seen.destination.clone();
        let queue = state
            .queues
            .get_mut(&(kind, project, name))
            .filter(|queue| queue.destination.number == number)
            .ok_or(StorageError::NotFound("queue"))?;
        if queue.revision != seen.revision {
            return Err(StorageError::Conflict("the queue was changed meanwhile"));
        }
        *queue =
            Arc::new(Queue { destination: seen.destination.clone(), metadata, revision: seen.revision + 1 });
        Ok(Arc::clone(queue))
    }

    async fn delete(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        Ok(self.state()?.queues.remove(&(kind, project.clone(), name.clone())))
    }

    async fn list(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        page: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>> {
        let state = self.state()?;
        let queues = queues_of(&state, kind, project).cloned();
        Ok(page_of(queues, |queue| queue.destination.name.clone(), page))
    }

    async fn count(&self, kind: DestinationKind, project: &ProjectId) -> StorageResult<u64> {
        let state = self.state()?;
        Ok(queues_of(&state, kind, project).map(|_| 1).sum())
    }
}

/// In the order of their names.
fn queues_of<'a>(
    state: &'a State,
    kind: DestinationKind,
    project: &'a ProjectId,
) -> impl Iterator<Item = &'a Arc<Queue>> {
    state
        .queues
        .values()
        .filter(move |queue| queue.destination.kind == kind && queue.destination.project == *project)
}
