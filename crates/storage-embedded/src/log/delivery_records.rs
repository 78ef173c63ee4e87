//! What the log says of deliveries: how they stand, and the accounts of the attempts.

use zaqar_model::{
    Address, Attempt, AttemptEnd, ConfirmationKind, Excerpt, LeaseHold, LeaseId, MessageId, SubscriptionId,
    Timestamp,
};
use zaqar_storage::FAILURES_KEPT_FOR;

use super::fields::{Fields, Malformed, Writer};

/// How some deliveries of one subscription stand from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StandingRecord {
    pub(crate) destination: u64,
    pub(crate) subscription: SubscriptionId,
    /// By the sequence numbers of their messages.
    pub(crate) standings: Vec<(u64, Standing)>,
}

/// How one delivery stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing is owed.
    Done,
    /// It is to be tried at this time, after so many attempts.
    Waiting { due: Timestamp, attempts: u32 },
    /// It was given up.
    Failed(Failure),
    /// It was leased, after so many attempts. When the log is read that lease is over, and nobody has said how the
    /// attempt ended.
    UnderWay {
        /// The attempt is on record also when its message is gone.
        message: MessageId,
        lease: LeaseHold,
        attempts: u32,
    },
}

/// When, after how many attempts and why a delivery was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) reason: Excerpt,
}

impl Failure {
    /// It is kept until its message expires, or longer.
    pub(crate) fn kept_until(&self, expires: Timestamp) -> Timestamp {
        expires.max(self.at.plus_secs(FAILURES_KEPT_FOR))
    }
}

/// How far a subscription has come whose queue moves here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CursorRecord {
    pub(crate) destination: u64,
    pub(crate) subscription: SubscriptionId,
    /// What was known before is forgotten.
    pub(crate) anew: bool,
    /// What lies below this sequence number was taken up. Not lower than before, unless it begins anew.
    pub(crate) front: u64,
    /// How some deliveries below it stand; unlike a standing's, these say nothing of others.
    pub(crate) standings: Vec<(u64, Standing)>,
}

/// One attempt at one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttemptRecord {
    pub(crate) destination: u64,
    pub(crate) subscription: SubscriptionId,
    /// Counts the attempts of the subscription.
    pub(crate) number: u64,
    pub(crate) message: MessageId,
    /// What it was, where it was no notification.
    pub(crate) confirmation: Option<ConfirmationKind>,
    pub(crate) attempt: Attempt,
    pub(crate) end: AttemptEnd,
}

const DONE: u8 = 0;
const WAITING: u8 = 1;
const FAILED: u8 = 2;
const UNDER_WAY: u8 = 3;

const DELIVERED: u8 = 0;
const TO_BE_RETRIED: u8 = 1;
const EXHAUSTED: u8 = 2;
const UNKNOWN: u8 = 3;

const NOTIFICATION: u8 = 0;
const REQUEST_TO_CONFIRM: u8 = 1;
const END_OF_SUBSCRIPTION: u8 = 2;

impl StandingRecord {
    pub(super) fn encode(&self, out: &mut Writer<'_>) {
        out.u64(self.destination);
        out.u128(self.subscription.as_u128());
        encode_standings(&self.standings, out);
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            destination: fields.u64()?,
            subscription: SubscriptionId::from_u128(fields.u128()?),
            standings: decode_standings(fields)?,
        })
    }
}

impl CursorRecord {
    pub(super) fn encode(&self, out: &mut Writer<'_>) {
        out.u64(self.destination);
        out.u128(self.subscription.as_u128());
        out.u8(u8::from(self.anew));
        out.u64(self.front);
        encode_standings(&self.standings, out);
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            destination: fields.u64()?,
            subscription: SubscriptionId::from_u128(fields.u128()?),
            anew: fields.u8()? != 0,
            front: fields.u64()?,
            standings: decode_standings(fields)?,
        })
    }
}

pub(crate) fn encode_standings(standings: &[(u64, Standing)], out: &mut Writer<'_>) {
    out.count(standings.len());
    for (sequence, standing) in standings {
        out.u64(*sequence);
        standing.encode(out);
    }
}

pub(crate) fn decode_standings(fields: &mut Fields<'_>) -> Result<Vec<(u64, Standing)>, Malformed> {
    fields.list(9, |fields| Ok((fields.u64()?, Standing::decode(fields)?)))
}

