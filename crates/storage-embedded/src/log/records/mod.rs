//! The records of the log and their encoding. `docs/log-format.md` describes the same in prose.

mod attempt;
mod claim;
mod client;
mod delivery;
mod message;
mod subscription;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use zaqar_model::{ClaimId, ClaimLease, Destination, DestinationKind, GraceSeconds, SubscriptionId};

use super::fields::{FieldWriter, Fields, Malformed};
use crate::kinds;
pub(crate) use attempt::LoggedAttempt;
pub(crate) use claim::{ClaimRecord, decode_lease, encode_lease};
pub(crate) use client::Client;
pub(crate) use delivery::{CursorRecord, DeliveryFailure, DeliveryState, DeliveryStateRecord, decode_states};
pub(crate) use message::{ForeignId, MessageRecord, Placement};
pub(crate) use subscription::{FROM_THE_END, SubscriptionRecord};

/// Bytes before a record's fields: kind, length, checksum.
pub(crate) const HEADER: usize = 9;

/// One change. A record states its outcome in absolute terms, so that applying it twice changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    /// A message was posted, adopted, imported, or copied forward.
    Message(MessageRecord<'a>),
    Claim(Cow<'a, ClaimRecord>),
    Renew {
        destination: u64,
        lease: ClaimLease,
        grace: GraceSeconds,
    },
    Release {
        destination: u64,
        claim: ClaimId,
    },
    Delete {
        destination: u64,
        sequences: Cow<'a, [u64]>,
    },
    /// All messages with a lower sequence number are gone.
    Purge {
        destination: u64,
        below: u64,
    },
    Drop {
        destination: u64,
    },
    /// The identity of a queue or topic.
    Destination {
        destination: u64,
        kind: DestinationKind,
        project: &'a str,
        name: &'a str,
    },
    /// A new or changed subscription.
    Subscribe {
        destination: u64,
        subscription: SubscriptionRecord<'a>,
    },
    Unsubscribe {
        destination: u64,
        subscription: SubscriptionId,
    },
    /// New states of some deliveries of a subscription.
    DeliveryState(DeliveryStateRecord<'a>),
    /// An attempt at a delivery was made, or copied forward.
    Attempt(LoggedAttempt<'a>),
    /// These messages are unreadable: they are gone for subscribers, too.
    Discard {
        destination: u64,
        sequences: Cow<'a, [u64]>,
    },
    /// The progress of a subscription whose queue migrates here.
    Cursor(CursorRecord),
    /// Lower sequence numbers were assigned by the store that the queue came from.
    Skip {
        destination: u64,
        below: u64,
    },
}

const MESSAGE: u8 = 1;
const CLAIM: u8 = 2;
const RENEW: u8 = 3;
const RELEASE: u8 = 4;
const DELETE: u8 = 5;
const PURGE: u8 = 6;
const DROP: u8 = 7;
const DESTINATION: u8 = 8;
/// Version 1: without the sequence number from which the subscription is owed messages.
const SUBSCRIBE_1: u8 = 9;
const UNSUBSCRIBE: u8 = 10;
const SKIP: u8 = 11;
const SUBSCRIBE: u8 = 12;
const DELIVERY_STATE: u8 = 13;
const ATTEMPT: u8 = 14;
const DISCARD: u8 = 15;
const CURSOR: u8 = 16;

impl Record<'_> {
    /// Appends the record to a buffer.
    pub(crate) fn encode(&self, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; HEADER]);
        let mut out = FieldWriter::new(buffer);
        let kind = match self {
            Self::Message(message) => {
                message.encode(&mut out);
                MESSAGE
            }
            Self::Claim(claim) => {
                claim.encode(&mut out);
                CLAIM
            }
            Self::Renew { destination, lease, grace } => {
                out.u64(*destination);
                encode_lease(*lease, &mut out);
                out.u32(grace.get());
                RENEW
            }
            Self::Release { destination, claim } => {
                out.u64(*destination);
                out.u128(claim.as_u128());
                RELEASE
            }
            Self::Delete { destination, sequences } => {
                out.u64(*destination);
                out.count(sequences.len());
                sequences.iter().for_each(|sequence| out.u64(*sequence));
                DELETE
            }
            Self::Purge { destination, below } => {
                out.u64(*destination);
                out.u64(*below);
                PURGE
            }
            Self::Drop { destination } => {
                out.u64(*destination);
                DROP
            }
            Self::Destination { destination, kind, project, name } => {
                out.u64(*destination);
                out.u8(kinds::number_of(*kind));
                out.text(project);
                out.text(name);
                DESTINATION
            }
            Self::Subscribe { destination, subscription } => {
                out.u64(*destination);
                subscription.encode(&mut out);
                SUBSCRIBE
            }
            Self::Unsubscribe { destination, subscription } => {
                out.u64(*destination);
                out.u128(subscription.as_u128());
                UNSUBSCRIBE
            }
            Self::DeliveryState(standing) => {
                standing.encode(&mut out);
                DELIVERY_STATE
            }
            Self::Attempt(attempt) => {
                attempt.encode(&mut out);
                ATTEMPT
            }
            Self::Discard { destination, sequences } => {
                out.u64(*destination);
                out.count(sequences.len());
                sequences.iter().for_each(|sequence| out.u64(*sequence));
                DISCARD
            }
            Self::Cursor(cursor) => {
                cursor.encode(&mut out);
                CURSOR
            }
            Self::Skip { destination, below } => {
                out.u64(*destination);
                out.u64(*below);
                SKIP
            }
        };
        let length = u32::try_from(buffer.len() - start - HEADER).unwrap_or(u32::MAX);
        buffer[start] = kind;
        buffer[start + 1..start + 5].copy_from_slice(&length.to_le_bytes());
        seal(&mut buffer[start..]);
    }
}

