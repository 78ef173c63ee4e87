//! The directory of the embedded stores, used by one process at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::OpenError;

/// A data directory, locked until it is dropped or the process ends.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl DataDirectory {
    /// Creates the directory if it is missing, and locks it.
    pub fn lock(path: &Path) -> Result<Self, OpenError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Io { path, source }
        };
        std::fs::create_dir_all(path).map_err(failed(path))?;
        let lock_path = path.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(failed(&lock_path))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(OpenError::InUse { path: path.to_owned(), by: read_owner(&mut lock) });
            }
            Err(error) => return Err(failed(&lock_path)(error.into())),
        }
        // Only for the error of another process: a full disk is no reason not to start.
        let _ = write_owner(&mut lock);
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Returns the id of the process that holds the lock.
fn read_owner(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_owner(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::DataDirectory;
    use crate::OpenError;

    #[test]
    fn a_second_owner_is_refused_and_told_who_has_it() {
        let directory = tempfile::tempdir().unwrap();
        let first = DataDirectory::lock(directory.path()).unwrap();
        let refused = DataDirectory::lock(directory.path()).unwrap_err();
        assert!(
            matches!(refused, OpenError::InUse { by: Some(by), .. } if by == std::process::id()),
            "{refused}"
        );
        drop(first);
        DataDirectory::lock(directory.path()).unwrap();
    }
}
