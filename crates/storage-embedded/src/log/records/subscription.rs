//! The record of a subscription.

use zaqar_model::{SubscriptionId, SubscriptionTtl, Timestamp};

use crate::log::fields::{FieldWriter, Fields, Malformed};

const IS_CONFIRMED: u8 = 1;
const IS_OWED: u8 = 2;
const HAS_DECLINED: u8 = 4;
/// Since version 4.
const IS_SUSPENDED: u8 = 8;

/// Stands for the end of the queue at the time the record is read: version 1 did not say.
pub(crate) const FROM_THE_END: u64 = u64::MAX;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubscriptionRecord<'a> {
    pub(crate) id: SubscriptionId,
    /// When it was created or its time to live was last set.
    pub(crate) renewed: Timestamp,
    pub(crate) ttl: SubscriptionTtl,
    pub(crate) confirmed: bool,
    pub(crate) declined: bool,
    /// It is owed messages from this sequence number on. `None`: it is not notified.
    pub(crate) owed_from: Option<u64>,
    pub(crate) subscriber: &'a str,
    /// A JSON object.
    pub(crate) options: &'a str,
    /// Since when and why it is suspended.
    pub(crate) suspended: Option<(Timestamp, &'a str)>,
}

impl<'a> SubscriptionRecord<'a> {
    pub(crate) fn encode(&self, out: &mut FieldWriter<'_>) {
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

    /// Reads the layout of version 1.
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