impl<'a> Record<'a> {
    /// The identity of a queue or topic.
    pub(crate) fn destination(identity: &'a Destination) -> Self {
        Self::Destination {
            destination: identity.number.get(),
            kind: identity.kind,
            project: identity.project.as_str(),
            name: identity.name.as_str(),
        }
    }

    /// Reads a single record and verifies its checksum.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (kind, fields, stored) = split(bytes)?;
        if stored != checksum(kind, fields) {
            return Err(Malformed);
        }
        Self::decode_fields(kind, fields)
    }

    /// Decodes the first record of an envelope, and returns it with its length. The checksum of the envelope covers
    /// the record, so that of the record is not computed.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<(Self, usize), Malformed> {
        let (kind, fields, _) = split(bytes)?;
        Ok((Self::decode_fields(kind, fields)?, HEADER + fields.len()))
    }

    fn decode_fields(kind: u8, fields: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(fields);
        Ok(match kind {
            MESSAGE => Self::Message(MessageRecord::decode(&mut fields)?),
            CLAIM => Self::Claim(Cow::Owned(ClaimRecord::decode(&mut fields)?)),
            RENEW => Self::Renew {
                destination: fields.u64()?,
                lease: decode_lease(&mut fields)?,
                grace: GraceSeconds::new(fields.u32()?),
            },
            RELEASE => {
                Self::Release { destination: fields.u64()?, claim: ClaimId::from_u128(fields.u128()?) }
            }
            DELETE => Self::Delete { destination: fields.u64()?, sequences: sequences(&mut fields)? },
            PURGE => Self::Purge { destination: fields.u64()?, below: fields.u64()? },
            DROP => Self::Drop { destination: fields.u64()? },
            DESTINATION => Self::Destination {
                destination: fields.u64()?,
                kind: kinds::kind_of(fields.u8()?).ok_or(Malformed)?,
                project: fields.text()?,
                name: fields.text()?,
            },
            SUBSCRIBE_1 => Self::Subscribe {
                destination: fields.u64()?,
                subscription: SubscriptionRecord::decode_1(&mut fields)?,
            },
            SUBSCRIBE => Self::Subscribe {
                destination: fields.u64()?,
                subscription: SubscriptionRecord::decode(&mut fields)?,
            },
            DELIVERY_STATE => Self::DeliveryState(DeliveryStateRecord::decode(&mut fields)?),
            ATTEMPT => Self::Attempt(LoggedAttempt::decode(&mut fields)?),
            DISCARD => Self::Discard { destination: fields.u64()?, sequences: sequences(&mut fields)? },
            CURSOR => Self::Cursor(CursorRecord::decode(&mut fields)?),
            UNSUBSCRIBE => Self::Unsubscribe {
                destination: fields.u64()?,
                subscription: SubscriptionId::from_u128(fields.u128()?),
            },
            SKIP => Self::Skip { destination: fields.u64()?, below: fields.u64()? },
            _ => return Err(Malformed),
        })
    }
}

impl<'a> MessageRecord<'a> {
    /// Reads a single record of a message and verifies its checksum.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        match Record::read(bytes)? {
            Record::Message(message) => Ok(message),
            _ => Err(Malformed),
        }
    }
}

/// The kind, the fields and the checksum of the record at the start of `bytes`.
fn split(bytes: &[u8]) -> Result<(u8, &[u8], u32), Malformed> {
    let mut header = Fields::new(bytes);
    let kind = header.u8()?;
    let length = usize::try_from(header.u32()?).map_err(|_| Malformed)?;
    let checksum = header.u32()?;
    Ok((kind, header.bytes(length)?, checksum))
}

/// Fills in the checksum of a complete record.
fn seal(record: &mut [u8]) {
    let checksum = checksum(record[0], &record[HEADER..]);
    record[5..HEADER].copy_from_slice(&checksum.to_le_bytes());
}

fn checksum(kind: u8, fields: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&[kind]), fields)
}

fn sequences<'a>(fields: &mut Fields<'_>) -> Result<Cow<'a, [u64]>, Malformed> {
    fields.list(8, |fields| fields.u64()).map(Cow::Owned)
}
