//! What the log says: the records, and how they are laid out. `docs/log-format.md` is the same in prose.

use std::fmt;

use uuid::Uuid;
use zaqar_model::{
    ClaimId, Destination, DestinationKind, GraceSeconds, MessageId, SubscriptionId, SubscriptionTtl,
    Timestamp, TtlSeconds,
};

use super::delivery_records::{AttemptRecord, CursorRecord, StandingRecord};
use super::fields::{Fields, Malformed, Writer};
use crate::kinds;

/// Bytes before a record's fields: kind, length, checksum.
pub(crate) const HEADER: usize = 9;

/// One thing that happened. Every record states its outcome in absolute terms, so that applying it to an index that
/// already knows of it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    /// A message was posted, adopted, or copied forward by the cleaner.
    Message(MessageRecord<'a>),
    Claim(ClaimRecord),
    Renew {
        destination: u64,
        claim: ClaimId,
        hold: Hold,
        grace: GraceSeconds,
    },
    Release {
        destination: u64,
        claim: ClaimId,
    },
    Delete {
        destination: u64,
        sequences: Vec<u64>,
    },
    /// All messages with a sequence number below this one are gone.
    Purge {
        destination: u64,
        below: u64,
    },
    Drop {
        destination: u64,
    },
    /// Which queue or topic a number stands for.
    Destination {
        destination: u64,
        kind: DestinationKind,
        project: &'a str,
        name: &'a str,
    },
    /// A subscription as it is now: new or changed.
    Subscribe {
        destination: u64,
        subscription: SubscriptionRecord<'a>,
    },
    Unsubscribe {
        destination: u64,
        subscription: SubscriptionId,
    },
    /// How some deliveries of a subscription stand.
    Standing(StandingRecord),
    /// An attempt at a delivery was made, or its account copied forward by the cleaner.
    Attempt(AttemptRecord),
    /// These messages cannot be read any more: they are gone for subscribers, too.
    Lose {
        destination: u64,
        sequences: Vec<u64>,
    },
    /// How far a subscription of a queue that moves here has come.
    Cursor(CursorRecord),
    /// Sequence numbers below this one have been given out, by the store that the queue came from.
    Skip {
        destination: u64,
        below: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubscriptionRecord<'a> {
    pub(crate) id: SubscriptionId,
    /// When it was created or its time to live was last set.
    pub(crate) renewed: Timestamp,
    pub(crate) ttl: SubscriptionTtl,
    pub(crate) confirmed: bool,
    pub(crate) declined: bool,
    /// It is owed what is posted from this sequence number on. `None`: it is owed nothing.
    pub(crate) owed_from: Option<u64>,
    pub(crate) subscriber: &'a str,
    /// A JSON object.
    pub(crate) options: &'a str,
    /// Nothing is sent to it: since when, and why.
    pub(crate) suspended: Option<(Timestamp, &'a str)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageRecord<'a> {
    pub(crate) destination: u64,
    pub(crate) sequence: u64,
    /// Given only where it does not follow from destination and sequence: the message came from elsewhere.
    pub(crate) id: Option<ForeignId>,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) delayed_until: Timestamp,
    pub(crate) ttl: TtlSeconds,
    pub(crate) claim_count: u32,
    /// The claim that held it when it was copied forward.
    pub(crate) claim: Option<(ClaimId, Hold)>,
    pub(crate) exhausted: bool,
    /// It is out of the queue and stays for its subscribers alone.
    pub(crate) kept: bool,
    /// It tells of a delivery that was given up.
    pub(crate) is_letter: bool,
    pub(crate) client: Client<'a>,
    /// Empty: none.
    pub(crate) checksum: &'a str,
    pub(crate) body: &'a [u8],
}

/// The id of a message that came from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForeignId {
    pub(crate) id: MessageId,
    /// It came with its queue, to which it was posted: subscribers are owed it. Otherwise the queue has adopted it.
    pub(crate) posted: bool,
}

/// How long a claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// When it was created or last renewed.
    pub(crate) renewed: Timestamp,
    pub(crate) ttl: TtlSeconds,
}

