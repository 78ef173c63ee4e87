//! A file system that fails on command, and that remembers what a power cut would leave.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use zaqar_storage_embedded::disk::{Disk, DiskFile, LocalDisk};

/// What fails now, and what has happened.
#[derive(Debug, Default)]
pub struct Faults {
    /// No new file can be made: the disk is full.
    pub full: AtomicBool,
    /// Syncing a file reports an error, once.
    pub sync: AtomicBool,
    /// Half of a write reaches the file, then it reports an error. Once.
    pub write: AtomicBool,
    /// Writing panics: stands for a defect in the thread that writes.
    pub panic: AtomicBool,
    /// How often a file was synced.
    pub syncs: AtomicUsize,
    /// How often a retired segment came to be used again.
    pub recycled: AtomicUsize,
}

/// The machine's file system, with faults.
#[derive(Debug, Default)]
pub struct FailingDisk {
    pub faults: Arc<Faults>,
    /// Where a copy of each file is put when it is synced: what would be there after a power cut.
    pub durable: Option<PathBuf>,
}

#[derive(Debug)]
struct FailingFile {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    faults: Arc<Faults>,
    durable: Option<PathBuf>,
}

impl FailingDisk {
    fn wrap(&self, file: Box<dyn DiskFile>, path: &Path) -> Box<dyn DiskFile> {
        let (faults, durable) = (Arc::clone(&self.faults), self.durable.clone());
        Box::new(FailingFile { file, path: path.to_owned(), faults, durable })
    }
}

impl Disk for FailingDisk {
    fn create(&self, path: &Path, size: u64) -> io::Result<Box<dyn DiskFile>> {
        if self.faults.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        LocalDisk.create(path, size).map(|file| self.wrap(file, path))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        LocalDisk.open(path).map(|file| self.wrap(file, path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        LocalDisk.list(directory)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if to.ends_with("reserve.log") {
            self.faults.recycled.fetch_add(1, Ordering::SeqCst);
        }
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
        assert!(!self.faults.panic.load(Ordering::SeqCst), "a defect, by order of the test");
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
        self.faults.syncs.fetch_add(1, Ordering::SeqCst);
        self.file.sync()?;
        if let (Some(durable), Some(name)) = (&self.durable, self.path.file_name())
            && self.path.exists()
        {
            std::fs::copy(&self.path, durable.join(name))?;
        }
        Ok(())
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        self.file.read_at(buffer, position)
    }

    fn read_cached(&self, buffer: &mut [u8], position: u64) -> bool {
        self.file.read_cached(buffer, position)
    }
}
