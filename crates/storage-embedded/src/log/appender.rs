//! The end of the log, where the writer thread puts commits.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::envelope::{self, padded};
use super::segment::{BODY, Segment, SegmentHeader, Segments};
use crate::disk::DiskFile;

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
    /// Where something was written since the last sync.
    unsynced: bool,
}

impl Appender {
    /// Goes on at `position`, in a segment that `segments` knows.
    pub(crate) fn resume(segments: Arc<Segments>, position: Position) -> io::Result<Self> {
        let current = segments
            .get(position.segment)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the last segment is missing"))?;
        let mut appender = Self { segments, current, position, reserve: None, unsynced: false };
        appender.fill_reserve()?;
        Ok(appender)
    }

    /// Begins an empty log, or the next segment behind a damaged one.
    pub(crate) fn begin(segments: Arc<Segments>, header: SegmentHeader) -> io::Result<Self> {
        let file = segments.disk.create(&segments.path(header.number), segments.size)?;
        file.write_at(&header.encode(), 0)?;
        file.sync()?;
        segments.disk.sync_directory(&segments.directory)?;
        segments.add(Arc::new(Segment::new(header.number, file)));
        let position = Position { segment: header.number, offset: BODY as u64, commit: header.first_commit };
        Self::resume(segments, position)
    }

    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// The most bytes of records that one commit can have.
    pub(crate) fn largest_commit(&self) -> usize {
        usize::try_from(self.segments.size).unwrap_or(usize::MAX).saturating_sub(BODY + envelope::HEADER)
    }

    /// Makes the next segment ready, if it is not.
    pub(crate) fn fill_reserve(&mut self) -> io::Result<()> {
        if self.reserve.is_none() {
            let path = self.reserve_path();
            let file = match self.segments.disk.open(&path) {
                // A segment in which nothing lives any more: its blocks are written already, which makes writing
                // them again cheaper than writing new ones.
                Ok(file) if file.size()? == self.segments.size => file,
                _ => self.segments.disk.create(&path, self.segments.size).inspect_err(|_| {
                    // What could be reserved of it must not keep the disk full.
                    let _ = self.segments.disk.remove(&path);
                })?,
            };
            self.segments.disk.sync_directory(&self.segments.directory)?;
            self.reserve = Some(file);
        }
        Ok(())
    }

    /// Takes a segment out of the log. Its file becomes the reserve if that is empty and nobody reads in it.
    pub(crate) fn retire(&mut self, number: u32) -> io::Result<()> {
        let Some(segment) = self.segments.remove(number) else { return Ok(()) };
        let path = self.segments.path(number);
        let unread = Arc::strong_count(&segment) == 1;
        if unread && self.reserve.is_none() && segment.file.size()? == self.segments.size {
            self.segments.disk.rename(&path, &self.reserve_path())?;
            self.fill_reserve()
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
        if self.position.offset + padded(buffer.len()) as u64 > self.segments.size {
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
            number,
            previous_end: self.position.offset,
            first_commit: self.position.commit,
            sequence_floor,
        };
        let named = || -> io::Result<()> {
            file.write_at(&header.encode(), 0)?;
            file.sync()?;
            self.segments.disk.rename(&self.reserve_path(), &self.segments.path(number))?;
            self.segments.disk.sync_directory(&self.segments.directory)
        };
        named().map_err(AppendError::Broken)?;
        self.current = Arc::new(Segment::new(number, file));
        self.segments.add(Arc::clone(&self.current));
        self.position = Position { segment: number, offset: BODY as u64, commit: self.position.commit };
        Ok(())
    }

    fn reserve_path(&self) -> PathBuf {
        self.segments.directory.join("reserve.log")
    }
}
