//! The management store: queues and topics with their metadata, pools, flavors and the catalogue.
//!
//! The file `management.redb` is authoritative. All of it is also in memory, which serves look-ups and listings:
//! [`find`](zaqar_storage::Destinations::find) is on the path of every message.
//!
//! A write is a function that one thread, the [`writer`], runs on a [`staged`] of the tables. The waiting writes are
//! decided one by one and share a commit. Then memory is updated and the callers get their results. So nothing is
//! visible that a crash could revert, and ten thousand queues created at once cost a few fsyncs.
//!
//! There is no relaxed durability: redb holds a commit without fsync in the memory of the process, and the contract
//! requires that an acknowledged write survives at least the process.
//!
//! # When a write fails
//!
//! The file is reopened, as after a crash, and its content decides: if it has the commit, the commit counts.
//! Otherwise the callers learn that nothing was changed, and the next write tries again. Beside the file there is a
//! [`reserve`], which is removed when the disk is full: until there is space for it again, rows can only be removed.
//! A failed fsync is final: what the file seems to contain may not be on the device.
//!
//! # The file
//!
//! A redb database of tables from bytes to bytes. Only `format` maps text to `u64`, and has one row, `version`: 1.
//!
//! | table | key | value, in JSON |
//! | --- | --- | --- |
//! | `destinations` | `q` or `t` for a queue or a topic, project, NUL, name | `{"number", "revision", "metadata"}` |
//! | `pools` | name | `{"uri", "weight", "flavor", "options"}` |
//! | `flavors` | name | `{"project", "capabilities"}` |
//! | `catalogue` | the queue's number, 8 bytes, big endian | `{"pool"}`, or `{"left_at"}` of a queue that has left its pool |
//! | `moves` | the queue's number, 8 bytes, big endian | `{"topic", "project", "name", "to", "pools", "attempt", "owner"}` |
//!
//! A change of this meaning raises the version. A server refuses a file with an unknown version.

mod backend;
mod catalogue;
mod destinations;
mod error;
mod file;
mod flavors;
mod pools;
mod reserve;
mod rows;
mod staged;
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
use zaqar_storage::{ManagementStore, PoolRegistry, StorageError, StorageResult};

pub use self::error::OpenError;

use crate::DataDirectory;
use crate::disk::{Disk, LocalDisk};

use self::file::RecordFile;
use self::reserve::Reserve;
use self::staged::StagedTables;
use self::tables::Tables;
use self::writer::{Job, ManagementWriter, SharedTables};

/// The name of the file within the data directory.
const FILE_NAME: &str = "management.redb";

/// Stores queues, topics, pools, flavors and the catalogue in one file of the data directory.
///
/// Dropping it waits for the commit in progress, as [`close`](ManagementStore::close) does.
pub struct EmbeddedManagementStore {
    path: PathBuf,
    ids: Arc<dyn IdSource>,
    shared: Arc<SharedTables>,
    /// `None` once the store is closed. Unbounded, since for each job a caller waits.
    jobs: Mutex<Option<UnboundedSender<Job>>>,
    /// Locked while `close` waits, so that a second caller waits as well.
    writer: tokio::sync::Mutex<Option<JoinHandle<StorageResult<()>>>>,
    /// The lock of the data directory, if the store has a part in it: closing the store gives it up.
    data: Mutex<Option<Arc<DataDirectory>>>,
}

impl EmbeddedManagementStore {
    /// Opens the store in a data directory, and creates the directory if it is missing. Blocks while the file is
    /// verified and read.
    pub fn open(directory: &Path, ids: Arc<dyn IdSource>) -> Result<Self, OpenError> {
        let path = directory.join(FILE_NAME);
        refuse_to_forget(directory, &path)?;
        let file = RecordFile::open(directory, &path)?;
        let reserve = Reserve::new(Arc::new(LocalDisk), directory.join(reserve::FILE_NAME));
        Self::start(path, file, reserve, ids)
    }

    /// Opens a store that has a part in the lock of its data directory. Closing the store gives it up.
    pub fn open_in(data: Arc<DataDirectory>, ids: Arc<dyn IdSource>) -> Result<Self, OpenError> {
        let store = Self::open(data.path(), ids)?;
        *store.data.lock() = Some(data);
        Ok(store)
    }

    fn start(
        path: PathBuf,
        file: RecordFile,
        reserve: Reserve,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self, OpenError> {
        let tables = file.load()?;
        let shared = Arc::new(SharedTables::new(tables.clone()));
        let (sender, jobs) = unbounded_channel();
        let writer = ManagementWriter::new(file, reserve, StagedTables::new(tables), Arc::clone(&shared))
            .spawn(jobs)
            .map_err(|source| OpenError::Io { path: path.clone(), source })?;
        Ok(Self {
            path,
            ids,
            shared,
            jobs: Mutex::new(Some(sender)),
            writer: tokio::sync::Mutex::new(Some(writer)),
            data: Mutex::default(),
        })
    }

    /// Reads the committed tables. `look` must be short: it blocks the writer and, behind it, all others.
    fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> StorageResult<T> {
        self.shared.read(look).ok_or_else(|| self.refusal())
    }

    /// Lets the writer decide about a change. Returns when the change, and everything that it saw, is durable.
    ///
    /// `decide` either fails or makes its changes, not both: they share a commit with those of others.
    async fn write<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&mut StagedTables) -> StorageResult<T> + Send + 'static,
    ) -> StorageResult<T> {
        let (job, answer) = writer::job(decide);
        let sent = self.jobs.lock().as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if !sent {
            return Err(self.refusal());
        }
        answer.await.unwrap_or_else(|_| Err(self.refusal()))
    }

    /// Why the store refuses everything.
    fn refusal(&self) -> StorageError {
        self.shared.failure().map_or_else(
            || StorageError::unavailable("the management store is closed"),
            |failure| writer::refusal(&failure),
        )
    }
}

#[async_trait::async_trait]
impl ManagementStore for EmbeddedManagementStore {
    /// One process alone has the file open.
    fn is_shared(&self) -> bool {
        false
    }

    fn pools(&self) -> Option<&dyn PoolRegistry> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        self.shared.failure().is_none() && self.jobs.lock().as_ref().is_some_and(|jobs| !jobs.is_closed())
    }

    async fn close(&self) -> StorageResult<()> {
        let mut writer = self.writer.lock().await;
        // The writer ends when it has done the jobs that were sent before.
        self.jobs.lock().take();
        let Some(thread) = writer.take() else { return Ok(()) };
        let ended = tokio::task::spawn_blocking(move || join(thread)).await;
        drop(self.data.lock().take());
        ended.map_err(StorageError::driver)?
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
        // The content is omitted: pools have passwords in their URIs.
        f.debug_struct("EmbeddedManagementStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Refuses to create a store beside a log of messages: without the old queues the messages cannot be found, and new
/// queues have other numbers.
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
        "it is missing or empty, and without it the messages in {} cannot be found. Restore it from a copy of the data \
         directory, together with that directory; or, to start over without those messages, move that directory away",
        messages.display()
    );
    Err(OpenError::Damaged { path: path.to_owned(), source: source.into() })
}

fn join(writer: JoinHandle<StorageResult<()>>) -> StorageResult<()> {
    writer.join().unwrap_or_else(|_| Err(StorageError::driver("the writer of the management store panicked")))
}
