//! Migration: a queue goes to another store with everything in it.

mod export;
mod import;

use zaqar_model::{Destination, ExportedItem, MoveId, Timestamp};
use zaqar_storage::{ExportCursor, ExportPage, ImportStep, Migration, StorageError, StorageResult};

use super::{ReferenceStore, State};
use export::Export;

/// What a store knows of the moves of a queue.
#[derive(Debug)]
pub(super) struct Transit {
    /// The latest mover that was heard of.
    mover: MoveId,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// It is in use here.
    InUse,
    Exporting(Export),
    Sealed(Export),
    /// It is elsewhere, and nothing is left of it.
    Left,
    Arriving,
    /// Everything has arrived.
    Complete,
}

impl State {
    /// Whether a queue lives in another store, so that all calls about it are refused.
    pub(super) fn is_elsewhere(&self, queue: &Destination) -> bool {
        let stage = self.transits.get(queue).map_or(&Stage::InUse, |transit| &transit.stage);
        !matches!(stage, Stage::InUse | Stage::Exporting(_))
    }

    /// A queue that was dropped while it was elsewhere stays so.
    pub(super) fn note_dropped(&mut self, queue: &Destination) {
        if let Some(transit) = self.transits.get_mut(queue) {
            let is_elsewhere = !matches!(transit.stage, Stage::InUse | Stage::Exporting(_));
            transit.stage = if is_elsewhere { Stage::Left } else { Stage::InUse };
        }
    }

    /// Refuses a mover that was overtaken.
    fn hear_of(&mut self, mover: MoveId, queue: &Destination) -> StorageResult<&mut Transit> {
        let transit = self.transits.entry(queue.clone()).or_insert(Transit { mover, stage: Stage::InUse });
        if mover < transit.mover {
            return Err(StorageError::Conflict("another mover has taken over"));
        }
        Ok(transit)
    }

    /// The export of this mover.
    fn export(&mut self, mover: MoveId, queue: &Destination) -> Option<&mut Stage> {
        let transit = self.transits.get_mut(queue).filter(|transit| transit.mover == mover)?;
        Some(&mut transit.stage).filter(|stage| matches!(stage, Stage::Exporting(_) | Stage::Sealed(_)))
    }
}

fn not_begun() -> StorageError {
    StorageError::Conflict("this mover has nothing under way here")
}

#[async_trait::async_trait]
impl Migration for ReferenceStore {
    async fn begin_export(&self, from: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        let mut state = self.state()?;
        let is_dropped = state.dropped.contains(from);
        let transit = state.hear_of(mover, from)?;
        match transit.stage {
            Stage::Left | Stage::Arriving | Stage::Complete => return Err(StorageError::Moved),
            _ if is_dropped => return Err(StorageError::NotFound("destination")),
            _ => *transit = Transit { mover, stage: Stage::Exporting(Export::default()) },
        }
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
        let mut state = self.state()?;
        let state = &mut *state;
        let contents = state.contents.entry(from.clone()).or_default();
        let transit = state.transits.get_mut(from).filter(|transit| transit.mover == mover);
        match transit.map(|transit| &mut transit.stage) {
            Some(Stage::Exporting(export)) => Ok(export.page(contents, cursor, limit, false, now)),
            Some(Stage::Sealed(export)) => Ok(export.page(contents, cursor, limit, true, now)),
            _ => Err(not_begun()),
        }
    }

    async fn seal(&self, from: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        let mut state = self.state()?;
        let stage = state.export(mover, from).ok_or_else(not_begun)?;
        if let Stage::Exporting(export) = stage {
            *stage = Stage::Sealed(std::mem::take(export));
        }
        self.changed.notify_waiters();
        Ok(())
    }

    async fn abandon_export(&self, from: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        if let Some(stage) = self.state()?.export(mover, from) {
            *stage = Stage::InUse;
        }
        // What is owed was not leased meanwhile.
        self.owed.notify_one();
        Ok(())
    }

    async fn leave(&self, from: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        let mut state = self.state()?;
        state.hear_of(mover, from)?;
        if state.dropped.contains(from) && !state.is_elsewhere(from) {
            return Ok(());
        }
        state.contents.remove(from);
        state.dropped.insert(from.clone());
        state.transits.insert(from.clone(), Transit { mover, stage: Stage::Left });
        self.changed.notify_waiters();
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
        let mut state = self.state()?;
        if step == ImportStep::Begin {
            state.hear_of(mover, to)?;
            state.transits.insert(to.clone(), Transit { mover, stage: Stage::Arriving });
            state.dropped.remove(to);
            state.contents.remove(to);
            self.changed.notify_waiters();
        }
        let transit = state.hear_of(mover, to)?;
        if transit.mover != mover || !matches!(transit.stage, Stage::Arriving | Stage::Complete) {
            return Err(not_begun());
        }
        if step == ImportStep::End {
            transit.stage = Stage::Complete;
        }
        let contents = state.contents.entry(to.clone()).or_default();
        items.iter().for_each(|item| import::put(contents, item.clone(), now));
        Ok(())
    }

    async fn open(&self, to: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        let mut state = self.state()?;
        let transit = state.hear_of(mover, to)?;
        match transit.stage {
            Stage::Complete => *transit = Transit { mover, stage: Stage::InUse },
            Stage::Arriving => return Err(StorageError::Conflict("the import has not ended")),
            _ => {}
        }
        self.owed.notify_one();
        self.changed.notify_waiters();
        Ok(())
    }
}