impl Standing {
    pub(crate) fn encode(&self, out: &mut Writer<'_>) {
        match self {
            Self::Done => out.u8(DONE),
            Self::Waiting { due, attempts } => {
                out.u8(WAITING);
                out.u64(due.as_millis());
                out.u32(*attempts);
            }
            Self::Failed(Failure { at, attempts, reason }) => {
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
            FAILED => Ok(Self::Failed(Failure {
                at: Timestamp::from_millis(fields.u64()?),
                attempts: fields.u32()?,
                reason: Excerpt::new(fields.text()?),
            })),
            UNDER_WAY => {
                let message = MessageId::from_u128(fields.u128()?);
                let (id, since) = (LeaseId::from_u128(fields.u128()?), Timestamp::from_millis(fields.u64()?));
                Ok(Self::UnderWay { message, lease: LeaseHold { id, since }, attempts: fields.u32()? })
            }
            _ => Err(Malformed),
        }
    }
}

impl AttemptRecord {
    pub(super) fn encode(&self, out: &mut Writer<'_>) {
        out.u64(self.destination);
        out.u128(self.subscription.as_u128());
        out.u64(self.number);
        out.u128(self.message.as_u128());
        let (end, due) = match self.end {
            AttemptEnd::Delivered => (DELIVERED, Timestamp::default()),
            AttemptEnd::RetryAt(due) => (TO_BE_RETRIED, due),
            AttemptEnd::Exhausted => (EXHAUSTED, Timestamp::default()),
            AttemptEnd::Unknown => (UNKNOWN, Timestamp::default()),
        };
        out.u8(end);
        out.u64(due.as_millis());
        out.u64(self.attempt.at.as_millis());
        // No answer has a status of 0.
        out.u32(self.attempt.status.unwrap_or_default().into());
        out.u32(self.attempt.latency_ms);
        out.text(self.attempt.excerpt.as_str());
        encode_confirmation(self.confirmation, out);
        out.text(self.attempt.address.as_ref().map_or("", Address::as_str));
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        let destination = fields.u64()?;
        let subscription = SubscriptionId::from_u128(fields.u128()?);
        let (number, message) = (fields.u64()?, MessageId::from_u128(fields.u128()?));
        let (end, due) = (fields.u8()?, Timestamp::from_millis(fields.u64()?));
        let end = match end {
            DELIVERED => AttemptEnd::Delivered,
            TO_BE_RETRIED => AttemptEnd::RetryAt(due),
            EXHAUSTED => AttemptEnd::Exhausted,
            UNKNOWN => AttemptEnd::Unknown,
            _ => return Err(Malformed),
        };
        let at = Timestamp::from_millis(fields.u64()?);
        let status = u16::try_from(fields.u32()?).map_err(|_| Malformed)?;
        let (latency_ms, excerpt) = (fields.u32()?, Excerpt::new(fields.text()?));
        let confirmation = decode_confirmation(fields)?;
        let address = decode_address(fields)?;
        let status = (status != 0).then_some(status);
        let attempt = Attempt { at, status, latency_ms, excerpt, address };
        Ok(Self { destination, subscription, number, message, confirmation, attempt, end })
    }
}

fn encode_confirmation(confirmation: Option<ConfirmationKind>, out: &mut Writer<'_>) {
    out.u8(match confirmation {
        None => NOTIFICATION,
        Some(ConfirmationKind::Subscription) => REQUEST_TO_CONFIRM,
        Some(ConfirmationKind::Unsubscription) => END_OF_SUBSCRIPTION,
    });
}

fn decode_confirmation(fields: &mut Fields<'_>) -> Result<Option<ConfirmationKind>, Malformed> {
    // Up to version 3 nothing stood there for a notification.
    if fields.remaining() == 0 {
        return Ok(None);
    }
    match fields.u8()? {
        NOTIFICATION => Ok(None),
        REQUEST_TO_CONFIRM => Ok(Some(ConfirmationKind::Subscription)),
        END_OF_SUBSCRIPTION => Ok(Some(ConfirmationKind::Unsubscription)),
        _ => Err(Malformed),
    }
}

/// Up to version 3 there was none.
fn decode_address(fields: &mut Fields<'_>) -> Result<Option<Address>, Malformed> {
    if fields.remaining() == 0 {
        return Ok(None);
    }
    let text = fields.text()?;
    Ok(Some(text).filter(|text| !text.is_empty()).map(Address::shown))
}

#[cfg(test)]
mod tests {
    use super::{
        Address, Attempt, AttemptEnd, AttemptRecord, ConfirmationKind, CursorRecord, Excerpt, Failure,
        LeaseHold, LeaseId, MessageId, Standing, StandingRecord, SubscriptionId, Timestamp,
    };
    use crate::log::Record;
    use crate::log::record::tests::round_trip;

    #[test]
    fn what_became_of_deliveries_is_read_back() {
        let (subscription, at, reason) =
            (SubscriptionId::from_u128(8), Timestamp::from_millis(5), Excerpt::new("no"));
        let failure = Failure { at, attempts: 7, reason: reason.clone() };
        let lease = LeaseHold { id: LeaseId::from_u128(6), since: at };
        round_trip(&Record::Standing(StandingRecord {
            destination: 1,
            subscription,
            standings: vec![
                (1, Standing::Done),
                (2, Standing::Waiting { due: at, attempts: 3 }),
                (3, Standing::UnderWay { message: MessageId::from_u128(5), lease, attempts: 4 }),
                (u64::MAX, Standing::Failed(failure)),
            ],
        }));
        let standings = vec![(9, Standing::Done)];
        let cursor = CursorRecord { destination: 1, subscription, anew: true, front: 10, standings };
        round_trip(&Record::Cursor(cursor));
        let again = AttemptEnd::RetryAt(at);
        for end in [AttemptEnd::Delivered, again, AttemptEnd::Exhausted, AttemptEnd::Unknown] {
            for status in [None, Some(599)] {
                let attempt =
                    Attempt { at, status, latency_ms: u32::MAX, excerpt: reason.clone(), address: None };
                let (number, message) = (4, MessageId::from_u128(5));
                round_trip(&Record::Attempt(AttemptRecord {
                    destination: 1,
                    subscription,
                    number,
                    message,
                    confirmation: None,
                    attempt,
                    end,
                }));
            }
        }
    }

    #[test]
    fn attempts_at_requests_to_confirm_are_read_back() {
        let attempt = Attempt {
            at: Timestamp::from_millis(5),
            status: None,
            latency_ms: 1,
            excerpt: Excerpt::default(),
            address: Some(Address::of("http://example.org/")),
        };
        for kind in [ConfirmationKind::Subscription, ConfirmationKind::Unsubscription] {
            round_trip(&Record::Attempt(AttemptRecord {
                destination: 1,
                subscription: SubscriptionId::from_u128(8),
                number: 4,
                message: MessageId::from_u128(5),
                confirmation: Some(kind),
                attempt: attempt.clone(),
                end: AttemptEnd::Delivered,
            }));
        }
    }
}
