//! How things are now that are on a page of an export.

use std::collections::HashMap;

use tokio_postgres::Row;
use uuid::Uuid;
use zaqar_model::{
    ClaimId, ClaimLease, DeliveryStanding, Destination, Excerpt, ExportedDelivery, ExportedItem,
    ExportedMessage, Lease, LeaseId, MessageId, SubscriptionId, Timestamp, TtlSeconds,
};
use zaqar_storage::ATTEMPTS_KEPT_FOR;

use super::{Key, Keys};
use crate::attempts::kept_attempt;
use crate::columns::{
    count_u32, marker, message_columns, message_uuid, millis, number_of, stored, text, timestamp,
};
use crate::connection::{Failed, Session, values};
use crate::retained::is_owed;
use crate::subscriptions::{subscription, subscription_columns};

const SUBSCRIPTIONS: &str = concat!(
    "SELECT ",
    subscription_columns!(),
    " FROM zaqar.subscriptions s WHERE s.queue = $1::int8 AND s.id = ANY($2::uuid[]) AND s.ends > $3::int8"
);

/// 0 in the queue, 1 a dead letter, 2 for subscribers alone: also what has expired or was purged, and has not gone yet.
const MESSAGES: &str = concat!(
    "SELECT * FROM (SELECT ",
    message_columns!("$1::int8"),
    ", m.returned, m.claim AS last_claim, m.claim_ttl, m.claim_renewed,
      CASE WHEN m.state < 3 AND m.expires > $1::int8 AND m.position > q.purged THEN 0
        WHEN m.state = 3 AND m.expires > $1::int8 THEN 1
        WHEN m.kept AND ",
    is_owed!(),
    " THEN 2 END AS whereabouts
    FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
    WHERE q.number = $2::int8 AND m.position = ANY($3::int8[])) m WHERE whereabouts IS NOT NULL"
);

const DELIVERIES: &str = concat!(
    "SELECT k.subscription, k.position, ",
    message_uuid!("m"),
    " AS message, d.state, d.attempts, d.lease, d.leased_at, d.reason,
      CASE WHEN d.state = 0 AND NOT d.late AND d.expires <= $4::int8 THEN least(d.due_at, d.expires) ELSE d.due_at END AS due_at
    FROM unnest($1::uuid[], $2::int8[]) WITH ORDINALITY AS k(subscription, position, nth)
    JOIN zaqar.subscriptions s ON s.queue = $3::int8 AND s.id = k.subscription
    JOIN zaqar.messages m ON m.queue = $3::int8 AND m.position = k.position
    LEFT JOIN zaqar.deliveries d ON d.queue = $3::int8 AND d.subscription = k.subscription AND d.position = k.position
    ORDER BY k.nth"
);

const ATTEMPTS: &str = "
SELECT a.subscription, a.number, a.message, a.confirmation, a.at, a.status, a.latency, a.excerpt, a.address, a.ending,
  a.retry_at
FROM unnest($1::uuid[], $2::int8[]) WITH ORDINALITY AS k(subscription, number, nth)
JOIN zaqar.attempts a ON a.queue = $3::int8 AND a.subscription = k.subscription AND a.number = k.number
WHERE a.at > $4::int8 ORDER BY k.nth";

/// The items of a kind in the order of their keys. What is not there any more is told if it was exported.
fn in_order(
    keys: &Keys,
    mut found: HashMap<Key, ExportedItem>,
    gone: impl Fn(Key) -> ExportedItem,
) -> Vec<ExportedItem> {
    let items = keys.all().filter_map(|key| match found.remove(&key) {
        None if keys.was_exported(key) => Some(gone(key)),
        item => item,
    });
    items.collect()
}

fn id_of(subscription: Uuid) -> SubscriptionId {
    SubscriptionId::from_u128(subscription.as_u128())
}

