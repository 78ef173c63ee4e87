//! Records of the states of deliveries.

use std::borrow::Cow;

use zaqar_model::{Excerpt, Lease, LeaseId, MessageId, SubscriptionId, Timestamp};
use zaqar_storage::FAILURES_KEPT_FOR;

use crate::log::fields::{FieldWriter, Fields, Malformed};

/// New states of some deliveries of one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryStateRecord<'a> {
    pub(crate) destination: u64,
    pub(crate) subscription: SubscriptionId,
    /// By the sequence numbers of their messages.
    pub(crate) states: Cow<'a, [(u64, DeliveryState)]>,
}

/// The state of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    /// It is done.
    Done,
    /// It is due at this time.
    Waiting { due: Timestamp, attempts: u32 },
    /// It was given up.
    Failed(DeliveryFailure),
    /// It was leased. When the log is read that lease has ended, and the outcome of its attempt is unknown.
    UnderWay {
        /// The attempt is recorded even if its message is gone.
        message: MessageId,
        lease: Lease,
        attempts: u32,
    },
}

/// When, after how many attempts and why a delivery was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryFailure {
    pub(crate) at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) reason: Excerpt,
}

impl DeliveryFailure {
    /// Until when it is shown: until its message expires, or longer.
    pub(crate) fn kept_until(&self, expires: Timestamp) -> Timestamp {
        expires.max(self.at.plus_secs(FAILURES_KEPT_FOR))
    }
}

/// The progress of a subscription whose queue migrates here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CursorRecord {
    pub(crate) destination: u64,
    pub(crate) subscription: SubscriptionId,
    /// It replaces the progress known before.
    pub(crate) reset: bool,
    /// All messages below this sequence number were considered for delivery. It never decreases, unless the cursor is
    /// replaced.
    pub(crate) front: u64,
    /// States of some deliveries below it. Unlike those of a [`DeliveryStateRecord`] they say nothing about others.
    pub(crate) states: Vec<(u64, DeliveryState)>,
}

const DONE: u8 = 0;
const WAITING: u8 = 1;
const FAILED: u8 = 2;
const UNDER_WAY: u8 = 3;

impl DeliveryStateRecord<'_> {
    pub(super) fn encode(&self, out: &mut FieldWriter<'_>) {
        out.u64(self.destination);
        out.u128(self.subscription.as_u128());
        encode_states(&self.states, out);
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            destination: fields.u64()?,
            subscription: SubscriptionId::from_u128(fields.u128()?),
            states: Cow::Owned(decode_states(fields)?),
        })
    }
}

impl CursorRecord {
    pub(super) fn encode(&self, out: &mut FieldWriter<'_>) {
        out.u64(self.destination);
        out.u128(self.subscription.as_u128());
        out.u8(u8::from(self.reset));
        out.u64(self.front);
        encode_states(&self.states, out);
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            destination: fields.u64()?,
            subscription: SubscriptionId::from_u128(fields.u128()?),
            reset: fields.u8()? != 0,
            front: fields.u64()?,
            states: decode_states(fields)?,
        })
    }
}

pub(crate) fn encode_states(states: &[(u64, DeliveryState)], out: &mut FieldWriter<'_>) {
    out.count(states.len());
    for (sequence, standing) in states {
        out.u64(*sequence);
        standing.encode(out);
    }
}

pub(crate) fn decode_states(fields: &mut Fields<'_>) -> Result<Vec<(u64, DeliveryState)>, Malformed> {
    fields.list(9, |fields| Ok((fields.u64()?, DeliveryState::decode(fields)?)))
}

impl DeliveryState {
    pub(crate) fn encode(&self, out: &mut FieldWriter<'_>) {
        match self {
            Self::Done => out.u8(DONE),
            Self::Waiting { due, attempts } => {
                out.u8(WAITING);
                out.u64(due.as_millis());
                out.u32(*attempts);
            }
            Self::Failed(DeliveryFailure { at, attempts, reason }) => {
                out.u8(FAILED);
                out.u64(at.as_millis());
                out.u32(*attempts);
                out.text(reason.as_str());
            }
            Self::UnderWay { message, lease, attempts } => {
                out.u8(UNDER_WAY);
                out.u128(message.as_u128());
                out.u128(lease.id.as_u128());
                out.u64(lease.since.as_millis());
                out.u32(*attempts);
            }
        }
    }

    pub(crate) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        match fields.u8()? {
            DONE => Ok(Self::Done),
            WAITING => {
                Ok(Self::Waiting { due: Timestamp::from_millis(fields.u64()?), attempts: fields.u32()? })
            }
            FAILED => Ok(Self::Failed(DeliveryFailure {
                at: Timestamp::from_millis(fields.u64()?),
                attempts: fields.u32()?,
                reason: Excerpt::new(fields.text()?),
            })),
            UNDER_WAY => {
                let message = MessageId::from_u128(fields.u128()?);
                let (id, since) = (LeaseId::from_u128(fields.u128()?), Timestamp::from_millis(fields.u64()?));
                Ok(Self::UnderWay { message, lease: Lease { id, since }, attempts: fields.u32()? })
            }
            _ => Err(Malformed),
        }
    }
}
