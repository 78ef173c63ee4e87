//! The message log: append-only segments that one thread writes and everybody reads. `docs/log-format.md` says how it
//! lies on disk.
//!
//! * `records` — what happened; `fields` — how a record's members are laid out; `envelope` — the frame of one commit
//! * `segment` — the files, `appender` — their end, where commits are written
//! * `recovery` — reading them back at the start, `checkpoint` — so that this is short
//!
//! Nothing here knows what the records mean to a queue: that is the index.

mod appender;
mod envelope;
mod fields;
mod records;
mod recovery;
mod segment;

pub(crate) use appender::{AppendError, Appender, Position};
pub(crate) use envelope::HEADER as ENVELOPE_HEADER;
pub(crate) use fields::{Fields, Malformed, Writer as FieldWriter};
pub(crate) use records::{
    AttemptRecord, ClaimRecord, Client, CursorRecord, FROM_THE_END, Failure, ForeignId, Hold, MessageRecord,
    Placement, Record, Standing, StandingRecord, SubscriptionRecord, decode_standings, encode_unnumbered,
    set_sequence,
};
pub use recovery::Dropped;
pub(crate) use recovery::{Recovery, replay};
pub(crate) use segment::{
    BODY as SEGMENT_BODY, FORMAT_VERSION, Segment, SegmentHeader, Segments, UnknownVersion,
};

/// Where the record of a message or an attempt lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    pub(crate) segment: u32,
    /// Bytes from the start of the segment.
    pub(crate) offset: u32,
    /// Bytes, header included.
    pub(crate) length: u32,
}
