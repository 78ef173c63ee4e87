//! Client ids in the log and the index.

use std::fmt;

use uuid::Uuid;

/// A client id on disk. Most are UUIDs, which take 16 bytes instead of 36.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client<'a> {
    Uuid(Uuid),
    Text(&'a str),
}

impl<'a> Client<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut canonical = Uuid::encode_buffer();
        match Uuid::try_parse(text) {
            Ok(id) if id.hyphenated().encode_lower(&mut canonical) == text => Self::Uuid(id),
            _ => Self::Text(text),
        }
    }

    /// Hash of the client id, for the index. Two clients collide about once in 2⁶⁴.
    pub(crate) fn tag(self) -> u64 {
        // FNV-1a: stable over restarts, since checkpoints contain it.
        let hash = |bytes: &[u8]| {
            bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            })
        };
        match self {
            Self::Uuid(id) => hash(id.as_bytes()),
            Self::Text(text) => hash(text.as_bytes()),
        }
    }
}

impl fmt::Display for Client<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(id) => fmt::Display::fmt(id, f),
            Self::Text(text) => f.write_str(text),
        }
    }
}
