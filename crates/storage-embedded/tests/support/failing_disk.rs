//! A file system that fails on command.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zaqar_storage_embedded::disk::{Disk, DiskFile, LocalDisk};

/// What fails now.
#[derive(Debug, Default)]
pub struct Faults {
    /// No new file can be made: the disk is full.
    pub full: AtomicBool,
    /// Syncing a file reports an error, once.
    pub sync: AtomicBool,
    /// Half of a write reaches the file, then it reports an error.
    pub write: AtomicBool,
}

/// The machine's file system, with faults.
#[derive(Debug, Default)]
pub struct FailingDisk {
    pub faults: Arc<Faults>,
}

#[derive(Debug)]
struct FailingFile {
    file: Box<dyn DiskFile>,
    faults: Arc<Faults>,
}

impl FailingDisk {
    fn wrap(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(FailingFile { file, faults: Arc::clone(&self.faults) })
    }
}

impl Disk for FailingDisk {
    fn create(&self, path: &Path, size: u64) -> io::Result<Box<dyn DiskFile>> {
        if self.faults.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        LocalDisk.create(path, size).map(|file| self.wrap(file))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        LocalDisk.open(path).map(|file| self.wrap(file))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        LocalDisk.list(directory)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        LocalDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        LocalDisk.remove(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        LocalDisk.sync_directory(directory)
    }
}

impl DiskFile for FailingFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        if self.faults.write.swap(false, Ordering::SeqCst) {
            self.file.write_at(&bytes[..bytes.len() / 2], position)?;
            return Err(io::Error::other("a write failed, by order of the test"));
        }
        self.file.write_at(bytes, position)
    }

    fn sync(&self) -> io::Result<()> {
        if self.faults.sync.swap(false, Ordering::SeqCst) {
            return Err(io::Error::other("an fsync failed, by order of the test"));
        }
        self.file.sync()
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        self.file.read_at(buffer, position)
    }

    fn read_cached(&self, buffer: &mut [u8], position: u64) -> bool {
        self.file.read_cached(buffer, position)
    }
}
