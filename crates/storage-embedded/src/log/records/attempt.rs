//! The record of an attempt at a delivery.

use std::borrow::Cow;

use zaqar_model::{
    Address, Attempt, AttemptEnd, ConfirmationKind, Excerpt, MessageId, SubscriptionId, Timestamp,
};

use crate::log::fields::{FieldWriter, Fields, Malformed};

/// One attempt at one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoggedAttempt<'a> {
    pub(crate) destination: u64,
    pub(crate) subscription: SubscriptionId,
    /// The number among the attempts of the subscription.
    pub(crate) number: u64,
    pub(crate) message: MessageId,
    /// Set if it was not a notification.
    pub(crate) confirmation: Option<ConfirmationKind>,
    pub(crate) attempt: Cow<'a, Attempt>,
    pub(crate) end: AttemptEnd,
}

const DELIVERED: u8 = 0;
const TO_BE_RETRIED: u8 = 1;
const EXHAUSTED: u8 = 2;
const UNKNOWN: u8 = 3;

const NOTIFICATION: u8 = 0;
const REQUEST_TO_CONFIRM: u8 = 1;
const END_OF_SUBSCRIPTION: u8 = 2;

impl LoggedAttempt<'_> {
    pub(super) fn encode(&self, out: &mut FieldWriter<'_>) {
        out.u64(self.destination);
        out.u128(self.subscription.as_u128());
        out.u64(self.number);
        out.u128(self.message.as_u128());
        let (end, due) = match self.end {
            AttemptEnd::Delivered => (DELIVERED, Timestamp::default()),
            AttemptEnd::RetryAt(due) => (TO_BE_RETRIED, due),
            AttemptEnd::GivenUp => (EXHAUSTED, Timestamp::default()),
            AttemptEnd::Unknown => (UNKNOWN, Timestamp::default()),
        };
        out.u8(end);
        out.u64(due.as_millis());
        out.u64(self.attempt.at.as_millis());
        // 0 stands for no response.
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
            EXHAUSTED => AttemptEnd::GivenUp,
            UNKNOWN => AttemptEnd::Unknown,
            _ => return Err(Malformed),
        };
        let at = Timestamp::from_millis(fields.u64()?);
        let status = u16::try_from(fields.u32()?).map_err(|_| Malformed)?;
        let (latency_ms, excerpt) = (fields.u32()?, Excerpt::new(fields.text()?));
        let confirmation = decode_confirmation(fields)?;
        let address = decode_address(fields)?;
        let status = (status != 0).then_some(status);
        let attempt = Cow::Owned(Attempt { at, status, latency_ms, excerpt, address });
        Ok(Self { destination, subscription, number, message, confirmation, attempt, end })
    }
}

fn encode_confirmation(confirmation: Option<ConfirmationKind>, out: &mut FieldWriter<'_>) {
    out.u8(match confirmation {
        None => NOTIFICATION,
        Some(ConfirmationKind::Subscription) => REQUEST_TO_CONFIRM,
        Some(ConfirmationKind::Unsubscription) => END_OF_SUBSCRIPTION,
    });
}

fn decode_confirmation(fields: &mut Fields<'_>) -> Result<Option<ConfirmationKind>, Malformed> {
    // Up to version 3 this field was missing for a notification.
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

/// Up to version 3 this field was missing.
fn decode_address(fields: &mut Fields<'_>) -> Result<Option<Address>, Malformed> {
    if fields.remaining() == 0 {
        return Ok(None);
    }
    let text = fields.text()?;
    Ok(Some(text).filter(|text| !text.is_empty()).map(Address::shown))
}