impl Hold {
    pub(crate) const fn ends(self) -> Timestamp {
        self.ttl.after(self.renewed)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimRecord {
    pub(crate) destination: u64,
    pub(crate) claim: ClaimId,
    pub(crate) hold: Hold,
    pub(crate) grace: GraceSeconds,
    /// What it took: sequence number, and how often the message has now been claimed.
    pub(crate) taken: Vec<(u64, u32)>,
    /// What it set aside as claimed too often.
    pub(crate) exhausted: Vec<u64>,
}

const MESSAGE: u8 = 1;
const CLAIM: u8 = 2;
const RENEW: u8 = 3;
const RELEASE: u8 = 4;
const DELETE: u8 = 5;
const PURGE: u8 = 6;
const DROP: u8 = 7;
const DESTINATION: u8 = 8;
/// Of version 1: it does not say from where on the subscription is owed.
const SUBSCRIBE_1: u8 = 9;
const UNSUBSCRIBE: u8 = 10;
const SKIP: u8 = 11;
const SUBSCRIBE: u8 = 12;
const STANDING: u8 = 13;
const ATTEMPT: u8 = 14;
const LOSE: u8 = 15;
const CURSOR: u8 = 16;

const HAS_ID: u8 = 1;
const HAS_DELAY: u8 = 2;
const HAS_CLAIM: u8 = 4;
const IS_EXHAUSTED: u8 = 8;
const CLIENT_IS_UUID: u8 = 16;
const IS_KEPT: u8 = 32;
const WAS_POSTED: u8 = 64;
const IS_LETTER: u8 = 128;

const IS_CONFIRMED: u8 = 1;
const IS_OWED: u8 = 2;
const HAS_DECLINED: u8 = 4;
/// Not before version 4.
const IS_SUSPENDED: u8 = 8;

/// Stands for the end of the queue as it is when the record is read: an earlier version did not say.
pub(crate) const FROM_THE_END: u64 = u64::MAX;

impl Record<'_> {
    /// Appends the record to a buffer.
    pub(crate) fn encode(&self, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; HEADER]);
        let mut out = Writer::new(buffer);
        let kind = match self {
            Self::Message(message) => {
                message.encode(&mut out);
                MESSAGE
            }
            Self::Claim(claim) => {
                claim.encode(&mut out);
                CLAIM
            }
            Self::Renew { destination, claim, hold, grace } => {
                out.u64(*destination);
                out.u128(claim.as_u128());
                hold.encode(&mut out);
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
            Self::Standing(standing) => {
                standing.encode(&mut out);
                STANDING
            }
            Self::Attempt(attempt) => {
                attempt.encode(&mut out);
                ATTEMPT
            }
            Self::Lose { destination, sequences } => {
                out.u64(*destination);
                out.count(sequences.len());
                sequences.iter().for_each(|sequence| out.u64(*sequence));
                LOSE
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
        let checksum = checksum(kind, &buffer[start + HEADER..]);
        buffer[start + 5..start + 9].copy_from_slice(&checksum.to_le_bytes());
    }
}

impl<'a> Record<'a> {
    /// Says which queue or topic a number stands for.
    pub(crate) fn destination(identity: &'a Destination) -> Self {
        Self::Destination {
            destination: identity.number.get(),
            kind: identity.kind,
            project: identity.project.as_str(),
            name: identity.name.as_str(),
        }
    }

    /// Reads the record at the start of `bytes`; answers it with its length.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<(Self, usize), Malformed> {
        let mut header = Fields::new(bytes);
        let kind = header.u8()?;
        let length = usize::try_from(header.u32()?).map_err(|_| Malformed)?;
        let stored = header.u32()?;
        let fields = header.bytes(length)?;
        if stored != checksum(kind, fields) {
            return Err(Malformed);
        }
        let mut fields = Fields::new(fields);
        let record = match kind {
            MESSAGE => Self::Message(MessageRecord::decode(&mut fields)?),
            CLAIM => Self::Claim(ClaimRecord::decode(&mut fields)?),
            RENEW => Self::Renew {
                destination: fields.u64()?,
                claim: ClaimId::from_u128(fields.u128()?),
                hold: Hold::decode(&mut fields)?,
                grace: GraceSeconds::new(fields.u32()?),
            },
            RELEASE => {
                Self::Release { destination: fields.u64()?, claim: ClaimId::from_u128(fields.u128()?) }
            }
            DELETE => {
                Self::Delete { destination: fields.u64()?, sequences: fields.list(8, |fields| fields.u64())? }
            }
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
            STANDING => Self::Standing(StandingRecord::decode(&mut fields)?),
            ATTEMPT => Self::Attempt(AttemptRecord::decode(&mut fields)?),
            LOSE => {
                Self::Lose { destination: fields.u64()?, sequences: fields.list(8, |fields| fields.u64())? }
            }
            CURSOR => Self::Cursor(CursorRecord::decode(&mut fields)?),
            UNSUBSCRIBE => Self::Unsubscribe {
                destination: fields.u64()?,
                subscription: SubscriptionId::from_u128(fields.u128()?),
            },
            SKIP => Self::Skip { destination: fields.u64()?, below: fields.u64()? },
            _ => return Err(Malformed),
        };
        Ok((record, HEADER + length))
    }
}

impl Hold {
    pub(crate) fn encode(self, out: &mut Writer<'_>) {
        out.u64(self.renewed.as_millis());
        out.u32(self.ttl.get());
    }

