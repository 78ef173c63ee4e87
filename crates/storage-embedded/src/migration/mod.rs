//! Migration: a queue moves to another store with everything in it.

mod export;
mod import;

use zaqar_model::{Destination, ExportedItem, MoveId, Timestamp};
use zaqar_storage::{ExportCursor, ExportPage, ImportStep, Migration, StorageError, StorageResult};

use crate::EmbeddedMessageStore;
use crate::transit::{Stage, Transit};
use crate::writer::answer;

fn not_begun() -> StorageError {
    StorageError::Conflict("this mover has nothing under way here")
}

#[async_trait::async_trait]
impl Migration for EmbeddedMessageStore {
    async fn begin_export(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        self.writer.check()?;
        let queue = self.queues.find_or_create(from).ok_or(StorageError::NotFound("queue"))?;
        let mut locked = self.queues.lock_at(&queue, now);
        locked.transit.hear_of(mover)?;
        match locked.transit.stage() {
            Stage::Left | Stage::Arriving | Stage::Complete => return Err(StorageError::Moved),
            _ if locked.is_dropped => return Err(StorageError::NotFound("queue")),
            Stage::InUse | Stage::Exporting | Stage::Sealed => {}
        }
        locked.transit = Transit::new(mover, Stage::Exporting);
        locked.index.begin_export();
        locked.index.wake_all();
        Ok(())
    }

    async fn export(
        &self,
        from: &Destination,
        mover: MoveId,
        cursor: &ExportCursor,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<ExportPage> {
        self.export_page(from, mover, cursor, limit, now).await
    }

    async fn seal(&self, from: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        let queue = self.find(from)?.ok_or_else(not_begun)?;
        let receiver = {
            let mut locked = self.queues.lock(&queue);
            if !locked.transit.is_exported_by(mover) {
                return Err(not_begun());
            }
            locked.transit = locked.transit.at(Stage::Sealed);
            queue.arrivals.notify_waiters();
            // What was submitted before is in the index when this is answered; what comes later is refused.
            self.barrier()?
        };
        answer(receiver).await
    }

    async fn abandon_export(&self, from: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        if let Some(queue) = self.find(from)? {
            let mut locked = self.queues.lock(&queue);
            if locked.transit.is_exported_by(mover) {
                locked.transit = locked.transit.at(Stage::InUse);
                locked.index.end_export();
                locked.index.wake_all();
            }
        }
        Ok(())
    }

    async fn leave(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        self.writer.check_open()?;
        // One that was dropped for good stays as it is.
        let Some(queue) = self.queues.find_or_create(from) else { return Ok(()) };
        let receiver = {
            let mut locked = self.queues.lock(&queue);
            locked.transit.hear_of(mover)?;
            self.drop_locked(&queue, &mut locked, Some(Transit::new(mover, Stage::Left)), now)?
        };
        answer(receiver).await
    }

    async fn import(
        &self,
        to: &Destination,
        mover: MoveId,
        step: ImportStep,
        items: &[ExportedItem],
        now: Timestamp,
    ) -> StorageResult<()> {
        if step == ImportStep::Begin {
            self.begin_import(to, mover, now).await?;
        }
        self.import_items(to, mover, items, now).await?;
        if step == ImportStep::End {
            let queue = self.find(to)?.ok_or_else(not_begun)?;
            let mut locked = self.arriving(&queue, mover, now)?;
            locked.transit = locked.transit.at(Stage::Complete);
        }
        Ok(())
    }

    async fn open(&self, to: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        let Some(queue) = self.find(to)? else { return Ok(()) };
        let mut locked = self.queues.lock(&queue);
        locked.transit.hear_of(mover)?;
        match locked.transit.stage() {
            Stage::Arriving => return Err(StorageError::Conflict("the import has not ended")),
            Stage::Complete => {
                locked.transit = Transit::new(mover, Stage::InUse);
                locked.index.is_arriving = false;
                locked.index.advance(now);
                locked.index.release_unneeded();
                locked.index.wake_all();
                drop(locked);
                queue.arrivals.notify_waiters();
            }
            Stage::InUse | Stage::Exporting | Stage::Sealed | Stage::Left => {}
        }
        Ok(())
    }
}
