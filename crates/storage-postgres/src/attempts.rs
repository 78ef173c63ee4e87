//! What was tried, and what was given up.

use tokio_postgres::Row;
use uuid::Uuid;
use zaqar_model::{
    Address, Attempt, AttemptEnd, AttemptFilter, AttemptNumber, AttemptOutcome, AttemptRecord,
    ConfirmationAttempt, ConfirmationKind, Destination, Excerpt, FailedDelivery, Marker, MessageId,
    PageRequest, SubscriptionId, Timestamp,
};
use zaqar_storage::ATTEMPTS_KEPT_FOR;

use crate::columns::{
    count_u32, limit, marker, message_columns, millis, number_of, position, stored, text, timestamp,
    uuid_of_message, uuid_of_subscription,
};
use crate::connection::{Failed, Session, values};
use crate::recording::{Account, ending, trim_attempts};

/// A live subscription of a source that lives here.
macro_rules! live {
    () => {
        concat!(
            crate::fence::lives_here!("$1::int8"),
            " AND EXISTS (SELECT 1 FROM zaqar.subscriptions s
              WHERE s.queue = $1::int8 AND s.id = $2::uuid AND s.ends > $3::int8)"
        )
    };
}

const ATTEMPTS: &str = concat!(
    "SELECT a.number, a.message, a.confirmation, a.at, a.status, a.latency, a.excerpt, a.address, a.ending, a.retry_at
    FROM zaqar.attempts a WHERE a.queue = $1::int8 AND a.subscription = $2::uuid AND ",
    live!(),
    " AND a.at > $3::int8 - $4::int8 AND ($5::int8 IS NULL OR a.number < $5::int8)
      AND ($6::uuid IS NULL OR a.message = $6::uuid) AND ($7::int2 IS NULL OR a.ending = $7::int2)
      AND ($8::int8 IS NULL OR a.at >= $8::int8)
    ORDER BY a.number DESC LIMIT $9::int8"
);

/// No mover marks the subscription meanwhile.
const CONFIRM: &str = concat!(
    "INSERT INTO zaqar.attempts
      (queue, subscription, number, message, confirmation, at, status, latency, excerpt, address, ending, retry_at,
       exported)
    SELECT $1::int8, $2::uuid, nextval('zaqar.attempt_numbers'), $4::uuid, $5::int2, $6::int8, $7::int4, $8::int8,
      $9::bytea, $10::bytea, $11::int2, $12::int8, s.exported FROM (
      SELECT exported FROM zaqar.subscriptions WHERE queue = $1::int8 AND id = $2::uuid AND ends > $3::int8 FOR SHARE) s
    WHERE ",
    crate::fence::lives_here!("$1::int8")
);

/// What failed is retained until its message would expire, for a day at least.
const FAILED: &str = concat!(
    "SELECT d.attempts, d.due_at AS failed_at, d.reason, ",
    message_columns!("$3::int8"),
    " FROM zaqar.deliveries d JOIN zaqar.messages m ON m.queue = d.queue AND m.position = d.position
    WHERE d.queue = $1::int8 AND d.subscription = $2::uuid AND d.state = 2 AND ",
    live!(),
    " AND greatest(d.expires, d.due_at + 86400000) > $3::int8 AND d.position > $4::int8
    ORDER BY d.position LIMIT $5::int8"
);

pub(crate) async fn attempts(
    session: &Session,
    source: &Destination,
    subscription: SubscriptionId,
    filter: &AttemptFilter,
    page: &PageRequest<AttemptNumber>,
    now: Timestamp,
) -> Result<Vec<AttemptRecord>, Failed> {
    let (queue, id, now) = (number_of(source), uuid_of_subscription(subscription), millis(now));
    let kept_for = i64::try_from(ATTEMPTS_KEPT_FOR * 1000).unwrap_or(i64::MAX);
    let below = page.marker.map(|number| i64::try_from(number.get()).unwrap_or(i64::MAX));
    let message = filter.message.map(uuid_of_message);
    let outcome = filter.outcome.map(|outcome| match outcome {
        AttemptOutcome::Delivered => 0_i16,
        AttemptOutcome::Retry => 1,
        AttemptOutcome::Failed => 2,
        AttemptOutcome::Unknown => 3,
    });
    let (since, most) = (filter.since.map(millis), limit(page.limit));
    let values = values![
        queue => INT8, id => UUID, now => INT8, kept_for => INT8, below => INT8, message => UUID, outcome => INT2,
        since => INT8, most => INT8,
    ];
    session.query(ATTEMPTS, values).await?.iter().map(kept_attempt).collect()
}

