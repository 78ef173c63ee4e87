//! The one thread that writes: decides what waits, commits it together, publishes it, answers.

use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use parking_lot::RwLock;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use zaqar_storage::{StorageError, StorageResult};

use super::draft::Draft;
use super::file::RecordFile;
use super::rows::Tables;

/// How many jobs share a commit at most.
const BATCH: usize = 512;

/// Decides about one change. What it returns tells the caller, once the commit has gone well or not.
pub(super) type Job = Box<dyn FnOnce(&mut Draft) -> Answer + Send>;

type Answer = Box<dyn FnOnce(Result<(), Arc<redb::Error>>) + Send>;

/// A job, and where its answer will come. None will if the store was closed or has failed before.
pub(super) fn job<T: Send + 'static>(
    decide: impl FnOnce(&mut Draft) -> StorageResult<T> + Send + 'static,
) -> (Job, oneshot::Receiver<StorageResult<T>>) {
    let (sender, answer) = oneshot::channel();
    let job = move |draft: &mut Draft| -> Answer {
        let decision = decide(draft);
        Box::new(move |committed| {
            // A caller who went away meanwhile needs no answer.
            let _ = sender.send(committed.map_err(StorageError::driver).and(decision));
        })
    };
    (Box::new(job), answer)
}

/// What the writer and the readers have in common.
pub(super) struct Shared {
    /// What was committed; `None` once the store was closed.
    tables: RwLock<Option<Tables>>,
    /// Why nothing more is written.
    failure: OnceLock<String>,
}

impl Shared {
    pub(super) const fn new(tables: Tables) -> Self {
        Self { tables: RwLock::new(Some(tables)), failure: OnceLock::new() }
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> Option<T> {
        self.tables.read().as_ref().map(look)
    }

    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }
}

pub(super) struct Writer {
    file: RecordFile,
    draft: Draft,
    shared: Arc<Shared>,
}

impl Writer {
    pub(super) const fn new(file: RecordFile, draft: Draft, shared: Arc<Shared>) -> Self {
        Self { file, draft, shared }
    }

    pub(super) fn spawn(self, jobs: UnboundedReceiver<Job>) -> io::Result<JoinHandle<StorageResult<()>>> {
        std::thread::Builder::new().name("zaqar-management".to_owned()).spawn(move || self.run(jobs))
    }

    fn run(mut self, mut jobs: UnboundedReceiver<Job>) -> StorageResult<()> {
        let mut waiting = Vec::new();
        while jobs.blocking_recv_many(&mut waiting, BATCH) > 0 {
            if self.shared.failure().is_some() {
                waiting.clear();
                continue;
            }
            let answers: Vec<Answer> = waiting.drain(..).map(|job| job(&mut self.draft)).collect();
            let committed = self.commit().map_err(Arc::new);
            if let Err(error) = &committed {
                // What is on disk now is known only after a restart, and the draft has what may never be: all that is
                // left to do is to refuse. The file stays locked, so that nobody else writes what is not seen here.
                tracing::error!(%error, "the management store writes no more: a commit failed");
                self.shared.failure.get_or_init(|| error.to_string());
            }
            for answer in answers {
                answer(committed.clone());
            }
        }
        let closed = self.file.close();
        *self.shared.tables.write() = None;
        closed.map_err(StorageError::driver)
    }

    fn commit(&mut self) -> Result<(), redb::Error> {
        let mut changes = self.draft.take_changes();
        if changes.is_empty() {
            return Ok(());
        }
        self.file.commit(&mut changes)?;
        if let Some(tables) = self.shared.tables.write().as_mut() {
            for change in changes {
                (change.publish)(tables);
            }
        }
        Ok(())
    }
}
