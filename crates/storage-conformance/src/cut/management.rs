//! A management store and its queues, over a line that is cut.

use std::sync::Arc;

use zaqar_model::{DestinationKind, Metadata, Page, PageRequest, ProjectId, Queue, QueueName};
use zaqar_storage::{Created, Destinations, ManagementStore, PoolRegistry, StorageError, StorageResult};

use super::CutStore;

#[async_trait::async_trait]
impl Destinations for CutStore<dyn ManagementStore> {
    /// A queue that the first attempt made exists when it is repeated.
    async fn create(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
        metadata: Metadata,
    ) -> StorageResult<Created> {
        let create = |_| self.store.create(kind, project, name, metadata.clone());
        let outcome = self.outcome("create", create).await;
        let created = outcome.result?;
        let (Created::New(queue) | Created::Existing(queue)) = &created;
        let may_be_own = outcome.is_repeated || matches!(created, Created::New(_));
        if may_be_own && self.witness.is_first_to_make(queue.destination.number) {
            return Ok(Created::New(Arc::clone(queue)));
        }
        Ok(created)
    }

    async fn find(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        self.read("find", self.store.find(kind, project, name)).await
    }

    /// A change that the first attempt made is a conflict when it is repeated.
    async fn set_metadata(&self, seen: &Queue, metadata: Metadata) -> StorageResult<Arc<Queue>> {
        let change = |_| self.store.set_metadata(seen, metadata.clone());
        let outcome = self.outcome("set_metadata", change).await;
        let (number, next) = (seen.destination.number, seen.revision + 1);
        match outcome.result {
            Ok(changed) => {
                self.witness.is_first_to_change(number, next);
                Ok(changed)
            }
            Err(StorageError::Conflict(why)) if outcome.is_repeated => {
                let own = &seen.destination;
                let now = self.uncut().find(own.kind, &own.project, &own.name).await?;
                let is_own = |now: &Arc<Queue>| now.revision == next && now.metadata == metadata;
                let changed = now.filter(|now| is_own(now) && self.witness.is_first_to_change(number, next));
                changed.ok_or(StorageError::Conflict(why))
            }
            refused => refused,
        }
    }

    /// A queue that the first attempt removed is not there when it is repeated.
    async fn delete(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        let before = self.uncut().find(kind, project, name).await?;
        let outcome = self.outcome("delete", |_| self.store.delete(kind, project, name)).await;
        let deleted = outcome.result?;
        Ok(if outcome.is_repeated { deleted.or(before) } else { deleted })
    }

    async fn list(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        page: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>> {
        self.read("list", self.store.list(kind, project, page)).await
    }

    async fn count(&self, kind: DestinationKind, project: &ProjectId) -> StorageResult<u64> {
        self.read("count", self.store.count(kind, project)).await
    }
}

#[async_trait::async_trait]
impl ManagementStore for CutStore<dyn ManagementStore> {
    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    fn pools(&self) -> Option<&dyn PoolRegistry> {
        self.store.pools().map(|_| self as _)
    }

    async fn is_alive(&self) -> bool {
        self.uncut().is_alive().await
    }

    async fn close(&self) -> StorageResult<()> {
        self.uncut().close().await
    }
}
