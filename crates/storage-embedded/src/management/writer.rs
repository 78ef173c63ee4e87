//! The one thread that writes: it decides the waiting jobs, commits them together, publishes the result, and replies.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::RwLock;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use zaqar_storage::{StorageError, StorageResult};

use super::error::OpenError;
use super::file::RecordFile;
use super::reserve::Reserve;
use super::staged::{RowChange, StagedTables};
use super::tables::Tables;

/// Maximum number of jobs in a commit.
const BATCH: usize = 512;

/// Decides about one change, unless it gets a reason to refuse. The result replies to the caller, given the outcome
/// of the commit.
pub(super) type Job = Box<dyn FnOnce(StorageResult<&mut StagedTables>) -> Answer + Send>;

type Answer = Box<dyn FnOnce(&Result<(), CommitError>) + Send>;

/// Returns a job and the receiver of its reply. There is no reply if the store is closed.
pub(super) fn job<T: Send + 'static>(
    decide: impl FnOnce(&mut StagedTables) -> StorageResult<T> + Send + 'static,
) -> (Job, oneshot::Receiver<StorageResult<T>>) {
    let (sender, answer) = oneshot::channel();
    let job = move |staged: StorageResult<&mut StagedTables>| -> Answer {
        let decision = staged.and_then(decide);
        Box::new(move |committed| {
            let answer = match committed {
                Ok(()) => decision,
                Err(failure) => Err(failure.to_error()),
            };
            // The caller may have gone away.
            let _ = sender.send(answer);
        })
    };
    (Box::new(job), answer)
}

/// Why a commit failed.
#[derive(Debug)]
pub(super) enum CommitError {
    /// Nothing was written: it can be tried again.
    NotWritten(String),
    /// It is unknown what was written.
    Unknown(String),
}

impl CommitError {
    fn to_error(&self) -> StorageError {
        match self {
            Self::NotWritten(reason) => StorageError::unavailable(reason.clone()),
            Self::Unknown(reason) => StorageError::driver(reason.clone()),
        }
    }
}

/// What the writer and the readers share.
pub(super) struct SharedTables {
    /// The committed tables. `None` once the store is closed.
    tables: RwLock<Option<Tables>>,
    /// Why nothing is written: temporarily or, after a failed fsync, until a restart.
    failure: RwLock<Option<String>>,
}

impl SharedTables {
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
    StorageError::unavailable(format!("no changes are accepted since a write failed: {failure}"))
}

pub(super) struct ManagementWriter {
    file: RecordFile,
    reserve: Reserve,
    /// Ahead of the shared tables by the changes of an unsettled commit. Between two commits both are the same.
    staged: StagedTables,
    /// A commit with an unknown outcome, since the file cannot be opened.
    unsettled: Option<Vec<RowChange>>,
    shared: Arc<SharedTables>,
}

impl ManagementWriter {
    pub(super) const fn new(
        file: RecordFile,
        reserve: Reserve,
        staged: StagedTables,
        shared: Arc<SharedTables>,
    ) -> Self {
        Self { file, reserve, staged, unsettled: None, shared }
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
            let answers: Vec<Answer> = waiting.drain(..).map(|job| job(Ok(&mut self.staged))).collect();
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
            // A failure is recorded in the shared state.
            let _ = self.settle(changes);
        }
        self.staged.refuse_rows(self.reserve.keep());
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let mut changes = self.staged.take_changes();
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
        if self.settle(changes)? { Ok(()) } else { Err(CommitError::NotWritten(reason)) }
    }

    /// Reopens the file and checks whether it has these changes. Memory is then the same as the file.
    fn settle(&mut self, changes: Vec<RowChange>) -> Result<bool, CommitError> {
        let found = match self.file.reopen() {
            Ok(found) => found,
            Err(error) if !self.file.sync_failed() && is_passing(&error) => {
                let reason = error.to_string();
                tracing::error!(%error, "the management store accepts no changes for now");
                *self.shared.failure.write() = Some(reason.clone());
                self.unsettled = Some(changes);
                return Err(CommitError::Unknown(reason));
            }
            Err(error) => return Err(self.break_off(error.to_string())),
        };
        let is_written = if found == *self.staged.tables() {
            self.publish(changes);
            true
        } else if let Some(before) =
            self.shared.read(|tables| (found == *tables).then(|| tables.clone())).flatten()
        {
            self.staged = StagedTables::new(before);
            false
        } else {
            return Err(
                self.break_off("the file does not have the changes that were written to it".to_owned())
            );
        };
        *self.shared.failure.write() = None;
        Ok(is_written)
    }

    fn publish(&self, changes: Vec<RowChange>) {
        if let Some(tables) = self.shared.tables.write().as_mut() {
            for change in changes {
                (change.publish)(tables);
            }
        }
    }

    /// The file is not touched again. If it is open it stays locked, so that no other process changes it.
    fn break_off(&mut self, reason: String) -> CommitError {
        tracing::error!(reason, "the management store accepts no changes until a restart");
        *self.shared.failure.write() = Some(reason.clone());
        CommitError::Unknown(reason)
    }
}

/// Whether opening the file may succeed later.
const fn is_passing(error: &OpenError) -> bool {
    matches!(error, OpenError::Io { .. } | OpenError::InUse { .. })
}
