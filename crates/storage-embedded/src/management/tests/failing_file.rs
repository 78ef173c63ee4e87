//! A file in memory, on a disk that is full or fails when told so.

use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use zaqar_model::RandomIds;

use crate::disk::{Disk, DiskFile};
use crate::management::EmbeddedManagementStore;
use crate::management::file::{OpenBackend, RecordFile};
use crate::management::reserve::Reserve;

const BLOCK: u64 = 4096;

#[derive(Clone, Debug, Default)]
pub(super) struct FailingFile {
    file: Arc<InMemoryBackend>,
    pub(super) sync_fails: Arc<AtomicBool>,
    pub(super) syncs: Arc<AtomicU64>,
    pub(super) disk: Arc<Mutex<Volume>>,
}

/// What the disk has room for. As on a real one, room is taken by a block's first write, not by its place in a file.
#[derive(Debug)]
pub(super) struct Volume {
    pub(super) size: u64,
    blocks: HashSet<u64>,
    pub(super) reserve: u64,
    /// These writes and changes of the length, counted from 0, fail.
    pub(super) failing: Range<u64>,
    pub(super) error: io::ErrorKind,
    done: u64,
    pub(super) is_locked: bool,
    /// The writes that fail are done nevertheless.
    pub(super) are_done: bool,
}

impl Default for Volume {
    fn default() -> Self {
        let error = io::ErrorKind::StorageFull;
        let blocks = HashSet::new();
        let size = u64::MAX;
        Self { size, blocks, reserve: 0, failing: 0..0, error, done: 0, is_locked: false, are_done: false }
    }
}

impl Volume {
    fn used(&self) -> u64 {
        self.blocks.len() as u64 * BLOCK + self.reserve
    }

    pub(super) fn fill(&mut self) {
        self.size = self.used();
    }

    pub(super) fn fail(&mut self, after: u64, times: u64, error: io::ErrorKind) {
        (self.done, self.failing, self.error) = (0, after..after + times, error);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.done > self.failing.start
    }

    fn check(&mut self) -> io::Result<()> {
        self.done += 1;
        if self.failing.contains(&(self.done - 1)) { Err(self.error.into()) } else { Ok(()) }
    }

    fn write(&mut self, offset: u64, length: u64) -> io::Result<()> {
        self.check()?;
        for block in offset / BLOCK..(offset + length).div_ceil(BLOCK) {
            if !self.blocks.contains(&block) {
                if self.used() + BLOCK > self.size {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                self.blocks.insert(block);
            }
        }
        Ok(())
    }
}

impl StorageBackend for FailingFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.check()?;
        disk.blocks.retain(|block| block * BLOCK < len);
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        if self.sync_fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is gone"));
        }
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.lock();
        let written = disk.write(offset, data.len() as u64);
        if written.is_ok() || disk.are_done {
            self.file.write(offset, data)?;
        }
        written
    }

    fn close(&self) -> io::Result<()> {
        self.disk.lock().is_locked = false;
        Ok(())
    }
}

impl FailingFile {
    pub(super) fn open(&self) -> EmbeddedManagementStore {
        let path = Path::new("in memory");
        let backend = self.clone();
        let open: OpenBackend = Box::new(move |_| {
            let was_locked = std::mem::replace(&mut backend.disk.lock().is_locked, true);
            assert!(!was_locked, "the one before was not closed");
            Ok(Box::new(backend.clone()))
        });
        let file = RecordFile::new(path, open).unwrap();
        let reserve = Reserve::new(Arc::new(self.clone()), "reserve".into());
        EmbeddedManagementStore::start(path.to_owned(), file, reserve, Arc::new(RandomIds)).unwrap()
    }

    /// The file as it is now: what a crash of the process would leave.
    pub(super) fn copy(&self) -> Self {
        let mut bytes = vec![0; usize::try_from(self.file.len().unwrap()).unwrap()];
        self.file.read(0, &mut bytes).unwrap();
        let copy = Self::default();
        copy.file.set_len(bytes.len() as u64).unwrap();
        copy.file.write(0, &bytes).unwrap();
        copy
    }
}

/// The reserve, which is the only file that is made on this disk.
impl Disk for FailingFile {
    fn create(&self, _path: &Path, size: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut disk = self.disk.lock();
        disk.reserve = 0;
        if disk.used().saturating_add(size) > disk.size {
            // All that there is of it is taken, as by a real one.
            disk.reserve = disk.size.saturating_sub(disk.used());
            return Err(io::ErrorKind::StorageFull.into());
        }
        disk.reserve = size;
        Ok(Box::new(Blank))
    }

    fn open(&self, _path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, _directory: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove(&self, _path: &Path) -> io::Result<()> {
        self.disk.lock().reserve = 0;
        Ok(())
    }

    fn sync_directory(&self, _directory: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Neither read nor written.
#[derive(Debug)]
struct Blank;

impl DiskFile for Blank {
    fn size(&self) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn write_at(&self, _bytes: &[u8], _position: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn read_at(&self, _buffer: &mut [u8], _position: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn read_cached(&self, _buffer: &mut [u8], _position: u64) -> bool {
        false
    }
}
