//! Room that is kept free for deletions: a full disk must not keep anybody from making room.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::Disk;

/// The name of the file within the data directory.
pub(super) const FILE_NAME: &str = "management.reserve";

/// Many times what a commit of deletions writes.
pub(super) const BYTES: u64 = 1 << 20;

/// A file that nobody reads, given up when the disk is full and made again when there is room.
pub(super) struct Reserve {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    is_there: bool,
    /// Why it was not made when that was last tried.
    obstacle: Option<String>,
}

impl Reserve {
    pub(super) fn new(disk: Arc<dyn Disk>, path: PathBuf) -> Self {
        // One from an earlier run was kept for now.
        let is_there = disk.open(&path).and_then(|file| file.size()).is_ok_and(|size| size == BYTES);
        Self { disk, path, is_there, obstacle: None }
    }

    /// Makes it if it is missing. While the disk is full, answers why only deletions are to be written.
    pub(super) fn keep(&mut self) -> Option<String> {
        if self.is_there {
            return None;
        }
        match self.make() {
            Ok(()) => {
                self.is_there = true;
                if self.obstacle.take().is_some() {
                    tracing::info!("the management store has room again");
                }
                None
            }
            Err(error) => {
                let is_full = is_full(&error);
                if self.obstacle.is_none() {
                    tracing::error!(path = %self.path.display(), %error, "no reserve for the management store");
                }
                let obstacle =
                    self.obstacle.insert(format!("the disk is full, only deletions are taken: {error}"));
                // Whatever else is in the way of it is in the way of nothing else.
                is_full.then(|| obstacle.clone())
            }
        }
    }

    /// Lets the next commits have its room.
    pub(super) fn give_up(&mut self) {
        self.is_there = false;
        match self.disk.remove(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %self.path.display(), %error, "the reserve was not removed");
            }
            _ => {}
        }
    }

    /// Only where there is as much room besides: else the reserve would be taken back from the deletions that it was
    /// given up for.
    fn make(&self) -> io::Result<()> {
        let made = self.disk.create(&self.path, 2 * BYTES).and_then(|_| self.disk.create(&self.path, BYTES));
        made.map(drop).inspect_err(|_| {
            // What there is of it must not keep the disk full.
            let _ = self.disk.remove(&self.path);
        })
    }
}

pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
