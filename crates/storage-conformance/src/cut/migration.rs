//! A queue that moves over a line that is cut at every step.

use zaqar_model::{Destination, ExportedItem, MoveId, Timestamp};
use zaqar_storage::{ExportCursor, ExportPage, ImportStep, MessageStore, Migration, StorageResult};

use super::CutStore;

impl CutStore<dyn MessageStore> {
    fn mover(&self) -> &dyn Migration {
        self.store.migration().expect("queues of the store can move")
    }
}

#[async_trait::async_trait]
impl Migration for CutStore<dyn MessageStore> {
    async fn begin_export(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        self.repeat("begin_export", |_| self.mover().begin_export(from, mover, now)).await
    }

    async fn export(
        &self,
        from: &Destination,
        mover: MoveId,
        cursor: &ExportCursor,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<ExportPage> {
        self.repeat("export", |_| self.mover().export(from, mover, cursor, limit, now)).await
    }

    async fn seal(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        self.repeat("seal", |_| self.mover().seal(from, mover, now)).await
    }

    async fn abandon_export(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        self.repeat("abandon_export", |_| self.mover().abandon_export(from, mover, now)).await
    }

    async fn leave(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        self.repeat("leave", |_| self.mover().leave(from, mover, now)).await
    }

    async fn import(
        &self,
        to: &Destination,
        mover: MoveId,
        step: ImportStep,
        items: &[ExportedItem],
        now: Timestamp,
    ) -> StorageResult<()> {
        self.repeat("import", |_| self.mover().import(to, mover, step, items, now)).await
    }

    async fn open(&self, to: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        self.repeat("open", |_| self.mover().open(to, mover, now)).await
    }
}
