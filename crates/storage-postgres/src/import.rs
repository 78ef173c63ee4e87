//! A queue that arrives: its items take the place of what is known. Nothing of it can be seen until it is opened.

mod deliveries;
mod messages;

use uuid::Uuid;
use zaqar_model::{
    Destination, ExportedBatch, ExportedCursor, ExportedItem, Subscription, SubscriptionId, Timestamp,
};
use zaqar_storage::{ImportStep, LARGEST_POST};

use crate::columns::{
    kind_column, message_id, millis, nonce, number_of, position, uuid_of_batch, uuid_of_message,
    uuid_of_subscription,
};
use crate::connection::{Failed, Session, values};
use crate::fence::{ARRIVED, ARRIVING};
use crate::messages::forget_all;
use crate::migration::{self, Transit, begin_as_mover, not_begun};
use crate::subscriptions::forget;

/// So many messages from an earlier stay go in one transaction.
const CLEARED: u64 = 5000;

const BEGIN: &str = "
UPDATE zaqar.queues SET kind = $2::int2, project = $3::text, name = $4::text, base = 0, floor = 0, purged = 0, head = 0,
  waiting_since = 0, subscribed = false, stage = 5, mover = $5::uuid, dropped = NULL
WHERE number = $1::int8";

const CLEAR: &str = "
DELETE FROM zaqar.messages m USING (SELECT queue, position FROM zaqar.messages WHERE queue = $1::int8 LIMIT 5000) old
WHERE m.queue = old.queue AND m.position = old.position";

const LOCK: &str = "SELECT stage, mover FROM zaqar.queues WHERE number = $1::int8 FOR NO KEY UPDATE";

/// The last position that was given out.
const END: &str = "UPDATE zaqar.queues SET floor = greatest(floor, $2::int8) WHERE number = $1::int8";

/// What is posted from now on stands behind that.
const CONTINUE: &str = "
UPDATE zaqar.queues SET base = greatest(base, (floor >> 16) + 1 - (SELECT last_value FROM zaqar.posts))
WHERE number = $1::int8";

/// How far one has come that is known already does not change. A new one begins before the first message.
const SUBSCRIBE: &str = "
INSERT INTO zaqar.subscriptions (queue, id, subscriber, ttl, renewed, ends, options, respects_delay, confirmed, declined,
  notified, suspended_since, suspended_reason, reached)
VALUES ($1::int8, $2::uuid, $3::bytea, $4::int8, $5::int8, $6::int8, $7::bytea, $8::bool, $9::bool, $10::bool, $11::bool,
  $12::int8, $13::bytea, -1)
ON CONFLICT (queue, id) DO UPDATE SET subscriber = excluded.subscriber, ttl = excluded.ttl, renewed = excluded.renewed,
  ends = excluded.ends, options = excluded.options, respects_delay = excluded.respects_delay,
  confirmed = excluded.confirmed, declined = excluded.declined, notified = excluded.notified,
  suspended_since = excluded.suspended_since, suspended_reason = excluded.suspended_reason";

/// Of two with one subscriber the later holds.
const OTHERS: &str = "
DELETE FROM zaqar.subscriptions
WHERE queue = $1::int8 AND sha256(subscriber) = sha256($2::bytea) AND id <> $3::uuid RETURNING id";

const BATCH: &str = "
INSERT INTO zaqar.batches (batch, queue, first, last, at, ids)
VALUES ($2::uuid, $1::int8, $3::int8, $4::int8, $5::int8, $6::uuid[])
ON CONFLICT (batch, queue) DO UPDATE SET first = excluded.first, last = excluded.last, at = excluded.at, ids = excluded.ids";

const CURSOR: [&str; 2] = [
    "UPDATE zaqar.subscriptions SET reached = $3::int8, paused_until = $4::int8, retries_paused_until = $5::int8
     WHERE queue = $1::int8 AND id = $2::uuid",
    "DELETE FROM zaqar.deliveries
     WHERE queue = $1::int8 AND subscription = $2::uuid AND state = 3 AND position <= $3::int8",
];

/// Only this mover may bring something from now on. What is known of the queue goes; its messages one by one, see [`clear`].
pub(crate) async fn begin(session: &Session, to: &Destination, mover: Uuid) -> Result<(), Failed> {
    let (queue, kind) = (number_of(to), kind_column(to.kind));
    let (project, name) = (to.project.as_str(), to.name.as_str());
    begin_as_mover(session).await?;
    Transit::lock_or_make(session, to).await?.hear_of(mover)?;
    let values = values![queue => INT8, kind => INT2, project => TEXT, name => TEXT, mover => UUID];
    session.execute(BEGIN, values).await?;
    forget_all(session, queue).await?;
    let batches = "DELETE FROM zaqar.batches WHERE queue = $1::int8";
    session.execute(batches, values![queue => INT8]).await?;
    session.commit().await
}

/// Drops some of the messages from an earlier stay. Returns whether there may be more.
pub(crate) async fn clear(session: &Session, queue: i64, mover: Uuid) -> Result<bool, Failed> {
    begin_as_mover(session).await?;
    arriving(session, queue, mover).await?;
    let cleared = session.execute(CLEAR, values![queue => INT8]).await?;
    session.commit().await?;
    Ok(cleared == CLEARED)
}

