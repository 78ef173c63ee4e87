//! The files of the log: numbered, of one size, and reused once no record in them is live.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parking_lot::RwLock;

use super::Location;
use super::envelope::padded;
use super::fields::{FieldWriter, Fields, Malformed};
use crate::disk::{Disk, DiskFile};

/// Offset of the first envelope in a segment.
pub(crate) const BODY: usize = padded(48);
/// Version of the format of segments, envelopes and records. Older versions are read: version 2 added deliveries,
/// version 3 the leases under way, version 4 suspended subscriptions and addresses of attempts.
pub(crate) const FORMAT_VERSION: u32 = 4;
/// The oldest version that is read.
const OLDEST_VERSION: u32 = 1;

const MAGIC: u32 = u32::from_le_bytes(*b"ZQSG");

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// Of the format.
    pub(crate) version: u32,
    pub(crate) number: u32,
    /// The end of the previous segment: unreadable bytes before it are damage, not a torn write.
    pub(crate) previous_end: u64,
    /// The number of the first commit in the segment.
    pub(crate) first_commit: u64,
    /// No queue has assigned a sequence number this high yet.
    pub(crate) sequence_floor: u64,
    /// The salt of the store, which distinguishes its message ids from those of others.
    pub(crate) salt: u64,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut rest = Vec::with_capacity(BODY);
        let mut out = FieldWriter::new(&mut rest);
        out.u32(self.number);
        out.u64(self.previous_end);
        out.u64(self.first_commit);
        out.u64(self.sequence_floor);
        out.u64(self.salt);
        let mut bytes = Vec::with_capacity(BODY);
        let mut out = FieldWriter::new(&mut bytes);
        out.u32(MAGIC);
        out.u32(self.version);
        out.u32(crc32c::crc32c(&rest));
        out.rest(&rest);
        bytes.resize(BODY, 0);
        bytes
    }

    /// Returns `Ok(None)` if this is no segment, or its header is damaged, and an error for an unknown version.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Option<Self>, UnknownVersion> {
        let mut fields = Fields::new(bytes);
        let mut read =
            || -> Result<(u32, u32, u32), Malformed> { Ok((fields.u32()?, fields.u32()?, fields.u32()?)) };
        let Ok((MAGIC, version, checksum)) = read() else { return Ok(None) };
        if !(OLDEST_VERSION..=FORMAT_VERSION).contains(&version) {
            return Err(UnknownVersion(version));
        }
        let mut read = || -> Result<Self, Malformed> {
            let rest = fields.bytes(36)?;
            if crc32c::crc32c(rest) != checksum {
                return Err(Malformed);
            }
            let mut fields = Fields::new(rest);
            Ok(Self {
                version,
                number: fields.u32()?,
                previous_end: fields.u64()?,
                first_commit: fields.u64()?,
                sequence_floor: fields.u64()?,
                salt: fields.u64()?,
            })
        };
        Ok(read().ok())
    }
}

/// A version that this program does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownVersion(pub(crate) u32);

/// One file of the log.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u32,
    pub(crate) file: Box<dyn DiskFile>,
    /// Bytes of live records in this segment.
    live: AtomicU64,
}

impl Segment {
    pub(crate) fn new(number: u32, file: Box<dyn DiskFile>) -> Self {
        Self { number, file, live: AtomicU64::new(0) }
    }

    pub(crate) fn live(&self) -> u64 {
        self.live.load(Ordering::Acquire)
    }

    /// Reads bytes that are cached in memory.
    pub(crate) fn read_cached(&self, location: Location) -> Option<Bytes> {
        let mut buffer = vec![0; location.length as usize];
        self.file.read_cached(&mut buffer, u64::from(location.offset)).then(|| buffer.into())
    }

    /// Reads bytes. May wait for the device.
    pub(crate) fn read(&self, location: Location) -> io::Result<Bytes> {
        let mut buffer = vec![0; location.length as usize];
        self.file.read_at(&mut buffer, u64::from(location.offset))?;
        Ok(buffer.into())
    }
}

/// All segments of the log by number, and the names of their files.
#[derive(Debug)]
pub(crate) struct Segments {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) directory: PathBuf,
    /// Size of a segment's file in bytes.
    pub(crate) size: u64,
    by_number: RwLock<BTreeMap<u32, Arc<Segment>>>,
    salt: OnceLock<u64>,
}

