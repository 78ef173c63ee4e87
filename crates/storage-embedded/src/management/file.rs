//! The database file: opened, read as a whole, and written one commit at a time.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use redb::backends::FileBackend;
use redb::{
    Builder, Database, ReadTransaction, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
};
use zaqar_model::{Flavor, Pool, Queue};

use super::backend::{Faults, Watched};
use super::error::OpenError;
use super::rows::assignment::Assignment;
use super::rows::queue_move::NotedMove;
use super::staged::RowChange;
use super::tables::{Table, Tables};

/// The version that is written. There are no older ones yet.
const FORMAT_VERSION: u64 = 1;

const FORMAT: TableDefinition<&str, u64> = TableDefinition::new("format");
const VERSION: &str = "version";

/// Enough for the upper levels of the trees: rows are read from memory.
const CACHE_BYTES: usize = 16 << 20;

/// Opens the backend of redb, at the start and again after a failed write. Only the start may create a file.
pub(super) type OpenBackend = Box<dyn Fn(Opening) -> Result<Box<dyn StorageBackend>, redb::Error> + Send>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    First,
    Again,
}

pub(super) struct RecordFile {
    path: PathBuf,
    open_backend: OpenBackend,
    /// `None` if it could not be reopened.
    database: Option<Database>,
    faults: Arc<Faults>,
}

impl RecordFile {
    /// Opens the file for this process alone, and creates it if it is missing.
    pub(super) fn open(directory: &Path, path: &Path) -> Result<Self, OpenError> {
        let (directory, file) = (directory.to_owned(), path.to_owned());
        Self::new(path, Box::new(move |opening| open_backend(&directory, &file, opening)))
    }

    pub(super) fn new(path: &Path, open_backend: OpenBackend) -> Result<Self, OpenError> {
        let path = path.to_owned();
        let mut file = Self { path, open_backend, database: None, faults: Arc::default() };
        file.open_database(Opening::First)?;
        Ok(file)
    }

    /// Abandons the file as a crash would, and opens it as after one. After a failed write redb does not touch the
    /// file again, and recovers it when it is opened.
    pub(super) fn reopen(&mut self) -> Result<Tables, OpenError> {
        // Releases the lock.
        self.database = None;
        self.open_database(Opening::Again)?;
        self.load()
    }

    fn open_database(&mut self, opening: Opening) -> Result<(), OpenError> {
        let failed = |error| not_opened(&self.path, error);
        let backend = (self.open_backend)(opening).map_err(failed)?;
        let database = Builder::new()
            .set_cache_size(CACHE_BYTES)
            // All of it is read anyway, and damage is then an error here, not a panic later.
            .set_check_integrity_on_open(true)
            .create_with_backend(Watched::new(backend, Arc::clone(&self.faults)))
            .map_err(|error| failed(error.into()))?;
        match read_version(&database).map_err(failed)? {
            FORMAT_VERSION => {
                self.database = Some(database);
                Ok(())
            }
            newer if newer > FORMAT_VERSION => {
                Err(OpenError::NewerFormat { path: self.path.clone(), found: newer, known: FORMAT_VERSION })
            }
            unknown => {
                let source = format!("there is no format version {unknown}").into();
                Err(OpenError::Damaged { path: self.path.clone(), source })
            }
        }
    }

    /// Whether an fsync has ever failed: the content of the file cannot be trusted then.
    pub(super) fn sync_failed(&self) -> bool {
        self.faults.sync.load(Ordering::Relaxed)
    }

    /// Whether the last commit failed for lack of space.
    pub(super) fn was_full(&self) -> bool {
        self.faults.full.load(Ordering::Relaxed)
    }

    fn database(&self) -> Result<&Database, redb::Error> {
        self.database.as_ref().ok_or(redb::Error::DatabaseClosed)
    }

    pub(super) fn load(&self) -> Result<Tables, OpenError> {
        let mut tables = Tables::default();
        let failed = |error| not_opened(&self.path, error);
        let reading = self.database().map_err(failed)?.begin_read().map_err(|error| failed(error.into()))?;
        self.load_rows::<Queue>(&reading, &mut tables)?;
        self.load_rows::<Pool>(&reading, &mut tables)?;
        self.load_rows::<Flavor>(&reading, &mut tables)?;
        self.load_rows::<Assignment>(&reading, &mut tables)?;
        self.load_rows::<NotedMove>(&reading, &mut tables)?;
        Ok(tables)
    }

