//! A queue that moves over a line that is cut at every step.

use zaqar_model::{Destination, ExportedItem, MoveId, Timestamp};
use zaqar_storage::{ExportCursor, ExportPage, ImportStep, Migration, StorageError, StorageResult};

use super::cut::{CutStore, twice};

#[async_trait::async_trait]
impl Migration for CutStore {
    async fn begin_export(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.begin_export(from, mover, now))
    }

    async fn export(
        &self,
        from: &Destination,
        mover: MoveId,
        cursor: &ExportCursor,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<ExportPage> {
        twice!(self, _again => self.inner.export(from, mover, cursor, limit, now))
    }

    async fn seal(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.seal(from, mover, now))
    }

    async fn abandon_export(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.abandon_export(from, mover, now))
    }

    async fn leave(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.leave(from, mover, now))
    }

    async fn import(
        &self,
        to: &Destination,
        mover: MoveId,
        step: ImportStep,
        items: &[ExportedItem],
        now: Timestamp,
    ) -> StorageResult<()> {
        twice!(self, _again => self.inner.import(to, mover, step, items, now))
    }

    async fn open(&self, to: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        twice!(self, _again => self.inner.open(to, mover, now))
    }
}