pub(crate) fn kept_attempt(row: &Row) -> Result<AttemptRecord, Failed> {
    let (number, message): (i64, Uuid) = (row.try_get("number")?, row.try_get("message")?);
    let (status, address): (Option<i32>, Option<&[u8]>) = (row.try_get("status")?, row.try_get("address")?);
    let retry_at: Option<i64> = row.try_get("retry_at")?;
    let confirmation = row.try_get::<_, Option<i16>>("confirmation")?;
    Ok(AttemptRecord {
        number: AttemptNumber::new(number.unsigned_abs()),
        message: MessageId::from_u128(message.as_u128()),
        confirmation: confirmation.map(|kind| match kind {
            0 => ConfirmationKind::Subscription,
            _ => ConfirmationKind::Unsubscription,
        }),
        attempt: Attempt {
            at: timestamp(row.try_get("at")?),
            status: status.and_then(|status| u16::try_from(status).ok()),
            latency_ms: count_u32(row.try_get("latency")?),
            excerpt: Excerpt::new(&text(row.try_get("excerpt")?)),
            address: address.map(|address| Address::shown(&text(address))),
        },
        end: match row.try_get::<_, i16>("ending")? {
            0 => AttemptEnd::Delivered,
            1 => AttemptEnd::RetryAt(retry_at.map(timestamp).unwrap_or_default()),
            2 => AttemptEnd::GivenUp,
            _ => AttemptEnd::Unknown,
        },
    })
}

pub(crate) async fn record_confirmation(
    session: &Session,
    source: &Destination,
    subscription: SubscriptionId,
    attempt: &ConfirmationAttempt,
    now: Timestamp,
) -> Result<(), Failed> {
    let (queue, id, now) = (number_of(source), uuid_of_subscription(subscription), millis(now));
    let request = uuid_of_message(attempt.request);
    let kind: i16 = match attempt.kind {
        ConfirmationKind::Subscription => 0,
        ConfirmationKind::Unsubscription => 1,
    };
    let (account, (end, retry_at)) = (Account::from(&attempt.attempt), ending(attempt.end));
    let values = values![
        queue => INT8, id => UUID, now => INT8, request => UUID, kind => INT2, account.at => INT8,
        account.status => INT4, account.latency => INT8, account.excerpt => BYTEA, account.address => BYTEA,
        end => INT2, retry_at => INT8,
    ];
    session.begin().await?;
    session.execute(CONFIRM, values).await?;
    trim_attempts(session, &[queue], &[id]).await?;
    session.commit().await
}

pub(crate) async fn failed(
    session: &Session,
    source: &Destination,
    subscription: SubscriptionId,
    page: &PageRequest<Marker>,
    now: Timestamp,
) -> Result<Vec<FailedDelivery>, Failed> {
    let (queue, id, now) = (number_of(source), uuid_of_subscription(subscription), millis(now));
    let (behind, most) = (page.marker.map_or(i64::MIN, position), limit(page.limit));
    let values = values![queue => INT8, id => UUID, now => INT8, behind => INT8, most => INT8];
    let mut failed = Vec::new();
    for row in session.query(FAILED, values).await? {
        let mut message = stored(&row)?;
        // As it was posted.
        (message.message.claim, message.message.claim_count) = (None, 0);
        let reason: Option<&[u8]> = row.try_get("reason")?;
        failed.push(FailedDelivery {
            message,
            position: marker(row.try_get("position")?),
            attempts: count_u32(row.try_get("attempts")?),
            failed: timestamp(row.try_get("failed_at")?),
            reason: Excerpt::new(&reason.map(text).unwrap_or_default()),
        });
    }
    Ok(failed)
}
