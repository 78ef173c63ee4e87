//! Where a queue is that moves from one store to another. The log knows nothing of it: a process that opens the store has
//! nobody yet who goes by an old entry of the catalogue, and its movers begin anew.

use zaqar_model::MoveId;
use zaqar_storage::{StorageError, StorageResult};

/// What the store knows of the moves of a queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transit {
    /// The latest mover that was heard of.
    mover: Option<MoveId>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is in use here.
    #[default]
    InUse,
    Exporting,
    Sealed,
    /// It is elsewhere, and nothing is left of it.
    Left,
    Arriving,
    /// Everything has arrived.
    Complete,
}

impl Transit {
    pub(crate) const fn new(mover: MoveId, stage: Stage) -> Self {
        Self { mover: Some(mover), stage }
    }

    pub(crate) const fn stage(self) -> Stage {
        self.stage
    }

    /// Whether the queue lives in another store: all calls about it are refused.
    pub(crate) const fn is_elsewhere(self) -> bool {
        !matches!(self.stage, Stage::InUse | Stage::Exporting)
    }

    /// The same mover at another stage.
    pub(crate) const fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// Refuses a mover that was overtaken.
    pub(crate) fn hear_of(self, mover: MoveId) -> StorageResult<()> {
        if self.mover.is_some_and(|latest| mover < latest) {
            return Err(StorageError::Conflict("another mover has taken over"));
        }
        Ok(())
    }

    pub(crate) fn is_exported_by(self, mover: MoveId) -> bool {
        self.mover == Some(mover) && matches!(self.stage, Stage::Exporting | Stage::Sealed)
    }

    pub(crate) fn is_imported_by(self, mover: MoveId) -> bool {
        self.mover == Some(mover) && matches!(self.stage, Stage::Arriving | Stage::Complete)
    }
}
