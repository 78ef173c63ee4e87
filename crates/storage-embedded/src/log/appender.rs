//! The end of the log, where the writer thread appends commits.

use std::io;
use std::sync::Arc;

use super::envelope::{self, padded};
use super::segment::{BODY, FORMAT_VERSION, Segment, SegmentHeader, Segments};
use crate::disk::DiskFile;

/// The file of the next segment.
const RESERVE: &str = "reserve.log";
/// Maximum number of retired segments whose files are reused.
const MAX_SPARES: usize = 2;

/// The last commit that was recovered, with its place in the last segment.
#[derive(Debug)]
pub(crate) struct LastCommit {
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
}

/// A position in the log, between two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) segment: u32,
    pub(crate) offset: u64,
    /// The number of the next commit.
    pub(crate) commit: u64,
}

/// Why a commit was not written.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// There is no space for another segment. Nothing was written, and space may be freed.
    NoSpace(io::Error),
    /// A write or fsync failed: the content of the disk is unknown. The log must not be written again.
    Broken(io::Error),
}

/// Appends envelopes. One segment is held in reserve, so that a full disk is noticed before the log needs the space,
/// and deletions can still be written.
#[derive(Debug)]
pub(crate) struct Appender {
    segments: Arc<Segments>,
    current: Arc<Segment>,
    position: Position,
    reserve: Option<Box<dyn DiskFile>>,
    /// The names of retired files that can become the reserve.
    spares: Vec<String>,
    /// Whether something was written since the last sync.
    unsynced: bool,
    /// The current segment has an older format: nothing more is written to it.
    is_outdated: bool,
}

impl Appender {
    /// Continues at `end`, in a segment that `segments` has. What was recovered there counts as durable from now on,
    /// so it is synced first. For that the last commit is written again: after a failed fsync the operating system
    /// may consider a page clean that never reached the device. `version` is the format of that segment.
    pub(crate) fn resume(
        segments: Arc<Segments>,
        end: Position,
        last: Option<LastCommit>,
        version: u32,
    ) -> io::Result<Self> {
        let current = segments
            .get(end.segment)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the last segment is missing"))?;
        if let Some(LastCommit { offset, bytes }) = last {
            current.file.write_at(&bytes, offset)?;
        }
        current.file.sync()?;
        Ok(Self { is_outdated: version < FORMAT_VERSION, ..Self::at(segments, current, end)? })
    }

    /// Begins an empty log.
    pub(crate) fn begin(segments: Arc<Segments>, header: SegmentHeader) -> io::Result<Self> {
        let reserve = segments.directory.join(RESERVE);
        let file = segments.disk.create(&reserve, segments.size)?;
        let current = segments.name(&reserve, file, &header)?;
        let start = Position { segment: header.number, offset: BODY as u64, commit: header.first_commit };
        Self::at(segments, current, start)
    }

    fn at(segments: Arc<Segments>, current: Arc<Segment>, position: Position) -> io::Result<Self> {
        let names = segments.disk.list(&segments.directory)?;
        let spares = names.into_iter().filter(|name| name.starts_with("spare-")).collect();
        Ok(Self { segments, current, position, reserve: None, spares, unsynced: false, is_outdated: false })
    }

    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// Maximum bytes of records in one commit.
    pub(crate) fn largest_commit(&self) -> usize {
        usize::try_from(self.segments.size).unwrap_or(usize::MAX).saturating_sub(BODY + envelope::HEADER)
    }

    /// Bytes left in the current segment.
    pub(crate) fn room(&self) -> u64 {
        self.segments.size.saturating_sub(self.position.offset)
    }

    /// Prepares the next segment, if there is none yet.
    pub(crate) fn fill_reserve(&mut self) -> io::Result<()> {
        if self.reserve.is_some() {
            return Ok(());
        }
        let path = self.segments.directory.join(RESERVE);
        let disk = &self.segments.disk;
        if let Some(spare) = self.spares.pop() {
            disk.rename(&self.segments.directory.join(spare), &path)?;
        }
        let file = match disk.open(&path) {
            Ok(file) if file.size()? == self.segments.size => file,
            _ => disk.create(&path, self.segments.size).inspect_err(|_| {
                // A partial file must not fill the disk.
                let _ = disk.remove(&path);
            })?,
        };
        disk.sync_directory(&self.segments.directory)?;
        self.reserve = Some(file);
        Ok(())
    }

    /// Removes a segment from the log. Its file becomes a spare, unless somebody reads it or there are enough:
    /// writing its blocks again is cheaper than writing new ones.
    pub(crate) fn retire(&mut self, number: u32) -> io::Result<()> {
        let Some(segment) = self.segments.remove(number) else { return Ok(()) };
        let path = self.segments.path(number);
        let unread = Arc::strong_count(&segment) == 1;
        if unread && self.spares.len() < MAX_SPARES && segment.file.size()? == self.segments.size {
            let spare = format!("spare-{number:010}.log");
            self.segments.disk.rename(&path, &self.segments.directory.join(&spare))?;
            self.spares.push(spare);
            Ok(())
        } else {
            self.segments.disk.remove(&path)
        }
    }

    /// Appends one commit. `buffer` begins with [`envelope::HEADER`] free bytes. Returns the position of its records.
    /// It is durable after the next [`Appender::sync`].
    pub(crate) fn append(
        &mut self,
        buffer: &mut Vec<u8>,
        sequence_floor: u64,
    ) -> Result<Position, AppendError> {
        if self.is_outdated || self.position.offset + padded(buffer.len()) as u64 > self.segments.size {
            self.roll(sequence_floor)?;
        }
        let at = self.position;
        envelope::seal(buffer, at.segment, at.commit);
        self.current.file.write_at(buffer, at.offset).map_err(AppendError::Broken)?;
        self.unsynced = true;
        self.position.offset += buffer.len() as u64;
        self.position.commit += 1;
        Ok(Position { offset: at.offset + envelope::HEADER as u64, ..at })
    }

    /// Makes everything durable that was appended.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.current.file.sync()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Continues in the next segment.
    fn roll(&mut self, sequence_floor: u64) -> Result<(), AppendError> {
        self.fill_reserve().map_err(AppendError::NoSpace)?;
        self.sync().map_err(AppendError::Broken)?;
        let Some(file) = self.reserve.take() else {
            return Err(AppendError::NoSpace(io::ErrorKind::StorageFull.into()));
        };
        let number = self.position.segment + 1;
        let header = SegmentHeader {
            version: FORMAT_VERSION,
            number,
            previous_end: self.position.offset,
            first_commit: self.position.commit,
            sequence_floor,
            salt: self.segments.salt(),
        };
        let reserve = self.segments.directory.join(RESERVE);
        self.current = self.segments.name(&reserve, file, &header).map_err(AppendError::Broken)?;
        self.is_outdated = false;
        self.position = Position { segment: number, offset: BODY as u64, commit: self.position.commit };
        Ok(())
    }
}
