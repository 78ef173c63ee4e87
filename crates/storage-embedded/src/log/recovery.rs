//! Reading the log at the start.
//!
//! Commits are written one behind the other, and each is durable before the next begins, so a torn write can only be
//! at the very end. Unreadable bytes with a readable commit behind them are damage: they are skipped and reported.
//! Unreadable bytes at the end were never acknowledged: they are dropped and reported.

use std::fmt;
use std::io;

use super::appender::{LastCommit, Position};
use super::envelope::{self, ALIGNMENT};
use super::records::Record;
use super::segment::{BODY, Segment, SegmentHeader, Segments};
use super::{ENVELOPE_HEADER, Location};

/// A stretch of the log that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    pub segment: u32,
    /// Bytes from the start of the segment.
    pub offset: u64,
    pub bytes: u64,
    /// A write that a crash interrupted: nothing in it was acknowledged.
    pub torn: bool,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, offset, bytes, torn } = self;
        if *torn {
            write!(
                f,
                "dropped {bytes} bytes of an interrupted commit at byte {offset} of log segment {segment}: nothing in it was acknowledged"
            )
        } else {
            write!(
                f,
                "skipped {bytes} damaged bytes at byte {offset} of log segment {segment}: the changes in them are lost"
            )
        }
    }
}

/// The result of a recovery.
#[derive(Debug)]
pub(crate) struct Recovery {
    /// The position of the next commit.
    pub(crate) end: Position,
    /// No queue has assigned a sequence number this high, according to the segment headers.
    pub(crate) sequence_floor: u64,
    pub(crate) dropped: Vec<Dropped>,
    /// The last commit, if it is in the last segment.
    pub(crate) last: Option<LastCommit>,
}

/// Reads all commits from `from` on (or from the beginning), in order, and passes each record to `apply` with its
/// location. `segments` are ascending and without a gap. Their headers were read before.
pub(crate) fn replay(
    segments: &Segments,
    headers: &[Option<SegmentHeader>],
    from: Option<Position>,
    mut apply: impl FnMut(Location, Record<'_>),
) -> io::Result<Recovery> {
    let all = segments.all();
    let mut recovery = Recovery {
        end: from.unwrap_or(Position { segment: 0, offset: 0, commit: 0 }),
        sequence_floor: headers.iter().flatten().map(|header| header.sequence_floor).max().unwrap_or(1),
        dropped: Vec::new(),
        last: None,
    };
    for (place, segment) in all.iter().enumerate() {
        if from.is_some_and(|from| segment.number < from.segment) {
            continue;
        }
        let start = match from {
            Some(from) if from.segment == segment.number => from.offset,
            _ => BODY as u64,
        };
        if let Some(Some(header)) = headers.get(place) {
            recovery.end.commit = recovery.end.commit.max(header.first_commit);
        }
        let is_last = place + 1 == all.len();
        let size = segment.file.size()?;
        let end = match headers.get(place + 1) {
            Some(Some(next)) if !is_last => next.previous_end.min(size),
            _ => size,
        };
        let mut scan = Scan { segment, is_last, recovery: &mut recovery };
        scan.run(start, end, &mut apply)?;
    }
    Ok(recovery)
}

struct Scan<'a> {
    segment: &'a Segment,
    is_last: bool,
    recovery: &'a mut Recovery,
}

impl Scan<'_> {
    fn run(&mut self, start: u64, end: u64, apply: &mut impl FnMut(Location, Record<'_>)) -> io::Result<()> {
        let length = usize::try_from(end.saturating_sub(start)).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.segment.file.read_at(&mut bytes, start)?;
        let mut at = 0;
        let mut last = None;
        while at < bytes.len() {
            if let Some(envelope) = envelope::read(&bytes[at..], self.segment.number) {
                let records = &bytes[at + ENVELOPE_HEADER..at + ENVELOPE_HEADER + envelope.length];
                self.records(records, start + (at + ENVELOPE_HEADER) as u64, apply);
                self.recovery.end.commit = envelope.commit.saturating_add(1);
                last = Some(at..at + envelope.extent());
                at += envelope.extent();
            } else if let Some(next) = self.next_readable(&bytes, at) {
                self.drop(start, at, next, false);
                at = next;
            } else {
                break;
            }
        }
        if at < bytes.len() {
            self.end(start, &bytes, at);
        }
        self.recovery.last = last.and_then(|range| {
            let offset = start + range.start as u64;
            Some(LastCommit { offset, bytes: bytes.get(range)?.to_vec() })
        });
        self.recovery.end.segment = self.segment.number;
        self.recovery.end.offset = start + at as u64;
        Ok(())
    }

    fn records(&mut self, mut records: &[u8], mut offset: u64, apply: &mut impl FnMut(Location, Record<'_>)) {
        while !records.is_empty() {
            // The checksum of the envelope is valid, so this is a defect of the writer, not of the disk.
            let Ok((record, length)) = Record::decode(records) else {
                self.drop(offset, 0, records.len(), false);
                return;
            };
            let location = Location {
                segment: self.segment.number,
                offset: u32::try_from(offset).unwrap_or(u32::MAX),
                length: u32::try_from(length).unwrap_or(u32::MAX),
            };
            apply(location, record);
            records = &records[length..];
            offset += length as u64;
        }
    }

    /// The next offset behind `at` with a readable later commit of this segment.
    fn next_readable(&self, bytes: &[u8], at: usize) -> Option<usize> {
        ((at + ALIGNMENT)..bytes.len()).step_by(ALIGNMENT).find(|place| {
            envelope::read_header(&bytes[*place..], self.segment.number)
                .is_some_and(|header| header.commit >= self.recovery.end.commit)
                && envelope::read(&bytes[*place..], self.segment.number).is_some()
        })
    }

    /// Nothing is readable from `at` on. In the last segment that is the end of the log, with or without a torn
    /// write. In another it is damage.
    fn end(&mut self, start: u64, bytes: &[u8], at: usize) {
        if !self.is_last {
            self.drop(start, at, bytes.len(), false);
        } else if let Some(header) = envelope::read_header(&bytes[at..], self.segment.number) {
            let end = at.saturating_add(header.extent()).min(bytes.len());
            self.drop(start, at, end, true);
        }
    }

    fn drop(&mut self, start: u64, from: usize, to: usize, torn: bool) {
        let bytes = to.saturating_sub(from) as u64;
        let offset = start + from as u64;
        self.recovery.dropped.push(Dropped { segment: self.segment.number, offset, bytes, torn });
    }
}