/// Locks a queue that this mover brings here; returns its stage.
async fn arriving(session: &Session, queue: i64, mover: Uuid) -> Result<i16, Failed> {
    let known = Transit::lock(session, LOCK, queue).await?.filter(|known| known.is_imported_by(mover));
    Ok(known.ok_or_else(not_begun)?.stage)
}

pub(crate) async fn take_in(
    session: &Session,
    to: &Destination,
    mover: Uuid,
    step: ImportStep,
    items: &[ExportedItem],
    now: Timestamp,
) -> Result<(), Failed> {
    let queue = number_of(to);
    begin_as_mover(session).await?;
    arriving(session, queue, mover).await?;
    for run in items.chunk_by(|one, next| std::mem::discriminant(one) == std::mem::discriminant(next)) {
        for run in run.chunks(LARGEST_POST) {
            put(session, to, run, millis(now)).await?;
        }
    }
    let stage = if step == ImportStep::End { ARRIVED } else { ARRIVING };
    if stage == ARRIVED {
        session.execute(CONTINUE, values![queue => INT8]).await?;
    }
    migration::put(session, queue, stage, mover).await?;
    session.commit().await
}

/// Takes in neighbours of one kind.
async fn put(session: &Session, to: &Destination, items: &[ExportedItem], now: i64) -> Result<(), Failed> {
    let queue = number_of(to);
    match items.first() {
        Some(ExportedItem::Message(_)) => return messages::put(session, queue, items, now).await,
        Some(ExportedItem::MessageGone(_)) => return messages::take_out(session, queue, items).await,
        Some(ExportedItem::Delivery(..)) => return deliveries::put(session, queue, items, now).await,
        Some(ExportedItem::Attempt(..)) => return deliveries::put_attempts(session, queue, items).await,
        _ => {}
    }
    for item in items {
        match item {
            ExportedItem::Subscription(subscription) => subscribe(session, to, subscription).await?,
            ExportedItem::SubscriptionGone(id) => unsubscribe(session, queue, *id).await?,
            ExportedItem::Batch(batch) => put_batch(session, queue, batch).await?,
            ExportedItem::Cursor(cursor) => put_cursor(session, queue, cursor).await?,
            ExportedItem::End(last) => {
                let last = position(*last);
                session.execute(END, values![queue => INT8, last => INT8]).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn subscribe(session: &Session, to: &Destination, own: &Subscription) -> Result<(), Failed> {
    let (queue, id, subscriber) = (number_of(to), uuid_of_subscription(own.id), own.subscriber.as_bytes());
    let values = values![queue => INT8, subscriber => BYTEA, id => UUID];
    let rows = session.query(OTHERS, values).await?;
    let others = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Uuid>, _>>()?;
    forget(session, queue, &others).await?;
    crate::subscriptions::put(session, SUBSCRIBE, own, None).await
}

async fn unsubscribe(session: &Session, queue: i64, id: SubscriptionId) -> Result<(), Failed> {
    let id = uuid_of_subscription(id);
    let gone = "DELETE FROM zaqar.subscriptions WHERE queue = $1::int8 AND id = $2::uuid";
    session.execute(gone, values![queue => INT8, id => UUID]).await?;
    forget(session, queue, &[id]).await
}

/// The ids follow from the positions where the messages were posted to a store like this one.
async fn put_batch(session: &Session, queue: i64, own: &ExportedBatch) -> Result<(), Failed> {
    let uuids: Vec<Uuid> = own.messages.iter().map(|id| uuid_of_message(*id)).collect();
    let first = uuids.first().map_or(0, |id| id.as_u64_pair().0.cast_signed());
    let follow = (0_u64..)
        .zip(first..)
        .zip(&own.messages)
        .all(|((place, position), id)| *id == message_id(position, nonce(queue, own.id, place)));
    let count = i64::try_from(uuids.len()).unwrap_or(i64::MAX);
    let (ids, first, last) = match uuids.is_empty() || !follow {
        true => (Some(uuids), 0, 0),
        false => (None, first, first.saturating_add(count - 1)),
    };
    let (batch, at) = (uuid_of_batch(own.id), millis(own.posted));
    let values = values![
        queue => INT8, batch => UUID, first => INT8, last => INT8, at => INT8, ids => UUID_ARRAY,
    ];
    session.execute(BATCH, values).await.map(drop)
}

async fn put_cursor(session: &Session, queue: i64, own: &ExportedCursor) -> Result<(), Failed> {
    let (id, reached) = (uuid_of_subscription(own.subscription), position(own.front).saturating_sub(1));
    let (firsts, retries) = (millis(own.held_back.first_attempts), millis(own.held_back.retries));
    let values = values![queue => INT8, id => UUID, reached => INT8, firsts => INT8, retries => INT8];
    session.execute(CURSOR[0], values).await?;
    session.execute(CURSOR[1], values![queue => INT8, id => UUID, reached => INT8]).await.map(drop)
}