pub(super) async fn subscriptions(
    session: &Session,
    source: &Destination,
    keys: &Keys,
    now: Timestamp,
) -> Result<Vec<ExportedItem>, Failed> {
    let ids: Vec<Uuid> = keys.all().map(|(id, _)| id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (queue, now) = (number_of(source), millis(now));
    let mut found = HashMap::new();
    for row in session.query(SUBSCRIPTIONS, values![queue => INT8, ids => UUID_ARRAY, now => INT8]).await? {
        found.insert((row.try_get("id")?, 0), ExportedItem::Subscription(subscription(&row, source)?));
    }
    Ok(in_order(keys, found, |(id, _)| ExportedItem::SubscriptionGone(id_of(id))))
}

pub(super) async fn messages(
    session: &Session,
    queue: i64,
    keys: &Keys,
    now: Timestamp,
) -> Result<Vec<ExportedItem>, Failed> {
    let positions: Vec<i64> = keys.all().map(|(_, position)| position).collect();
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let now = millis(now);
    let mut found = HashMap::new();
    for row in session.query(MESSAGES, values![now => INT8, queue => INT8, positions => INT8_ARRAY]).await? {
        let position = row.try_get("position")?;
        found.insert((Uuid::nil(), position), ExportedItem::Message(moving(&row, position)?));
    }
    Ok(in_order(keys, found, |(_, position)| ExportedItem::MessageGone(marker(position))))
}

fn moving(row: &Row, position: i64) -> Result<ExportedMessage, Failed> {
    let whereabouts: i32 = row.try_get("whereabouts")?;
    let mut stored = stored(row)?;
    let mut hold = None;
    if whereabouts == 2 {
        // As it was posted.
        (stored.message.claim, stored.message.claim_count) = (None, 0);
    } else if let Some(id) = row.try_get::<_, Option<Uuid>>("last_claim")? {
        let ttl = row.try_get::<_, Option<i64>>("claim_ttl")?.unwrap_or_default();
        let renewed = row.try_get::<_, Option<i64>>("claim_renewed")?.unwrap_or_default();
        hold = Some(ClaimLease {
            id: ClaimId::from_u128(id.as_u128()),
            ttl: TtlSeconds::new(count_u32(ttl)),
            renewed: timestamp(renewed),
        });
    }
    Ok(ExportedMessage {
        position: marker(position),
        stored,
        hold,
        exhausted: whereabouts == 1,
        posted: !row.try_get::<_, bool>("returned")?,
        kept: whereabouts == 2,
    })
}

/// One that is not there any more is done. Nothing is said of one whose subscription or message has gone.
pub(super) async fn deliveries(
    session: &Session,
    queue: i64,
    keys: &Keys,
    now: Timestamp,
) -> Result<Vec<ExportedItem>, Failed> {
    let (ids, positions): (Vec<Uuid>, Vec<i64>) = keys.all().unzip();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let now = millis(now);
    let values = values![ids => UUID_ARRAY, positions => INT8_ARRAY, queue => INT8, now => INT8];
    session.query(DELIVERIES, values).await?.iter().map(delivery).collect()
}

fn delivery(row: &Row) -> Result<ExportedItem, Failed> {
    let (id, position): (Uuid, i64) = (row.try_get("subscription")?, row.try_get("position")?);
    let message: Uuid = row.try_get("message")?;
    let standing = match row.try_get::<_, Option<i16>>("state")? {
        None | Some(3) => DeliveryStanding::Done,
        Some(state) => {
            let attempts = count_u32(row.try_get("attempts")?);
            let due = timestamp(row.try_get("due_at")?);
            if state == 2 {
                let reason: Option<&[u8]> = row.try_get("reason")?;
                let reason = Excerpt::new(&reason.map(text).unwrap_or_default());
                DeliveryStanding::Failed { attempts, at: due, reason }
            } else {
                let lease = row.try_get::<_, Option<Uuid>>("lease")?.filter(|_| state == 1);
                let since = row.try_get::<_, Option<i64>>("leased_at")?.unwrap_or_default();
                let lease =
                    lease.map(|id| Lease { id: LeaseId::from_u128(id.as_u128()), since: timestamp(since) });
                DeliveryStanding::Open { attempts, due, lease }
            }
        }
    };
    let message = MessageId::from_u128(message.as_u128());
    Ok(ExportedItem::Delivery(id_of(id), ExportedDelivery { position: marker(position), message, standing }))
}

pub(super) async fn attempts(
    session: &Session,
    queue: i64,
    keys: &Keys,
    now: Timestamp,
) -> Result<Vec<ExportedItem>, Failed> {
    let (ids, numbers): (Vec<Uuid>, Vec<i64>) = keys.all().unzip();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let since = millis(now).saturating_sub(i64::try_from(ATTEMPTS_KEPT_FOR * 1000).unwrap_or(i64::MAX));
    let values = values![ids => UUID_ARRAY, numbers => INT8_ARRAY, queue => INT8, since => INT8];
    let rows = session.query(ATTEMPTS, values).await?;
    rows.iter()
        .map(|row| Ok(ExportedItem::Attempt(id_of(row.try_get("subscription")?), kept_attempt(row)?)))
        .collect()
}
