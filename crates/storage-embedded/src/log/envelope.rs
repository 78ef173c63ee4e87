//! The frame of one commit: a header with length and checksum, then the records. A commit is read as a whole or not
//! at all.

/// Bytes before the records: magic, segment, length, checksum, commit number.
pub(crate) const HEADER: usize = 24;
/// Envelopes begin at multiples of this, which shortens the search for the next one behind a damaged one.
pub(crate) const ALIGNMENT: usize = 8;

const MAGIC: u32 = u32::from_le_bytes(*b"ZQEN");

/// The content of a valid header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// The number of this commit; each is one more than the one before.
    pub(crate) commit: u64,
    /// The length of the records in bytes, without padding.
    pub(crate) length: usize,
}

impl Envelope {
    /// The length of the envelope with header and padding.
    pub(crate) const fn extent(self) -> usize {
        padded(HEADER + self.length)
    }
}

pub(crate) const fn padded(length: usize) -> usize {
    length.next_multiple_of(ALIGNMENT)
}

/// Fills in the header of a buffer that begins with [`HEADER`] free bytes, and pads it.
pub(crate) fn seal(buffer: &mut Vec<u8>, segment: u32, commit: u64) {
    debug_assert!(buffer.len() >= HEADER, "the header's room was left");
    let length = u32::try_from(buffer.len() - HEADER).unwrap_or(u32::MAX);
    buffer[0..4].copy_from_slice(&MAGIC.to_le_bytes());
    buffer[4..8].copy_from_slice(&segment.to_le_bytes());
    buffer[8..12].copy_from_slice(&length.to_le_bytes());
    buffer[16..24].copy_from_slice(&commit.to_le_bytes());
    let checksum = checksum(segment, &buffer[8..12], &buffer[16..]);
    buffer[12..16].copy_from_slice(&checksum.to_le_bytes());
    buffer.resize(padded(buffer.len()), 0);
}

/// Reads the envelope at the start of `bytes`, which belongs to segment `segment`.
pub(crate) fn read(bytes: &[u8], segment: u32) -> Option<Envelope> {
    let envelope = read_header(bytes, segment)?;
    let end = HEADER.checked_add(envelope.length)?;
    let stored = u32::from_le_bytes(bytes.get(12..16)?.try_into().ok()?);
    let computed = checksum(segment, bytes.get(8..12)?, bytes.get(16..end)?);
    (stored == computed).then_some(envelope)
}

/// Returns the header, whether or not the rest can be read: the trace of a torn write.
pub(crate) fn read_header(bytes: &[u8], segment: u32) -> Option<Envelope> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if word(0)? != MAGIC || word(4)? != segment {
        return None;
    }
    let length = usize::try_from(word(8)?).ok()?;
    let commit = u64::from_le_bytes(bytes.get(16..24)?.try_into().ok()?);
    Some(Envelope { commit, length })
}

/// Seeded with the segment's number, so that a recycled segment never shows its earlier content.
fn checksum(segment: u32, length: &[u8], rest: &[u8]) -> u32 {
    let seed = crc32c::crc32c(&segment.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(seed, length), rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{ALIGNMENT, HEADER, read, seal};

    fn sealed(records: &[u8], segment: u32, commit: u64) -> Vec<u8> {
        let mut buffer = vec![0; HEADER];
        buffer.extend_from_slice(records);
        seal(&mut buffer, segment, commit);
        buffer
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_read_back(records in any::<Vec<u8>>(), segment in any::<u32>(), commit in any::<u64>()) {
            let bytes = sealed(&records, segment, commit);
            let envelope = read(&bytes, segment).unwrap();
            prop_assert_eq!((envelope.commit, envelope.length), (commit, records.len()));
            prop_assert_eq!(envelope.extent(), bytes.len());
            prop_assert_eq!(bytes.len() % ALIGNMENT, 0);
        }

        #[test]
        fn a_flipped_bit_is_noticed(records in any::<Vec<u8>>(), bit in any::<proptest::sample::Index>()) {
            let mut bytes = sealed(&records, 7, 9);
            let covered = (HEADER + records.len()) * 8;
            let bit = bit.index(covered);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(read(&bytes, 7).is_none());
        }

        #[test]
        fn a_cut_or_foreign_envelope_is_none(records in any::<Vec<u8>>(), cut in any::<proptest::sample::Index>()) {
            let bytes = sealed(&records, 7, 9);
            prop_assert!(read(&bytes, 8).is_none());
            prop_assert!(read(&bytes[..cut.index(HEADER + records.len())], 7).is_none());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            let _ = read(&bytes, 0);
        }
    }
}
