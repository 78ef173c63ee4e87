//! The record of a message.

use zaqar_model::{ClaimLease, MessageId, Timestamp, TtlSeconds};

use super::claim::{decode_lease, encode_lease};
use super::client::Client;
use crate::log::fields::{FieldWriter, Fields, Malformed};
use uuid::Uuid;

const HAS_ID: u8 = 1;
const HAS_DELAY: u8 = 2;
const HAS_CLAIM: u8 = 4;
const IS_DEAD_LETTERED: u8 = 8;
const CLIENT_IS_UUID: u8 = 16;
const IS_RETAINED: u8 = 32;
const WAS_POSTED: u8 = 64;
const IS_LETTER: u8 = 128;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageRecord<'a> {
    pub(crate) destination: u64,
    pub(crate) sequence: u64,
    /// Given only if it does not follow from destination and sequence: the message came from elsewhere.
    pub(crate) id: Option<ForeignId>,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) delayed_until: Timestamp,
    pub(crate) ttl: TtlSeconds,
    pub(crate) claim_count: u32,
    pub(crate) placement: Placement,
    /// It reports a delivery that was given up.
    pub(crate) is_letter: bool,
    pub(crate) client: Client<'a>,
    /// Empty if there is none.
    pub(crate) checksum: &'a str,
    pub(crate) body: &'a [u8],
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// In the queue, available or delayed.
    Queued,
    /// In the queue, under this claim. Once the claim has expired, the message is available.
    Claimed(ClaimLease),
    /// Out of the queue, claimed too often. It waits for its move to the dead-letter queue.
    DeadLettered,
    /// Out of the queue, retained for subscribers that are still owed it.
    Retained,
}

impl Placement {
    const fn flags(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Claimed(..) => HAS_CLAIM,
            Self::DeadLettered => IS_DEAD_LETTERED,
            Self::Retained => IS_RETAINED,
        }
    }

    /// A log may have more than one of the flags: a retained message was claimed or dead-lettered before.
    fn of_flags(flags: u8, lease: Option<ClaimLease>) -> Self {
        if flags & IS_RETAINED != 0 {
            Self::Retained
        } else if flags & IS_DEAD_LETTERED != 0 {
            Self::DeadLettered
        } else {
            lease.map_or(Self::Queued, Self::Claimed)
        }
    }
}

/// The id of a message that came from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForeignId {
    pub(crate) id: MessageId,
    /// It came with its queue, to which it was posted: subscribers are owed it. Otherwise it was adopted.
    pub(crate) posted: bool,
}

impl<'a> MessageRecord<'a> {
    pub(super) fn encode(&self, out: &mut FieldWriter<'_>) {
        let delayed = self.delayed_until > self.created;
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        out.u8(flag(self.id.is_some(), HAS_ID)
            | flag(delayed, HAS_DELAY)
            | self.placement.flags()
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
        if let Placement::Claimed(lease) = self.placement {
            encode_lease(lease, out);
        }
        match self.client {
            Client::Uuid(id) => out.u128(id.as_u128()),
            Client::Text(text) => out.text(text),
        }
        out.text(self.checksum);
        out.rest(self.body);
    }

    pub(super) fn decode(fields: &mut Fields<'a>) -> Result<Self, Malformed> {
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
        let lease = if has(HAS_CLAIM) { Some(decode_lease(fields)?) } else { None };
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
            placement: Placement::of_flags(flags, lease),
            is_letter: has(IS_LETTER),
            client,
            checksum: fields.text()?,
            body: fields.rest(),
        })
    }
}