    fn load_rows<R: Table>(&self, reading: &ReadTransaction, tables: &mut Tables) -> Result<(), OpenError> {
        let failed = |error: redb::StorageError| not_opened(&self.path, error);
        let table = match reading.open_table(definition(R::TABLE)) {
            Ok(table) => table,
            // No row of this kind was ever written.
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(not_opened(&self.path, error)),
        };
        for entry in table.iter().map_err(failed)? {
            let (key, value) = entry.map_err(failed)?;
            let row = R::decode(key.value(), value.value()).map_err(|error| OpenError::Damaged {
                path: self.path.clone(),
                source: format!("{} {}: {error}", R::TABLE, key.value().escape_ascii()).into(),
            })?;
            R::rows_mut(tables).insert(key.value().into(), row.into());
        }
        Ok(())
    }

    /// Commits the changes, all or none. They are sorted by table; those of one table stay in order.
    pub(super) fn commit(&self, changes: &mut [RowChange]) -> Result<(), redb::Error> {
        changes.sort_by_key(|change| change.table);
        self.faults.full.store(false, Ordering::Relaxed);
        let transaction = self.database()?.begin_write()?;
        for changes in changes.chunk_by(|one, next| one.table == next.table) {
            let Some(first) = changes.first() else { continue };
            let mut table = transaction.open_table(definition(first.table))?;
            for change in changes {
                match &change.value {
                    Some(value) => table.insert(&*change.key, value.as_slice())?,
                    None => table.remove(&*change.key)?,
                };
            }
        }
        Ok(transaction.commit()?)
    }

    pub(super) fn close(self) -> Result<(), redb::Error> {
        match self.database.map(Database::close) {
            // What redb writes at the end only speeds up the next opening.
            Some(Err(error)) if self.faults.full.load(Ordering::Relaxed) => {
                tracing::warn!(path = %self.path.display(), %error, "the disk is full: the next start takes longer");
                Ok(())
            }
            Some(closed) => Ok(closed?),
            None => Ok(()),
        }
    }
}

const fn definition(table: &str) -> TableDefinition<'_, &'static [u8], &'static [u8]> {
    TableDefinition::new(table)
}

fn open_backend(
    directory: &Path,
    path: &Path,
    opening: Opening,
) -> Result<Box<dyn StorageBackend>, redb::Error> {
    let is_first = opening == Opening::First;
    if is_first {
        std::fs::create_dir_all(directory)?;
    }
    // Pools have passwords in their URIs: nobody else may read the file.
    let file =
        OpenOptions::new().read(true).write(true).create(is_first).truncate(false).mode(0o600).open(path)?;
    if is_first {
        // The name of a new file is durable once its directory is synced.
        File::open(directory)?.sync_all()?;
    }
    Ok(Box::new(FileBackend::new(file)?))
}

/// Returns the format version of the file, and writes it first if the file is new.
fn read_version(database: &Database) -> Result<u64, redb::Error> {
    let reading = database.begin_read()?;
    if reading.list_tables()?.next().is_some() {
        let table = reading.open_table(FORMAT)?;
        return Ok(table.get(VERSION)?.map_or(0, |version| version.value()));
    }
    let transaction = database.begin_write()?;
    transaction.open_table(FORMAT)?.insert(VERSION, FORMAT_VERSION)?;
    transaction.commit()?;
    Ok(FORMAT_VERSION)
}

fn not_opened(path: &Path, error: impl Into<redb::Error>) -> OpenError {
    let path = path.to_owned();
    match error.into() {
        redb::Error::DatabaseAlreadyOpen => OpenError::InUse { path, by: None },
        // With this kind of error redb reports that the file is not its own.
        redb::Error::Io(source) if source.kind() != io::ErrorKind::InvalidData => {
            OpenError::Io { path, source }
        }
        error => OpenError::Damaged { path, source: error.into() },
    }
}
