//! The pages of an export. What is on a page is decided under the queue's lock: what was noted as changed since it was
//! exported, then what was never exported, which is marked, so that its changes are noted. A mark waits for whoever is just
//! changing the row. How things are is read behind that.

mod leaving;
mod place;

use std::collections::HashSet;

use uuid::Uuid;
use zaqar_model::{
    BatchId, Destination, ExportedBatch, ExportedCursor, ExportedItem, HeldBack, Marker, MessageId,
};
use zaqar_model::{SubscriptionId, Timestamp};
use zaqar_storage::{ExportCursor, ExportPage};

use crate::columns::{limit as int8, marker, message_id, nonce, number_of, timestamp};
use crate::connection::{Failed, Session, values};
use crate::fence::SEALED;
use crate::listing::end_of;
use crate::migration::{Transit, not_begun};
use leaving::{attempts, deliveries, messages, subscriptions};
use place::Place;

/// Nothing is posted meanwhile, and nobody subscribes.
const LOCK: &str = "SELECT stage, mover FROM zaqar.queues WHERE number = $1::int8 FOR NO KEY UPDATE";

/// What was on earlier pages has arrived. A page that is asked for once more is made anew.
const ARRIVED: [&str; 2] = [
    "DELETE FROM zaqar.changes WHERE queue = $1::int8 AND page < $2::int8",
    "UPDATE zaqar.changes SET page = NULL WHERE queue = $1::int8 AND page >= $2::int8",
];

const CHANGED: &str = "
WITH keys AS MATERIALIZED (
  SELECT DISTINCT subscription, position FROM zaqar.changes WHERE queue = $1::int8 AND kind = $2::int2 AND page IS NULL
  ORDER BY subscription, position LIMIT $4::int8
), taken AS (
  UPDATE zaqar.changes c SET page = $3::int8 FROM keys k
  WHERE c.queue = $1::int8 AND c.kind = $2::int2 AND c.subscription = k.subscription AND c.position = k.position
    AND c.page IS NULL
)
SELECT subscription, position FROM keys ORDER BY subscription, position";

/// What comes behind a place, of each kind, and whether it is on the page still: its messages have a bounded size.
const NEXT: [&str; 4] = [
    "WITH next AS MATERIALIZED (
       SELECT id FROM zaqar.subscriptions WHERE queue = $1::int8 AND id > $2::uuid AND $3::int8 IS NOT NULL
       ORDER BY id LIMIT $4::int8
     ), marked AS (
       UPDATE zaqar.subscriptions s SET exported = true FROM next n
       WHERE s.queue = $1::int8 AND s.id = n.id AND NOT s.exported
     )
     SELECT id, 0::int8, true FROM next ORDER BY id",
    "WITH next AS MATERIALIZED (
       SELECT position, coalesce(sum(size) OVER (ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
         < 8388608 AS fits
       FROM (SELECT position, octet_length(body) AS size FROM zaqar.messages
         WHERE queue = $1::int8 AND position > $3::int8 ORDER BY position LIMIT $4::int8) m
     ), marked AS (
       UPDATE zaqar.messages m SET exported = true FROM next n
       WHERE m.queue = $1::int8 AND m.position = n.position AND n.fits AND NOT m.exported
     )
     SELECT $2::uuid, position, fits FROM next ORDER BY position",
    "WITH next AS MATERIALIZED (
       SELECT subscription, position FROM zaqar.deliveries
       WHERE queue = $1::int8 AND (subscription, position) > ($2::uuid, $3::int8)
       ORDER BY subscription, position LIMIT $4::int8
     ), marked AS (
       UPDATE zaqar.deliveries d SET exported = true FROM next n
       WHERE d.queue = $1::int8 AND d.subscription = n.subscription AND d.position = n.position AND NOT d.exported
     )
     SELECT subscription, position, true FROM next ORDER BY subscription, position",
    "SELECT subscription, number, true FROM zaqar.attempts
     WHERE queue = $1::int8 AND (subscription, number) > ($2::uuid, $3::int8)
     ORDER BY subscription, number LIMIT $4::int8",
];

const SUBSCRIPTIONS: usize = 0;
const MESSAGES: usize = 1;
const DELIVERIES: usize = 2;
const ATTEMPTS: usize = 3;

/// What is there to tell a post that is made again by.
const BATCHES: &str = "
SELECT batch, first, last, at, ids FROM zaqar.batches
WHERE queue = $1::int8 AND last >= $2::int8 AND (last, batch) > ($2::int8, $3::uuid) AND ids IS DISTINCT FROM '{}'
ORDER BY last, batch LIMIT $4::int8";

const CURSORS: &str = "
SELECT id, reached, paused_until, retries_paused_until FROM zaqar.subscriptions
WHERE queue = $1::int8 AND notified AND ends > $2::int8 AND id > $3::uuid ORDER BY id LIMIT $4::int8";

const END: &str = concat!("SELECT ", end_of!("q"), " FROM zaqar.queues q WHERE q.number = $1::int8");

/// A subscription's id, and a position or number.
pub(crate) type Key = (Uuid, i64);

/// What is on a page of one kind.
#[derive(Default)]
struct Keys {
    /// What was exported before.
    changed: Vec<Key>,
    next: Vec<Key>,
}

impl Keys {
    fn all(&self) -> impl Iterator<Item = Key> {
        self.changed.iter().chain(&self.next).copied()
    }

    fn was_exported(&self, key: Key) -> bool {
        self.changed.contains(&key)
    }
}

/// A page that is being made.
struct Making<'a> {
    session: &'a Session,
    queue: i64,
    place: Place,
    limit: usize,
    /// More would be too large.
    is_cut: bool,
}

