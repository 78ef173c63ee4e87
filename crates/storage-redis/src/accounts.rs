//! How the accounts of attempts lie in the store.

use std::sync::LazyLock;

use zaqar_model::{
    Address, Attempt, AttemptEnd, AttemptNumber, AttemptRecord, ConfirmationKind, Excerpt, MessageId,
    Timestamp,
};
use zaqar_storage::StorageResult;

use crate::connection::damaged;
use crate::fields::Fields;
use crate::records::millis;

/// How an attempt ended, as the scripts have it. The first three are the kinds of a report, too.
pub(crate) const DELIVERED: u8 = 0;
pub(crate) const RETRY: u8 = 1;
pub(crate) const EXHAUSTED: u8 = 2;
pub(crate) const UNKNOWN: u8 = 3;

pub(crate) const fn ending(end: AttemptEnd) -> u8 {
    match end {
        AttemptEnd::Delivered => DELIVERED,
        AttemptEnd::RetryAt(_) => RETRY,
        AttemptEnd::GivenUp => EXHAUSTED,
        AttemptEnd::Unknown => UNKNOWN,
    }
}

/// What the scripts do not look at: all but the number, the message, the time and the end.
pub(crate) fn account(attempt: &Attempt, end: AttemptEnd, kind: Option<ConfirmationKind>) -> Vec<u8> {
    let retry_at = if let AttemptEnd::RetryAt(at) = end { at } else { Timestamp::default() };
    let kind = match kind {
        None => 0,
        Some(ConfirmationKind::Subscription) => 1,
        Some(ConfirmationKind::Unsubscription) => 2,
    };
    let mut bytes = vec![kind, u8::from(attempt.status.is_some()), u8::from(attempt.address.is_some())];
    bytes.extend(u32::from(attempt.status.unwrap_or_default()).to_le_bytes());
    bytes.extend(attempt.latency_ms.to_le_bytes());
    bytes.extend(millis(retry_at).to_le_bytes());
    write_text(&mut bytes, attempt.excerpt.as_str());
    write_text(&mut bytes, attempt.address.as_ref().map(Address::as_str).unwrap_or_default());
    bytes
}

pub(crate) fn write_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(text.as_bytes());
}

/// The account of an attempt that nobody gave.
pub(crate) fn account_of_unknown() -> &'static [u8] {
    static ACCOUNT: LazyLock<Vec<u8>> =
        LazyLock::new(|| account(&Attempt::without_end(Timestamp::default()), AttemptEnd::Unknown, None));
    &ACCOUNT
}

pub(crate) fn kept_attempt(bytes: &[u8]) -> StorageResult<AttemptRecord> {
    let mut fields = Fields(bytes);
    let number = fields.moment()?.as_millis();
    let (message, at, end) = (MessageId::from_u128(fields.u128()?), fields.moment()?, fields.u8()?);
    let confirmation = match fields.u8()? {
        0 => None,
        1 => Some(ConfirmationKind::Subscription),
        _ => Some(ConfirmationKind::Unsubscription),
    };
    let (has_status, has_address) = (fields.u8()? == 1, fields.u8()? == 1);
    let (status, latency_ms) = (u16::try_from(fields.u32()?).map_err(|_| damaged())?, fields.u32()?);
    let retry_at = crate::records::timestamp(u64::from_le_bytes(fields.take()?));
    let (excerpt, address) = (fields.text()?, fields.text()?);
    let attempt = Attempt {
        at,
        status: has_status.then_some(status),
        latency_ms,
        excerpt: Excerpt::new(&excerpt),
        address: has_address.then(|| Address::shown(&address)),
    };
    let end = match end {
        DELIVERED => AttemptEnd::Delivered,
        RETRY => AttemptEnd::RetryAt(retry_at),
        EXHAUSTED => AttemptEnd::GivenUp,
        _ => AttemptEnd::Unknown,
    };
    Ok(AttemptRecord { number: AttemptNumber::new(number), message, confirmation, attempt, end })
}
