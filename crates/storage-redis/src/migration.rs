//! Migration: a queue moves to another store with everything in it.
//!
//! How a queue moves stands in its header, which every script reads: what has to refuse a queue that lives elsewhere does so in
//! the same step (`fence.lua`), and what changes behind an export is noted by that change (`queue.lua`).

use redis::Value;
use zaqar_model::{Destination, ExportedItem, MoveId, Timestamp};
use zaqar_storage::{ExportCursor, ExportPage, ImportStep, Migration, StorageError, StorageResult};

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::{Reply, damaged};
use crate::keys::{QueueKeys, SENT};
use crate::messages::DROPPED_KEPT;
use crate::records::destination_bytes;
use crate::scripts::{self, Script};

/// A text, since that is how the scripts compare movers.
pub(crate) fn mover_name(mover: MoveId) -> String {
    format!("{:032x}", mover.as_u128())
}

/// What a script says that was asked by a mover, with the codes of `mover.lua`.
pub(crate) fn outcome(answer: Value) -> StorageResult<i64> {
    Err(match answer.int()? {
        said @ 0.. => return Ok(said),
        -1 => StorageError::Conflict("another mover has taken over"),
        -2 => StorageError::Conflict("this mover has nothing under way here"),
        -3 => StorageError::Moved,
        -4 => StorageError::NotFound("destination"),
        -5 => StorageError::Conflict("the import has not ended"),
        -6 => StorageError::Conflict("this page was followed by another one"),
        // Whoever begins anew brings it in its place.
        -7 => StorageError::Conflict("a message comes behind one that was posted later"),
        _ => damaged(),
    })
}

impl RedisMessageStore {
    /// A step of a mover that needs no more than the queue.
    pub(crate) fn moving(
        &self,
        script: &'static Script,
        queue: &QueueKeys,
        more: &[String],
        mover: MoveId,
        now: Timestamp,
    ) -> Call {
        Call::on_queue(script, queue, more, now).arg(mover_name(mover))
    }
}

#[async_trait::async_trait]
impl Migration for RedisMessageStore {
    async fn begin_export(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        let queue = self.keys(from);
        let call = self.moving(&scripts::BEGIN_EXPORT, &queue, &[queue.name(SENT)], mover, now);
        outcome(self.write(call.arg(destination_bytes(from))).await?)?;
        self.hints.arrived(&queue);
        self.hints.due(&queue.shard);
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

    /// Each call under way is one step or several that are acknowledged together: what comes behind the seal is refused.
    async fn seal(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        let queue = self.keys(from);
        outcome(self.write(self.moving(&scripts::SEAL, &queue, &[], mover, now)).await?)?;
        self.hints.arrived(&queue);
        Ok(())
    }

    async fn abandon_export(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        let queue = self.keys(from);
        let call = self.moving(&scripts::ABANDON, &queue, &[queue.name(SENT)], mover, now);
        outcome(self.write(call).await?)?;
        self.hints.due(&queue.shard);
        Ok(())
    }

    async fn leave(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        let queue = self.keys(from);
        let call = self.moving(&scripts::GO, &queue, &queue.with_all(), mover, now);
        outcome(self.write(call.arg(destination_bytes(from)).arg(DROPPED_KEPT)).await?)?;
        self.hints.arrived(&queue);
        Ok(())
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
        let queue = self.keys(to);
        // The items may be none: the mover is looked at all the same.
        let (script, is_end) = (&scripts::END_IMPORT, step == ImportStep::End);
        let call = self.moving(script, &queue, &[], mover, now).arg(u8::from(is_end));
        outcome(self.write(call).await?).map(drop)
    }

    async fn open(&self, to: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        let queue = self.keys(to);
        outcome(self.write(self.moving(&scripts::OPEN, &queue, &[], mover, now)).await?)?;
        self.hints.arrived(&queue);
        self.hints.due(&queue.shard);
        Ok(())
    }
}