pub(crate) async fn page(
    session: &Session,
    from: &Destination,
    mover: Uuid,
    cursor: &ExportCursor,
    limit: usize,
    now: Timestamp,
) -> Result<ExportPage, Failed> {
    let (queue, place) = (number_of(from), Place::parse(cursor)?);
    session.begin().await?;
    let known = Transit::lock(session, LOCK, queue).await?.filter(|known| known.is_exported_by(mover));
    let is_sealed = known.ok_or_else(not_begun)?.stage == SEALED;
    let mut making = Making { session, queue, place, limit, is_cut: false };
    let number = making.place.turn();
    for statement in ARRIVED {
        session.execute(statement, values![queue => INT8, number => INT8]).await?;
    }
    let keys = [
        making.keys(SUBSCRIPTIONS).await?,
        making.keys(MESSAGES).await?,
        // The messages that they are about come first.
        making.keys(DELIVERIES).await?,
        making.keys(ATTEMPTS).await?,
    ];
    let mut last = making.batches().await?;
    if is_sealed {
        last.extend(making.end(now).await?);
    }
    session.commit().await?;
    let mut items = subscriptions(session, from, &keys[SUBSCRIPTIONS], now).await?;
    items.extend(messages(session, queue, &keys[MESSAGES], now).await?);
    items.extend(deliveries(session, queue, &keys[DELIVERIES], now).await?);
    items.extend(attempts(session, queue, &keys[ATTEMPTS], now).await?);
    items.extend(last);
    let is_caught_up = making.limit > 0 && !making.is_cut;
    Ok(ExportPage { items, next: making.place.cursor(), is_caught_up })
}

impl Making<'_> {
    const fn is_full(&self) -> bool {
        self.limit == 0 || self.is_cut
    }

    async fn keys(&mut self, kind: usize) -> Result<Keys, Failed> {
        let mut keys = Keys::default();
        if self.is_full() {
            return Ok(keys);
        }
        let (queue, page, most) = (self.queue, self.place.page, int8(self.limit));
        let number = i16::try_from(kind).unwrap_or_default();
        let values = values![queue => INT8, number => INT2, page => INT8, most => INT8];
        for row in self.session.query(CHANGED, values).await? {
            keys.changed.push((row.try_get(0)?, row.try_get(1)?));
        }
        self.limit -= keys.changed.len();
        if self.is_full() {
            return Ok(keys);
        }
        let (behind, most) = (self.place.behind[kind], int8(self.limit));
        let values = values![queue => INT8, behind.0 => UUID, behind.1 => INT8, most => INT8];
        let rows = self.session.query(NEXT[kind], values).await?;
        let is_last = rows.len() < self.limit;
        let changed: HashSet<Key> = keys.changed.iter().copied().collect();
        for row in rows {
            if !row.try_get::<_, bool>(2)? {
                self.is_cut = true;
                return Ok(keys);
            }
            let key = (row.try_get(0)?, row.try_get(1)?);
            self.place.behind[kind] = key;
            if !changed.contains(&key) {
                self.limit -= 1;
                keys.next.push(key);
            }
        }
        // One that is made later is noted; messages are posted behind the others.
        if is_last && kind != MESSAGES {
            self.place.behind[kind] = (Uuid::max(), i64::MAX);
        }
        Ok(keys)
    }

    async fn batches(&mut self) -> Result<Vec<ExportedItem>, Failed> {
        let mut items = Vec::new();
        if self.is_full() {
            return Ok(items);
        }
        let (queue, (last, batch), most) = (self.queue, self.place.batch, int8(self.limit));
        let values = values![queue => INT8, last => INT8, batch => UUID, most => INT8];
        for row in self.session.query(BATCHES, values).await? {
            let (batch, first, last): (Uuid, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let id = BatchId::from_u128(batch.as_u128());
            let messages = match row.try_get::<_, Option<Vec<Uuid>>>(4)? {
                Some(ids) => ids.iter().map(|id| MessageId::from_u128(id.as_u128())).collect(),
                None => (0_u64..)
                    .zip(first..=last)
                    .map(|(place, position)| message_id(position, nonce(queue, id, place)))
                    .collect(),
            };
            let posted = timestamp(row.try_get(3)?);
            items.push(ExportedItem::Batch(ExportedBatch { id, posted, messages }));
            self.place.batch = (last, batch);
            self.limit -= 1;
        }
        Ok(items)
    }

    /// How far the subscriptions have come, and the last position.
    async fn end(&mut self, now: Timestamp) -> Result<Vec<ExportedItem>, Failed> {
        let mut items = Vec::new();
        if self.is_full() || self.place.is_end {
            return Ok(items);
        }
        let (queue, now, behind) = (self.queue, crate::columns::millis(now), self.place.cursor);
        let most = int8(self.limit);
        let values = values![queue => INT8, now => INT8, behind => UUID, most => INT8];
        for row in self.session.query(CURSORS, values).await? {
            let id: Uuid = row.try_get(0)?;
            let reached: i64 = row.try_get(1)?;
            items.push(ExportedItem::Cursor(ExportedCursor {
                subscription: SubscriptionId::from_u128(id.as_u128()),
                front: marker(reached.saturating_add(1)),
                held_back: HeldBack {
                    first_attempts: timestamp(row.try_get(2)?),
                    retries: timestamp(row.try_get(3)?),
                },
            }));
            self.place.cursor = id;
            self.limit -= 1;
        }
        if self.limit > 0 {
            let row = self.session.first(END, values![queue => INT8]).await?;
            let last = row.map(|row| row.try_get(0)).transpose()?.map_or(Marker::default(), marker);
            items.push(ExportedItem::End(last));
            self.place.is_end = true;
            self.limit -= 1;
            // A page that is full may be the last one.
        }
        Ok(items)
    }
}