impl Segments {
    pub(crate) fn new(disk: Arc<dyn Disk>, directory: &Path, size: u64) -> Self {
        Self {
            disk,
            directory: directory.to_owned(),
            size,
            by_number: RwLock::default(),
            salt: OnceLock::new(),
        }
    }

    /// The salt of the store, known once the log is open.
    pub(crate) fn salt(&self) -> u64 {
        self.salt.get().copied().unwrap_or_default()
    }

    pub(crate) fn set_salt(&self, salt: u64) {
        let _ = self.salt.set(salt);
    }

    pub(crate) fn path(&self, number: u32) -> PathBuf {
        self.directory.join(format!("segment-{number:010}.log"))
    }

    /// Parses the number in a segment's file name.
    pub(crate) fn number_of(file_name: &str) -> Option<u32> {
        file_name.strip_prefix("segment-")?.strip_suffix(".log")?.parse().ok()
    }

    pub(crate) fn add(&self, segment: Arc<Segment>) {
        self.by_number.write().insert(segment.number, segment);
    }

    /// Turns a file with reserved space into a segment. It is durable when this returns.
    pub(crate) fn name(
        &self,
        path: &Path,
        file: Box<dyn DiskFile>,
        header: &SegmentHeader,
    ) -> io::Result<Arc<Segment>> {
        file.write_at(&header.encode(), 0)?;
        file.sync()?;
        self.disk.rename(path, &self.path(header.number))?;
        self.disk.sync_directory(&self.directory)?;
        let segment = Arc::new(Segment::new(header.number, file));
        self.add(Arc::clone(&segment));
        Ok(segment)
    }

    pub(crate) fn get(&self, number: u32) -> Option<Arc<Segment>> {
        self.by_number.read().get(&number).cloned()
    }

    /// All segments, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Segment>> {
        self.by_number.read().values().cloned().collect()
    }

    pub(crate) fn remove(&self, number: u32) -> Option<Arc<Segment>> {
        self.by_number.write().remove(&number)
    }

    pub(crate) fn mark_live(&self, location: Location) {
        if let Some(segment) = self.by_number.read().get(&location.segment) {
            segment.live.fetch_add(u64::from(location.length), Ordering::AcqRel);
        }
    }

    pub(crate) fn mark_freed(&self, freed: &[Location]) {
        if freed.is_empty() {
            return;
        }
        let by_number = self.by_number.read();
        for location in freed {
            if let Some(segment) = by_number.get(&location.segment) {
                segment.live.fetch_sub(u64::from(location.length), Ordering::AcqRel);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BODY, FORMAT_VERSION, SegmentHeader, Segments, UnknownVersion};

    const HEADER: SegmentHeader = SegmentHeader {
        version: FORMAT_VERSION,
        number: 7,
        previous_end: 4096,
        first_commit: 99,
        sequence_floor: 12,
        salt: 5,
    };

    #[test]
    fn a_header_is_read_back_and_damage_is_noticed() {
        let bytes = HEADER.encode();
        assert_eq!(bytes.len(), BODY);
        assert_eq!(SegmentHeader::decode(&bytes), Ok(Some(HEADER)));
        for byte in (0..4).chain(8..48) {
            let mut damaged = bytes.clone();
            damaged[byte] ^= 1;
            assert_eq!(SegmentHeader::decode(&damaged), Ok(None), "byte {byte}");
        }
        assert_eq!(SegmentHeader::decode(&[]), Ok(None));
    }

    #[test]
    fn a_newer_layout_is_told_from_damage() {
        let mut bytes = HEADER.encode();
        bytes[4] = 200;
        assert_eq!(SegmentHeader::decode(&bytes), Err(UnknownVersion(200)));
        assert_ne!(FORMAT_VERSION, 200);
    }

    #[test]
    fn only_segments_have_a_number_in_their_name() {
        assert_eq!(Segments::number_of("segment-0000000012.log"), Some(12));
        for other in ["segment-x.log", "spare.log", "segment-1", "checkpoint", ""] {
            assert_eq!(Segments::number_of(other), None, "{other}");
        }
    }
}
