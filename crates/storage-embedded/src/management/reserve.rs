//! Space reserved for deletions, so that they can free more on a full disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::Disk;

/// The name of the file within the data directory.
pub(super) const FILE_NAME: &str = "management.reserve";

/// Many times the size of a commit of deletions.
pub(super) const BYTES: u64 = 1 << 20;

/// A file without content that matters, removed when the disk is full and created again when there is space.
pub(super) struct Reserve {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    is_there: bool,
    /// Why the last attempt to create it failed.
    obstacle: Option<String>,
}

impl Reserve {
    pub(super) fn new(disk: Arc<dyn Disk>, path: PathBuf) -> Self {
        // One of an earlier run is still there.
        let is_there = disk.open(&path).and_then(|file| file.size()).is_ok_and(|size| size == BYTES);
        Self { disk, path, is_there, obstacle: None }
    }

    /// Creates it if it is missing. While the disk is full, returns why only deletions are accepted.
    pub(super) fn keep(&mut self) -> Option<String> {
        if self.is_there {
            return None;
        }
        match self.make() {
            Ok(()) => {
                self.is_there = true;
                if self.obstacle.take().is_some() {
                    tracing::info!("the management store has space again");
                }
                None
            }
            Err(error) => {
                let is_full = is_full(&error);
                if self.obstacle.is_none() {
                    tracing::error!(path = %self.path.display(), %error, "could not create the reserve of the management store");
                }
                let obstacle = self
                    .obstacle
                    .insert(format!("the disk is full, and only deletions are accepted: {error}"));
                // Any other obstacle does not affect the database.
                is_full.then(|| obstacle.clone())
            }
        }
    }

    /// Frees its space for the next commits.
    pub(super) fn give_up(&mut self) {
        self.is_there = false;
        match self.disk.remove(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %self.path.display(), %error, "could not remove the reserve");
            }
            _ => {}
        }
    }

    /// Only if there is the same space again: otherwise the reserve would take the space from the deletions that it
    /// was removed for.
    fn make(&self) -> io::Result<()> {
        let made = self.disk.create(&self.path, 2 * BYTES).and_then(|_| self.disk.create(&self.path, BYTES));
        made.map(drop).inspect_err(|_| {
            // A partial file must not fill the disk.
            let _ = self.disk.remove(&self.path);
        })
    }
}

pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
