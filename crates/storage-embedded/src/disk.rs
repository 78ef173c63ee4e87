//! The files of the log as a trait, so that a test can make a write, an fsync or a creation fail.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::FallocateFlags;

/// A file system.
pub trait Disk: Debug + Send + Sync {
    /// Creates a file of `size` bytes and reserves its space.
    fn create(&self, path: &Path, size: u64) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Returns the names of the files in a directory, in no particular order.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// An open file. Positions are bytes from its start.
pub trait DiskFile: Debug + Send + Sync {
    fn size(&self) -> io::Result<u64>;

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()>;

    /// Makes the file's content durable.
    fn sync(&self) -> io::Result<()>;

    /// Fills `buffer`, or fails with `UnexpectedEof`.
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()>;

    /// Fills `buffer` if that does not wait for the device. Returns whether it did.
    fn read_cached(&self, buffer: &mut [u8], position: u64) -> bool;
}

/// The local file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn create(&self, path: &Path, size: u64) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        if size > 0 {
            reserve(&file, size)?;
        }
        Ok(Box::new(LocalFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LocalFile(OpenOptions::new().read(true).write(true).open(path)?)))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        std::fs::read_dir(directory)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        File::open(directory)?.sync_all()
    }
}

/// A write to reserved space cannot fail for lack of space.
fn reserve(file: &File, size: u64) -> io::Result<()> {
    // A signal may interrupt it.
    let reserved =
        rustix::io::retry_on_intr(|| rustix::fs::fallocate(file, FallocateFlags::empty(), 0, size));
    match reserved {
        Ok(()) => Ok(()),
        // The file system cannot reserve space: a full disk fails the write.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => file.set_len(size),
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug)]
struct LocalFile(File);

impl DiskFile for LocalFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, position)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, position)
    }

    #[cfg(target_os = "linux")]
    fn read_cached(&self, buffer: &mut [u8], position: u64) -> bool {
        use std::io::IoSliceMut;

        let wanted = buffer.len();
        let read = rustix::io::preadv2(
            &self.0,
            &mut [IoSliceMut::new(buffer)],
            position,
            rustix::io::ReadWriteFlags::NOWAIT,
        );
        matches!(read, Ok(read) if read == wanted)
    }

    #[cfg(not(target_os = "linux"))]
    fn read_cached(&self, _buffer: &mut [u8], _position: u64) -> bool {
        false
    }
}
