//! How deliveries stand that arrive with their queue, and the attempts at them. What is about a subscription or a message that
//! is not here is passed over.

use std::collections::BTreeMap;

use uuid::Uuid;
use zaqar_model::{
    AttemptNumber, AttemptRecord, ConfirmationKind, DeliveryStanding, ExportedDelivery, ExportedItem,
};

use crate::columns::{millis, position, uuid_of_message, uuid_of_subscription};
use crate::connection::{Failed, Session, values};
use crate::recording::{Account, ending, trim_attempts};

const PUT: &str = "
INSERT INTO zaqar.deliveries (queue, subscription, position, state, late, due_at, expires, attempts, lease, leased_at, reason)
SELECT m.queue, s.id, m.position, i.state, i.state = 0 AND m.expires <= $2::int8, i.due_at, m.expires, i.attempts, i.lease,
  i.leased_at, i.reason
FROM unnest($3::uuid[], $4::int8[], $5::int2[], $6::int8[], $7::int8[], $8::uuid[], $9::int8[], $10::bytea[])
  AS i(subscription, position, state, due_at, attempts, lease, leased_at, reason)
JOIN zaqar.subscriptions s ON s.queue = $1::int8 AND s.id = i.subscription
JOIN zaqar.messages m ON m.queue = $1::int8 AND m.position = i.position
ON CONFLICT (queue, subscription, position) DO UPDATE SET state = excluded.state, late = excluded.late,
  due_at = excluded.due_at, expires = excluded.expires, attempts = excluded.attempts, lease = excluded.lease,
  leased_at = excluded.leased_at, reason = excluded.reason";

/// It was owed once more, perhaps.
const KEEP: &str = "
UPDATE zaqar.messages SET kept = true WHERE queue = $1::int8 AND position = ANY($2::int8[]) AND NOT kept";

const PUT_ATTEMPTS: &str = "
INSERT INTO zaqar.attempts
  (queue, subscription, number, message, confirmation, at, status, latency, excerpt, address, ending, retry_at)
SELECT s.queue, s.id, i.number, i.message, i.confirmation, i.at, i.status, i.latency, i.excerpt, i.address, i.ending,
  i.retry_at
FROM unnest($2::uuid[], $3::int8[], $4::uuid[], $5::int2[], $6::int8[], $7::int4[], $8::int8[], $9::bytea[], $10::bytea[],
    $11::int2[], $12::int8[])
  AS i(subscription, number, message, confirmation, at, status, latency, excerpt, address, ending, retry_at)
JOIN zaqar.subscriptions s ON s.queue = $1::int8 AND s.id = i.subscription
ON CONFLICT DO NOTHING";

/// Later attempts have higher numbers. Far ahead, so that nobody who draws one meanwhile is overtaken.
const AHEAD: &str = "
SELECT setval('zaqar.attempt_numbers', $1::int8 + 1000000) FROM zaqar.attempt_numbers WHERE last_value < $1::int8";

const OPEN: i16 = 0;
const LEASED: i16 = 1;
const FAILED: i16 = 2;
const DONE: i16 = 3;

