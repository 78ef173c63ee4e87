//! The message log: append-only segments, written by one thread and read by all. `docs/log-format.md` describes the
//! layout on disk.
//!
//! * `records` — the records; `fields` — the layout of their members; `envelope` — the frame of one commit
//! * `segment` — the files; `appender` — their end, where commits are written
//! * `recovery` — reading the log at the start, from the last checkpoint on
//!
//! What a record means to a queue is the business of the index.

mod appender;
mod envelope;
mod fields;
mod records;
mod recovery;
mod segment;

pub(crate) use appender::{AppendError, Appender, Position};
pub(crate) use envelope::HEADER as ENVELOPE_HEADER;
pub(crate) use fields::{FieldWriter, Fields, Malformed};
pub(crate) use records::{
    ClaimRecord, Client, CursorRecord, DeliveryFailure, DeliveryState, DeliveryStateRecord, FROM_THE_END,
    ForeignId, LoggedAttempt, MessageRecord, Placement, Record, SubscriptionRecord, decode_lease,
    decode_states, encode_lease,
};
pub use recovery::Dropped;
pub(crate) use recovery::{Recovery, replay};
pub(crate) use segment::{
    BODY as SEGMENT_BODY, FORMAT_VERSION, Segment, SegmentHeader, Segments, UnknownVersion,
};

/// The location of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    pub(crate) segment: u32,
    /// Bytes from the start of the segment.
    pub(crate) offset: u32,
    /// Bytes, header included.
    pub(crate) length: u32,
}