    pub(crate) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self { renewed: Timestamp::from_millis(fields.u64()?), ttl: TtlSeconds::new(fields.u32()?) })
    }
}

impl<'a> SubscriptionRecord<'a> {
    pub(crate) fn encode(&self, out: &mut Writer<'_>) {
        out.u128(self.id.as_u128());
        out.u64(self.renewed.as_millis());
        out.u64(self.ttl.get());
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let is_owed = flag(self.owed_from.is_some(), IS_OWED);
        let is_suspended = flag(self.suspended.is_some(), IS_SUSPENDED);
        let has_declined = flag(self.declined, HAS_DECLINED);
        out.u8(flag(self.confirmed, IS_CONFIRMED) | is_owed | has_declined | is_suspended);
        out.u64(self.owed_from.unwrap_or_default());
        out.text(self.subscriber);
        out.text(self.options);
        if let Some((since, reason)) = self.suspended {
            out.u64(since.as_millis());
            out.text(reason);
        }
    }

    pub(crate) fn decode(fields: &mut Fields<'a>) -> Result<Self, Malformed> {
        let id = SubscriptionId::from_u128(fields.u128()?);
        let renewed = Timestamp::from_millis(fields.u64()?);
        let ttl = SubscriptionTtl::new(fields.u64()?);
        let (flags, from) = (fields.u8()?, fields.u64()?);
        let owed_from = (flags & IS_OWED != 0).then_some(from);
        let (confirmed, declined) = (flags & IS_CONFIRMED != 0, flags & HAS_DECLINED != 0);
        let (subscriber, options) = (fields.text()?, fields.text()?);
        let suspended = if flags & IS_SUSPENDED == 0 {
            None
        } else {
            Some((Timestamp::from_millis(fields.u64()?), fields.text()?))
        };
        Ok(Self { id, renewed, ttl, confirmed, declined, owed_from, subscriber, options, suspended })
    }

    /// As version 1 of the format has it.
    pub(crate) fn decode_1(fields: &mut Fields<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            id: SubscriptionId::from_u128(fields.u128()?),
            renewed: Timestamp::from_millis(fields.u64()?),
            ttl: SubscriptionTtl::new(fields.u64()?),
            confirmed: fields.u8()? != 0,
            declined: false,
            owed_from: Some(FROM_THE_END),
            subscriber: fields.text()?,
            options: fields.text()?,
            suspended: None,
        })
    }
}

impl ClaimRecord {
    fn encode(&self, out: &mut Writer<'_>) {
        out.u64(self.destination);
        out.u128(self.claim.as_u128());
        self.hold.encode(out);
        out.u32(self.grace.get());
        out.count(self.taken.len());
        for (sequence, count) in &self.taken {
            out.u64(*sequence);
            out.u32(*count);
        }
        out.count(self.exhausted.len());
        self.exhausted.iter().for_each(|sequence| out.u64(*sequence));
    }

    fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            destination: fields.u64()?,
            claim: ClaimId::from_u128(fields.u128()?),
            hold: Hold::decode(fields)?,
            grace: GraceSeconds::new(fields.u32()?),
            taken: fields.list(12, |fields| Ok((fields.u64()?, fields.u32()?)))?,
            exhausted: fields.list(8, |fields| fields.u64())?,
        })
    }
}

