//! The end of the log, where the writer thread puts commits.

use std::io;
use std::sync::Arc;

use super::envelope::{self, padded};
use super::segment::{BODY, FORMAT_VERSION, Segment, SegmentHeader, Segments};
use crate::disk::DiskFile;

/// The file of the next segment.
const RESERVE: &str = "reserve.log";
/// How many files of retired segments are kept beside it.
const MOST_SPARES: usize = 2;

/// The last commit that was read back, as it lies in the last segment.
#[derive(Debug)]
pub(crate) struct LastCommit {
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
}

/// A point between two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) segment: u32,
    pub(crate) offset: u64,
    /// The number of the commit that comes here.
    pub(crate) commit: u64,
}

/// Why a commit was not written.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// Nothing was written: there is no room for another segment. Room may be made.
    NoSpace(io::Error),
    /// A write or fsync failed: what is on disk is not known. The log must not be written again.
    Broken(io::Error),
}

/// Writes envelopes, one behind the other. Keeps one segment in reserve, so that a full disk shows before the log
/// needs the room, and what makes room can still be written.
#[derive(Debug)]
pub(crate) struct Appender {
    segments: Arc<Segments>,
    current: Arc<Segment>,
    position: Position,
    reserve: Option<Box<dyn DiskFile>>,
    /// The names of files that were segments and can be the reserve.
    spares: Vec<String>,
    /// Where something was written since the last sync.
    unsynced: bool,
    /// The current segment says that it is of an older format: nothing of this one is written to it.
    is_outdated: bool,
}

impl Appender {
    /// Goes on at `end`, in a segment that `segments` knows. What was read back there counts as durable from now on,
    /// so it is made durable first. The last commit is written once more for that: after a failed fsync the operating
    /// system may take a page for clean that never reached the device. `version` is the format of that segment.
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

    /// The most bytes of records that one commit can have.
    pub(crate) fn largest_commit(&self) -> usize {
        usize::try_from(self.segments.size).unwrap_or(usize::MAX).saturating_sub(BODY + envelope::HEADER)
    }

    /// How much of the segment that is written now is left.
    pub(crate) fn room(&self) -> u64 {
        self.segments.size.saturating_sub(self.position.offset)
    }

    /// Makes the next segment ready, if it is not.
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
                // What could be reserved of it must not keep the disk full.
                let _ = disk.remove(&path);
            })?,
        };
        disk.sync_directory(&self.segments.directory)?;
        self.reserve = Some(file);
        Ok(())
    }

    /// Takes a segment out of the log. Unless somebody reads in it or there are enough, its file becomes a spare: its
    /// blocks are written already, which makes writing them again cheaper than writing new ones.
    pub(crate) fn retire(&mut self, number: u32) -> io::Result<()> {
        let Some(segment) = self.segments.remove(number) else { return Ok(()) };
        let path = self.segments.path(number);
        let unread = Arc::strong_count(&segment) == 1;
        if unread && self.spares.len() < MOST_SPARES && segment.file.size()? == self.segments.size {
            let spare = format!("spare-{number:010}.log");
            self.segments.disk.rename(&path, &self.segments.directory.join(&spare))?;
            self.spares.push(spare);
            Ok(())
        } else {
            self.segments.disk.remove(&path)
        }
    }

    /// Writes one commit; `buffer` begins with [`envelope::HEADER`] free bytes. Answers where its records begin.
    /// Durable after the next [`Appender::sync`].
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

    /// Makes all that was appended durable.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.current.file.sync()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Goes on in the next segment.
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
