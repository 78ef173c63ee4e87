//! The one thread that writes: decides what waits, commits it together, publishes it, answers.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::RwLock;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use zaqar_storage::{StorageError, StorageResult};

use super::draft::{Change, Draft};
use super::error::OpenError;
use super::file::RecordFile;
use super::reserve::Reserve;
use super::tables::Tables;

/// How many jobs share a commit at most.
const BATCH: usize = 512;

/// Decides about one change, unless it is given why nothing is decided. What it returns tells the caller, once the
/// commit has gone well or not.
pub(super) type Job = Box<dyn FnOnce(StorageResult<&mut Draft>) -> Answer + Send>;

type Answer = Box<dyn FnOnce(&Result<(), Failure>) + Send>;

/// A job, and where its answer will come. None will if the store was closed.
pub(super) fn job<T: Send + 'static>(
    decide: impl FnOnce(&mut Draft) -> StorageResult<T> + Send + 'static,
) -> (Job, oneshot::Receiver<StorageResult<T>>) {
    let (sender, answer) = oneshot::channel();
    let job = move |draft: StorageResult<&mut Draft>| -> Answer {
        let decision = draft.and_then(decide);
        Box::new(move |committed| {
            let answer = match committed {
                Ok(()) => decision,
                Err(failure) => Err(failure.to_error()),
            };
            // A caller who went away meanwhile needs no answer.
            let _ = sender.send(answer);
        })
    };
    (Box::new(job), answer)
}

/// Why a commit failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing of it was written: try again.
    NotWritten(String),
    /// What of it was written is not known.
    Unknown(String),
}

impl Failure {
    fn to_error(&self) -> StorageError {
        match self {
            Self::NotWritten(reason) => StorageError::unavailable(reason.clone()),
            Self::Unknown(reason) => StorageError::driver(reason.clone()),
        }
    }
}

/// What the writer and the readers have in common.
pub(super) struct Shared {
    /// What was committed; `None` once the store was closed.
    tables: RwLock<Option<Tables>>,
    /// Why nothing is written: for the time being or, after a failed fsync, until a restart.
    failure: RwLock<Option<String>>,
}

impl Shared {
    pub(super) const fn new(tables: Tables) -> Self {
        Self { tables: RwLock::new(Some(tables)), failure: RwLock::new(None) }
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> Option<T> {
        self.tables.read().as_ref().map(look)
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failure.read().clone()
    }
}

pub(super) fn refusal(failure: &str) -> StorageError {
    StorageError::unavailable(format!("no more is written since a write failed: {failure}"))
}

pub(super) struct Writer {
    file: RecordFile,
    reserve: Reserve,
    /// Ahead of the common tables by the changes of an unsettled commit, else the same between two commits.
    draft: Draft,
    /// A commit of which it is not known whether the file has it, as that cannot be opened.
    unsettled: Option<Vec<Change>>,
    shared: Arc<Shared>,
}

impl Writer {
    pub(super) const fn new(file: RecordFile, reserve: Reserve, draft: Draft, shared: Arc<Shared>) -> Self {
        Self { file, reserve, draft, unsettled: None, shared }
    }

    pub(super) fn spawn(self, jobs: UnboundedReceiver<Job>) -> io::Result<JoinHandle<StorageResult<()>>> {
        std::thread::Builder::new().name("zaqar-management".to_owned()).spawn(move || self.run(jobs))
    }

    fn run(mut self, mut jobs: UnboundedReceiver<Job>) -> StorageResult<()> {
        let mut waiting = Vec::new();
        self.prepare();
        while jobs.blocking_recv_many(&mut waiting, BATCH) > 0 {
            self.prepare();
            if let Some(failure) = self.shared.failure() {
                waiting.drain(..).for_each(|job| job(Err(refusal(&failure)))(&Ok(())));
                continue;
            }
            let answers: Vec<Answer> = waiting.drain(..).map(|job| job(Ok(&mut self.draft))).collect();
            let committed = self.commit();
            for answer in answers {
                answer(&committed);
            }
        }
        let closed = self.file.close();
        *self.shared.tables.write() = None;
        closed.map_err(StorageError::driver)
    }

    fn prepare(&mut self) {
        if let Some(changes) = self.unsettled.take() {
            // A failure of this is found in what is shared.
            let _ = self.settle(changes);
        }
        self.draft.refuse_rows(self.reserve.keep());
    }

    fn commit(&mut self) -> Result<(), Failure> {
        let mut changes = self.draft.take_changes();
        if changes.is_empty() {
            return Ok(());
        }
        let Err(error) = self.file.commit(&mut changes) else {
            self.publish(changes);
            return Ok(());
        };
        if self.file.sync_failed() {
            return Err(self.break_off(error.to_string()));
        }
        let mut reason = format!("the write failed and changed nothing: {error}");
        if self.file.was_full() {
            reason = format!("the disk is full and nothing was changed: {error}");
            self.reserve.give_up();
        }
        tracing::error!(%error, full = self.file.was_full(), "a commit of the management store failed");
        if self.settle(changes)? { Ok(()) } else { Err(Failure::NotWritten(reason)) }
    }

    /// Opens the file again and looks whether these changes are in it. Memory then has what the file has.
    fn settle(&mut self, changes: Vec<Change>) -> Result<bool, Failure> {
        let found = match self.file.reopen() {
            Ok(found) => found,
            Err(error) if !self.file.sync_failed() && is_passing(&error) => {
                let reason = error.to_string();
                tracing::error!(%error, "the management store is not written for now");
                *self.shared.failure.write() = Some(reason.clone());
                self.unsettled = Some(changes);
                return Err(Failure::Unknown(reason));
            }
            Err(error) => return Err(self.break_off(error.to_string())),
        };
        let is_written = if found == *self.draft.tables() {
            self.publish(changes);
            true
        } else if let Some(before) =
            self.shared.read(|tables| (found == *tables).then(|| tables.clone())).flatten()
        {
            self.draft = Draft::new(before);
            false
        } else {
            return Err(self.break_off("the file does not have what was written to it".to_owned()));
        };
        *self.shared.failure.write() = None;
        Ok(is_written)
    }

    fn publish(&self, changes: Vec<Change>) {
        if let Some(tables) = self.shared.tables.write().as_mut() {
            for change in changes {
                (change.publish)(tables);
            }
        }
    }

    /// The file is not touched again. If it is open it stays locked, so that nobody else writes what is not seen here.
    fn break_off(&mut self, reason: String) -> Failure {
        tracing::error!(reason, "the management store writes no more until a restart");
        *self.shared.failure.write() = Some(reason.clone());
        Failure::Unknown(reason)
    }
}

/// Whether opening the file may go well another time.
const fn is_passing(error: &OpenError) -> bool {
    matches!(error, OpenError::Io { .. } | OpenError::InUse { .. })
}