impl<'a> MessageRecord<'a> {
    /// Reads a whole record, header included, that is known to be a message's.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        match Record::decode(bytes)? {
            (Record::Message(message), _) => Ok(message),
            _ => Err(Malformed),
        }
    }

    fn encode(&self, out: &mut Writer<'_>) {
        let delayed = self.delayed_until > self.created;
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        out.u8(flag(self.id.is_some(), HAS_ID)
            | flag(delayed, HAS_DELAY)
            | flag(self.claim.is_some(), HAS_CLAIM)
            | flag(self.exhausted, IS_EXHAUSTED)
            | flag(self.kept, IS_KEPT)
            | flag(self.is_letter, IS_LETTER)
            | flag(self.id.is_some_and(|foreign| foreign.posted), WAS_POSTED)
            | flag(matches!(self.client, Client::Uuid(_)), CLIENT_IS_UUID));
        out.u64(self.destination);
        out.u64(self.sequence);
        out.u64(self.created.as_millis());
        out.u64(self.expires.as_millis());
        out.u32(self.ttl.get());
        out.u32(self.claim_count);
        if let Some(foreign) = self.id {
            out.u128(foreign.id.as_u128());
        }
        if delayed {
            out.u64(self.delayed_until.as_millis());
        }
        if let Some((claim, hold)) = self.claim {
            out.u128(claim.as_u128());
            hold.encode(out);
        }
        match self.client {
            Client::Uuid(id) => out.u128(id.as_u128()),
            Client::Text(text) => out.text(text),
        }
        out.text(self.checksum);
        out.rest(self.body);
    }

    fn decode(fields: &mut Fields<'a>) -> Result<Self, Malformed> {
        let flags = fields.u8()?;
        let has = |bit: u8| flags & bit != 0;
        let destination = fields.u64()?;
        let sequence = fields.u64()?;
        let created = Timestamp::from_millis(fields.u64()?);
        let expires = Timestamp::from_millis(fields.u64()?);
        let ttl = TtlSeconds::new(fields.u32()?);
        let claim_count = fields.u32()?;
        let id = if has(HAS_ID) {
            Some(ForeignId { id: MessageId::from_u128(fields.u128()?), posted: has(WAS_POSTED) })
        } else {
            None
        };
        let delayed_until = if has(HAS_DELAY) { Timestamp::from_millis(fields.u64()?) } else { created };
        let claim = if has(HAS_CLAIM) {
            Some((ClaimId::from_u128(fields.u128()?), Hold::decode(fields)?))
        } else {
            None
        };
        let client = if has(CLIENT_IS_UUID) {
            Client::Uuid(Uuid::from_u128(fields.u128()?))
        } else {
            Client::Text(fields.text()?)
        };
        Ok(Self {
            destination,
            sequence,
            id,
            created,
            expires,
            delayed_until,
            ttl,
            claim_count,
            claim,
            exhausted: has(IS_EXHAUSTED),
            kept: has(IS_KEPT),
            is_letter: has(IS_LETTER),
            client,
            checksum: fields.text()?,
            body: fields.rest(),
        })
    }
}

