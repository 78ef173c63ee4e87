//! The management store: queues and topics with their metadata, pools, flavors and the catalogue.
//!
//! The file `management.redb` is the record; everything in it is also held in memory, where all look-ups and listings
//! are answered from: [`find`](zaqar_storage::Destinations::find) is on the path of every message.
//!
//! A write is a function that one thread, the [`writer`], runs on a [`draft`] of the tables. Whatever waits for it is
//! decided one by one and then shares a commit; after that memory is brought up to date and the callers are answered.
//! So nothing can be seen that a crash could take back, and ten thousand queues made at once cost a few fsyncs.
//!
//! There is no relaxed setting: redb keeps a commit that is not fsynced in the memory of the process, and the contract
//! lets an acknowledged write survive at least the process.
//!
//! # When a write fails
//!
//! The file is opened again, as after a crash, and what it then has decides: if it has the commit after all, that counts,
//! otherwise its callers are told that nothing was changed, and the next write tries again. Beside the file lies a
//! [`reserve`], which is given up when the disk is full: until there is room for it again rows are only removed. A failed
//! fsync is final: what the file is then found to have need not be on the device.
//!
//! # The file
//!
//! A redb database of tables from bytes to bytes; `format` alone is from text to `u64` and has one row, `version`: 1.
//!
//! | table | key | value, in JSON |
//! | --- | --- | --- |
//! | `destinations` | `q` or `t` for a queue or a topic, project, NUL, name | `{"number", "revision", "metadata"}` |
//! | `pools` | name | `{"uri", "weight", "flavor", "options"}` |
//! | `flavors` | name | `{"project", "capabilities"}` |
//! | `catalogue` | the queue's number, 8 bytes, big endian | `{"pool"}` |
//! | `moves` | the queue's number, 8 bytes, big endian | `{"topic", "project", "name", "to", "pools"}` |
//!
//! Whoever changes the meaning of what is there raises the version; a server refuses a file with a version that it does
//! not know.

mod backend;
mod catalogue;
mod destinations;
mod draft;
mod error;
mod file;
mod flavors;
mod pools;
mod reserve;
mod rows;
mod tables;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use zaqar_model::IdSource;
use zaqar_storage::{ManagementStore, StorageError, StorageResult};

pub use self::error::OpenError;

use crate::disk::{Disk, LocalDisk};

use self::draft::Draft;
use self::file::RecordFile;
use self::reserve::Reserve;
use self::tables::Tables;
use self::writer::{Job, Shared, Writer};

/// The name of the file within the data directory.
const FILE_NAME: &str = "management.redb";

/// Keeps queues, topics, pools, flavors and the catalogue in one file of the data directory.
///
/// Dropping it waits, as [`close`](ManagementStore::close) does, for the commit that is under way.
pub struct EmbeddedManagementStore {
    path: PathBuf,
    ids: Arc<dyn IdSource>,
    shared: Arc<Shared>,
    /// `None` once the store was closed. Unbounded, since each job in it belongs to a caller who waits for it.
    jobs: Mutex<Option<UnboundedSender<Job>>>,
    /// Held across the wait in `close`, so that a second caller waits as well.
    writer: tokio::sync::Mutex<Option<JoinHandle<StorageResult<()>>>>,
}

impl EmbeddedManagementStore {
    /// Opens the store in a data directory, which is made if it is missing. Blocks, for as long as it takes to verify
    /// the file and to read it.
    pub fn open(directory: &Path, ids: Arc<dyn IdSource>) -> Result<Self, OpenError> {
        let path = directory.join(FILE_NAME);
        refuse_to_forget(directory, &path)?;
        let file = RecordFile::open(directory, &path)?;
        let reserve = Reserve::new(Arc::new(LocalDisk), directory.join(reserve::FILE_NAME));
        Self::start(path, file, reserve, ids)
    }

    fn start(
        path: PathBuf,
        file: RecordFile,
        reserve: Reserve,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self, OpenError> {
        let tables = file.load()?;
        let shared = Arc::new(Shared::new(tables.clone()));
        let (sender, jobs) = unbounded_channel();
        let writer = Writer::new(file, reserve, Draft::new(tables), Arc::clone(&shared))
            .spawn(jobs)
            .map_err(|source| OpenError::Io { path: path.clone(), source })?;
        Ok(Self {
            path,
            ids,
            shared,
            jobs: Mutex::new(Some(sender)),
            writer: tokio::sync::Mutex::new(Some(writer)),
        })
    }

    /// Looks at what has been committed. `look` is not to take long: it holds up the writer and, behind it, all others.
    fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> StorageResult<T> {
        self.shared.read(look).ok_or_else(|| self.refusal())
    }

    /// Lets the writer decide about a change and answers when that, and all that it saw, is durable.
    ///
    /// `decide` either fails or makes its changes, not both: they go into a commit with those of others.
    async fn write<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&mut Draft) -> StorageResult<T> + Send + 'static,
    ) -> StorageResult<T> {
        let (job, answer) = writer::job(decide);
        let sent = self.jobs.lock().as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if !sent {
            return Err(self.refusal());
        }
        answer.await.unwrap_or_else(|_| Err(self.refusal()))
    }

    /// Why the store does nothing any more.
    fn refusal(&self) -> StorageError {
        self.shared.failure().map_or_else(
            || StorageError::unavailable("the management store is closed"),
            |failure| writer::refusal(&failure),
        )
    }
}

#[async_trait::async_trait]
impl ManagementStore for EmbeddedManagementStore {
    async fn is_alive(&self) -> bool {
        self.shared.failure().is_none() && self.jobs.lock().as_ref().is_some_and(|jobs| !jobs.is_closed())
    }

    async fn close(&self) -> StorageResult<()> {
        let mut writer = self.writer.lock().await;
        // The writer ends when it has worked off what was sent before.
        self.jobs.lock().take();
        let Some(thread) = writer.take() else { return Ok(()) };
        tokio::task::spawn_blocking(move || join(thread)).await.map_err(StorageError::driver)?
    }
}

impl Drop for EmbeddedManagementStore {
    fn drop(&mut self) {
        self.jobs.get_mut().take();
        if let Some(Err(error)) = self.writer.get_mut().take().map(join) {
            tracing::error!(path = %self.path.display(), %error, "the management store was not closed properly");
        }
    }
}

impl fmt::Debug for EmbeddedManagementStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is in it stays out: pools have passwords in their URIs.
        f.debug_struct("EmbeddedManagementStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Without the queues nobody finds the messages, and queues made anew have other numbers: so a store is not begun beside
/// a log of messages.
fn refuse_to_forget(directory: &Path, path: &Path) -> Result<(), OpenError> {
    let failed = |path: &Path, source| OpenError::Io { path: path.to_owned(), source };
    match std::fs::metadata(path) {
        Ok(file) if file.len() > 0 => return Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(path, error)),
        _ => {}
    }
    let messages = directory.join("messages");
    let names = match LocalDisk.list(&messages) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(&messages, error)),
    };
    if !names.iter().any(|name| name.starts_with("segment-") && name.ends_with(".log")) {
        return Ok(());
    }
    let source = format!(
        "it is missing or empty, and without it no queue's messages in {} are found again. Put it back from a copy of \
         the data directory, together with that directory; or, to begin anew without those messages, move that \
         directory away",
        messages.display()
    );
    Err(OpenError::Damaged { path: path.to_owned(), source: source.into() })
}

fn join(writer: JoinHandle<StorageResult<()>>) -> StorageResult<()> {
    writer.join().unwrap_or_else(|_| Err(StorageError::driver("the writer of the management store panicked")))
}