pub(super) async fn put(
    session: &Session,
    queue: i64,
    items: &[ExportedItem],
    now: i64,
) -> Result<(), Failed> {
    // Of two about one delivery the later holds.
    let own: BTreeMap<(Uuid, i64), &ExportedDelivery> = items
        .iter()
        .filter_map(|item| match item {
            ExportedItem::Delivery(id, own) => {
                Some(((uuid_of_subscription(*id), position(own.position)), own))
            }
            _ => None,
        })
        .collect();
    let (ids, positions): (Vec<Uuid>, Vec<i64>) = own.keys().copied().unzip();
    let (mut states, mut dues, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut leases, mut sinces, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    let mut open = Vec::new();
    for ((_, at), delivery) in &own {
        let (state, due, attempts, lease, reason) = match &delivery.standing {
            DeliveryStanding::Done => (DONE, 0, 0, None, None),
            DeliveryStanding::Open { attempts, due, lease: None } => {
                (OPEN, millis(*due), *attempts, None, None)
            }
            DeliveryStanding::Open { attempts, due, lease } => {
                (LEASED, millis(*due), *attempts, lease.as_ref(), None)
            }
            DeliveryStanding::Failed { attempts, at, reason } => {
                (FAILED, millis(*at), *attempts, None, Some(reason.as_str().as_bytes()))
            }
        };
        if state != DONE {
            open.push(*at);
        }
        states.push(state);
        dues.push(due);
        counts.push(i64::from(attempts));
        leases.push(lease.map(|lease| Uuid::from_u128(lease.id.as_u128())));
        sinces.push(lease.map(|lease| millis(lease.since)));
        reasons.push(reason);
    }
    let values = values![
        queue => INT8, now => INT8, ids => UUID_ARRAY, positions => INT8_ARRAY, states => INT2_ARRAY, dues => INT8_ARRAY,
        counts => INT8_ARRAY, leases => UUID_ARRAY, sinces => INT8_ARRAY, reasons => BYTEA_ARRAY,
    ];
    session.execute(PUT, values).await?;
    session.execute(KEEP, values![queue => INT8, open => INT8_ARRAY]).await.map(drop)
}

pub(super) async fn put_attempts(
    session: &Session,
    queue: i64,
    items: &[ExportedItem],
) -> Result<(), Failed> {
    let number = |number: AttemptNumber| i64::try_from(number.get()).unwrap_or(i64::MAX);
    let own: BTreeMap<(Uuid, i64), &AttemptRecord> = items
        .iter()
        .filter_map(|item| match item {
            ExportedItem::Attempt(id, own) => Some(((uuid_of_subscription(*id), number(own.number)), own)),
            _ => None,
        })
        .collect();
    let (ids, numbers): (Vec<Uuid>, Vec<i64>) = own.keys().copied().unzip();
    let messages: Vec<Uuid> = own.values().map(|own| uuid_of_message(own.message)).collect();
    let kind = |own: &AttemptRecord| {
        own.confirmation.map(|kind| match kind {
            ConfirmationKind::Subscription => 0_i16,
            ConfirmationKind::Unsubscription => 1,
        })
    };
    let kinds: Vec<Option<i16>> = own.values().map(|own| kind(own)).collect();
    let accounts: Vec<Account> = own.values().map(|own| Account::from(&own.attempt)).collect();
    let times: Vec<i64> = accounts.iter().map(|own| own.at).collect();
    let statuses: Vec<Option<i32>> = accounts.iter().map(|own| own.status).collect();
    let latencies: Vec<i64> = accounts.iter().map(|own| own.latency).collect();
    let excerpts: Vec<&[u8]> = accounts.iter().map(|own| &*own.excerpt).collect();
    let addresses: Vec<Option<&[u8]>> = accounts.iter().map(|own| own.address.as_deref()).collect();
    let (endings, retries): (Vec<i16>, Vec<Option<i64>>) = own.values().map(|own| ending(own.end)).unzip();
    let values = values![
        queue => INT8, ids => UUID_ARRAY, numbers => INT8_ARRAY, messages => UUID_ARRAY, kinds => INT2_ARRAY,
        times => INT8_ARRAY, statuses => INT4_ARRAY, latencies => INT8_ARRAY, excerpts => BYTEA_ARRAY,
        addresses => BYTEA_ARRAY, endings => INT2_ARRAY, retries => INT8_ARRAY,
    ];
    session.execute(PUT_ATTEMPTS, values).await?;
    if let Some(last) = numbers.iter().max() {
        session.execute(AHEAD, values![*last => INT8]).await?;
    }
    let (mut subscriptions, queues) = (ids, vec![queue; numbers.len()]);
    subscriptions.dedup();
    trim_attempts(session, &queues[..subscriptions.len()], &subscriptions).await
}