/// A client id on disk. The usual one is a UUID: 16 bytes instead of 36.
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

    /// A number that stands for the client in the index. Two clients share one about every 2⁶⁴ times.
    pub(crate) fn tag(self) -> u64 {
        // FNV-1a: stable over restarts, since checkpoints keep it.
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

fn checksum(kind: u8, fields: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&[kind]), fields)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{
        ClaimId, ClaimRecord, Client, DestinationKind, ForeignId, GraceSeconds, Hold, MessageId,
        MessageRecord, Record, SubscriptionId, SubscriptionRecord, SubscriptionTtl, Timestamp, TtlSeconds,
    };

    fn hold() -> Hold {
        Hold { renewed: Timestamp::from_millis(5), ttl: TtlSeconds::new(60) }
    }

    pub(in super::super) fn round_trip(record: &Record<'_>) {
        let mut buffer = vec![0xee; 3];
        record.encode(&mut buffer);
        let length = buffer.len() - 3;
        buffer.extend_from_slice(b"more");
        assert_eq!(Record::decode(&buffer[3..]), Ok((record.clone(), length)));
    }

    #[test]
    fn every_kind_is_read_back() {
        let claim = ClaimId::from_u128(77);
        round_trip(&Record::Claim(ClaimRecord {
            destination: 1,
            claim,
            hold: hold(),
            grace: GraceSeconds::new(61),
            taken: vec![(1, 1), (u64::MAX, 9)],
            exhausted: vec![4],
        }));
        round_trip(&Record::Renew { destination: 1, claim, hold: hold(), grace: GraceSeconds::new(60) });
        round_trip(&Record::Release { destination: 1, claim });
        round_trip(&Record::Delete { destination: 1, sequences: vec![1, 2, 3] });
        round_trip(&Record::Purge { destination: 1, below: 3 });
        round_trip(&Record::Drop { destination: 1 });
        round_trip(&Record::Skip { destination: 1, below: 9 });
        for kind in [DestinationKind::Queue, DestinationKind::Topic, DestinationKind::Confirmations] {
            round_trip(&Record::Destination { destination: 1, kind, project: "p", name: "q" });
        }
        let id = SubscriptionId::from_u128(8);
        let subscription = SubscriptionRecord {
            id,
            renewed: hold().renewed,
            ttl: SubscriptionTtl::new(u64::MAX),
            confirmed: true,
            declined: false,
            owed_from: Some(7),
            subscriber: "mailto:a@example.org",
            options: "{}",
            suspended: None,
        };
        round_trip(&Record::Subscribe { destination: 1, subscription: subscription.clone() });
        let muted = SubscriptionRecord { owed_from: None, confirmed: false, declined: true, ..subscription };
        round_trip(&Record::Subscribe { destination: 1, subscription: muted.clone() });
        let suspended = SubscriptionRecord { suspended: Some((hold().renewed, "410 Gone")), ..muted };
        round_trip(&Record::Subscribe { destination: 1, subscription: suspended });
        round_trip(&Record::Unsubscribe { destination: 1, subscription: id });
        round_trip(&Record::Lose { destination: 1, sequences: vec![7] });
    }

    proptest! {
        #[test]
        fn messages_are_read_back(
            client in "[0-9a-f-]{0,36}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            checksum in ".{0,8}",
            body in any::<Vec<u8>>(),
            (id, delay, claimed, exhausted, (kept, is_letter))
                in any::<(Option<(u128, bool)>, u32, bool, bool, (bool, bool))>(),
        ) {
            let created = Timestamp::from_millis(1_000);
            round_trip(&Record::Message(MessageRecord {
                destination: 3,
                sequence: 4,
                id: id.map(|(id, posted)| ForeignId { id: MessageId::from_u128(id), posted }),
                created,
                expires: Timestamp::from_millis(2_000),
                delayed_until: created.plus_secs(u64::from(delay)),
                ttl: TtlSeconds::new(1),
                claim_count: 2,
                claim: claimed.then(|| (ClaimId::from_u128(5), hold())),
                exhausted,
                kept,
                is_letter,
                client: Client::new(&client),
                checksum: &checksum,
                body: &body,
            }));
            prop_assert_eq!(Client::new(&client).to_string(), client);
        }

        #[test]
        fn no_bytes_make_decoding_panic(bytes in any::<Vec<u8>>()) {
            let _ = Record::decode(&bytes);
        }

        #[test]
        fn no_fields_behind_a_valid_checksum_make_decoding_panic(kind in 0_u8..17, fields in any::<Vec<u8>>()) {
            let mut bytes = vec![kind];
            bytes.extend_from_slice(&u32::try_from(fields.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(&super::checksum(kind, &fields).to_le_bytes());
            bytes.extend_from_slice(&fields);
            let _ = Record::decode(&bytes);
        }

        #[test]
        fn a_flipped_bit_is_noticed(body in any::<Vec<u8>>(), bit in any::<proptest::sample::Index>()) {
            let mut bytes = Vec::new();
            Record::Destination {
                destination: 1,
                kind: DestinationKind::Queue,
                project: &"p".repeat(body.len()),
                name: "q",
            }
            .encode(&mut bytes);
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(Record::decode(&bytes).is_err());
        }
    }
}
