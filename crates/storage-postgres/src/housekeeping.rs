//! Giving space back, in pieces, for a bounded time. Every server does it every second.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use zaqar_model::Timestamp;
use zaqar_storage::{ATTEMPTS_KEPT_FOR, BATCH_RECOGNISED_FOR, StorageError, StorageResult};

use crate::PostgresMessageStore;
use crate::columns::millis;
use crate::connection::{Failed, Session, Value, values};
use crate::ended::promote;
use crate::fence::is_not_elsewhere;
use crate::retained::{end_left_behind, sweep};
use crate::store::Memory;

/// A caller's clock may be so far behind, in milliseconds: what one of them may still see is kept.
const LAG: i64 = 60_000;
/// Longer than this no further piece of one kind is begun.
const LONG_ENOUGH: Duration = Duration::from_millis(100);
/// In milliseconds.
const DAY: i64 = 86_400_000;
/// How many rows a piece has, as the statements say it.
const PIECE: i64 = 1000;

/// Queues in which a claim or a delay has ended that was not looked at.
const ENDED: &str = concat!(
    "
WITH RECURSIVE waiting AS (
  (SELECT queue, visible_at FROM zaqar.messages WHERE state = 2 ORDER BY queue, visible_at LIMIT 1)
  UNION ALL
  SELECT n.queue, n.visible_at FROM waiting w CROSS JOIN LATERAL (SELECT queue, visible_at FROM zaqar.messages m
    WHERE m.state = 2 AND m.queue > w.queue ORDER BY m.queue, m.visible_at LIMIT 1) n
)
SELECT w.queue FROM waiting w WHERE w.visible_at <= $1::int8 AND ",
    is_not_elsewhere!("w.queue"),
    " LIMIT 1000"
);

/// Nothing waits there from before: not what has ended by then, nor what another transaction is just giving back.
const WAITING_SINCE: &str = "
UPDATE zaqar.queues q SET waiting_since = greatest(q.waiting_since, least($2::int8, coalesce(
  (SELECT m.visible_at FROM zaqar.messages m WHERE m.queue = q.number AND m.state = 2 AND m.visible_at >= q.waiting_since
   ORDER BY m.visible_at LIMIT 1), $2::int8)))
WHERE number = $1::int8 AND stage < 2";

const LOCK: &str =
    "SELECT 1 FROM zaqar.queues WHERE number = ANY($1::int8[]) ORDER BY number FOR NO KEY UPDATE";

/// Behind the lock and with a new snapshot: no post is under way.
const HEADS: &str = "
UPDATE zaqar.queues q SET head = greatest(q.head, coalesce(
  (SELECT m.position - 1 FROM zaqar.messages m WHERE m.queue = q.number AND m.state = 0 AND m.position > q.head
   ORDER BY m.position LIMIT 1), ((q.base + (SELECT last_value FROM zaqar.posts)) << 16) | 65535))
WHERE number = ANY($1::int8[]) AND stage < 2";

/// What has expired goes, unless subscribers may be owed it.
const EXPIRED: &str = concat!(
    "
WITH old AS MATERIALIZED (
  SELECT m.queue, m.position, m.kept FROM zaqar.messages m WHERE m.state < 4 AND m.expires <= $1::int8 AND ",
    is_not_elsewhere!("m.queue"),
    " ORDER BY m.expires LIMIT 1000 FOR UPDATE SKIP LOCKED
), retained AS (
  UPDATE zaqar.messages m SET state = 4, claim = NULL FROM old o
  WHERE o.kept AND m.queue = o.queue AND m.position = o.position
), gone AS (
  DELETE FROM zaqar.messages m USING old o WHERE NOT o.kept AND m.queue = o.queue AND m.position = o.position
)
SELECT count(*) FROM old"
);

const PURGED: &str = "
WITH old AS MATERIALIZED (
  SELECT m.queue, m.position, m.kept FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
  WHERE q.number = $1::int8 AND q.stage < 2 AND m.position <= q.purged AND m.state < 3
  ORDER BY m.position LIMIT 1000 FOR UPDATE OF m SKIP LOCKED
), retained AS (
  UPDATE zaqar.messages m SET state = 4, claim = NULL FROM old o
  WHERE o.kept AND m.queue = o.queue AND m.position = o.position
), gone AS (
  DELETE FROM zaqar.messages m USING old o WHERE NOT o.kept AND m.queue = o.queue AND m.position = o.position
)
SELECT count(*) FROM old";

/// The triggers let this have its way.
const DROPPED: &str = "
WITH old AS MATERIALIZED (
  SELECT m.queue, m.position FROM zaqar.queues q CROSS JOIN LATERAL
    (SELECT queue, position FROM zaqar.messages m WHERE m.queue = q.number LIMIT 1000) m
  WHERE q.dropped IS NOT NULL LIMIT 1000
), gone AS (
  DELETE FROM zaqar.messages m USING old
  WHERE m.queue = old.queue AND m.position = old.position
    AND set_config('queue_mover.is_at_work', 'yes', true) IS NOT NULL
)
SELECT count(*) FROM old";

/// Dropped so long ago that nobody comes with an old entry of the catalogue.
const FORGOTTEN: &str = "
WITH old AS MATERIALIZED (
  SELECT number FROM zaqar.queues q WHERE dropped <= $1::int8
    AND NOT EXISTS (SELECT 1 FROM zaqar.messages m WHERE m.queue = q.number) LIMIT 1000
), gone AS (
  DELETE FROM zaqar.queues q USING old WHERE q.number = old.number AND q.dropped <= $1::int8
)
SELECT count(*) FROM old";

/// The end of a queue is known from its batches: before those are forgotten, it is noted.
const BATCHES: &str = "
WITH old AS MATERIALIZED (
  SELECT batch, queue, last FROM zaqar.batches WHERE at <= $1::int8 ORDER BY at LIMIT 1000 FOR UPDATE SKIP LOCKED
), locked AS MATERIALIZED (
  SELECT number FROM zaqar.queues WHERE number IN (SELECT queue FROM old) ORDER BY number FOR NO KEY UPDATE
), noted AS (
  UPDATE zaqar.queues q SET floor = greatest(q.floor, o.last)
  FROM (SELECT queue, max(last) AS last FROM old GROUP BY queue) o JOIN locked l ON l.number = o.queue
  WHERE q.number = o.queue AND q.floor < o.last
), gone AS (
  DELETE FROM zaqar.batches b USING old o WHERE b.batch = o.batch AND b.queue = o.queue
)
SELECT count(*) FROM old";

/// Subscriptions that have expired.
const ENDED_SUBSCRIPTIONS: &str = concat!(
    "
WITH old AS MATERIALIZED (
  SELECT s.queue, s.id FROM zaqar.subscriptions s WHERE s.ends <= $1::int8 AND ",
    is_not_elsewhere!("s.queue"),
    " ORDER BY s.ends LIMIT 500 FOR UPDATE SKIP LOCKED
), owed AS (
  DELETE FROM zaqar.deliveries d USING old o WHERE d.queue = o.queue AND d.subscription = o.id
), tried AS (
  DELETE FROM zaqar.attempts a USING old o WHERE a.queue = o.queue AND a.subscription = o.id
)
DELETE FROM zaqar.subscriptions s USING old o WHERE s.queue = o.queue AND s.id = o.id"
);

/// What is owed no more, but for what is under a live lease; and failures that were retained long enough.
const ENDED_DELIVERIES: &str = concat!(
    "
WITH old AS MATERIALIZED (
  SELECT n.queue, n.subscription, n.position FROM zaqar.deliveries n
  WHERE n.expires <= $1::int8 AND ",
    is_not_elsewhere!("n.queue"),
    " AND CASE state WHEN 2 THEN due_at <= $1::int8 - 86400000
    WHEN 1 THEN due_at <= $1::int8 AND expires <= $1::int8 - 86400000 ELSE expires <= $1::int8 - 86400000 END
  LIMIT 1000 FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM zaqar.deliveries d USING old o
  WHERE d.queue = o.queue AND d.subscription = o.subscription AND d.position = o.position
)
SELECT count(*) FROM old"
);

const OLD_ATTEMPTS: &str = "
WITH old AS MATERIALIZED (
  SELECT queue, subscription, number FROM zaqar.attempts WHERE at <= $1::int8 ORDER BY at LIMIT 1000
), gone AS (
  DELETE FROM zaqar.attempts a USING old o
  WHERE a.queue = o.queue AND a.subscription = o.subscription AND a.number = o.number
)
SELECT count(*) FROM old";

impl PostgresMessageStore {
    pub(crate) async fn reclaim_space(&self, now: Timestamp) -> StorageResult<()> {
        let memory = Arc::clone(&self.memory);
        let tidy = self.write(move |session| {
            let memory = Arc::clone(&memory);
            Box::pin(async move { tidy(session, &memory, millis(now)).await })
        });
        match tidy.await {
            // A queue was sealed meanwhile: the rest is for the next time.
            Err(StorageError::Moved) => Ok(()),
            tidied => tidied,
        }
    }
}

async fn tidy(session: &Session, memory: &Memory, now: i64) -> Result<(), Failed> {
    let before = now - LAG;
    free(session, now).await?;
    move_heads(session, memory).await?;
    in_pieces(session, EXPIRED, values![before => INT8]).await?;
    purge(session, memory).await?;
    in_pieces(session, DROPPED, &[]).await?;
    in_pieces(session, FORGOTTEN, values![now - DAY => INT8]).await?;
    let forgotten = before - i64::try_from(BATCH_RECOGNISED_FOR * 1000).unwrap_or(i64::MAX);
    in_pieces(session, BATCHES, values![forgotten => INT8]).await?;
    forget_owed(session, memory, now).await
}

/// Runs a statement that gives one piece back and says how much that was, as long as there are more. Returns how much the last
/// piece was.
async fn in_pieces(session: &Session, statement: &'static str, values: &[Value<'_>]) -> Result<i64, Failed> {
    let until = Instant::now() + LONG_ENOUGH;
    loop {
        let row = session.first(statement, values).await?;
        let gone: i64 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
        if gone < PIECE || Instant::now() >= until {
            return Ok(gone);
        }
    }
}

/// What is owed no more, and what was tried too long ago.
async fn forget_owed(session: &Session, memory: &Memory, now: i64) -> Result<(), Failed> {
    let before = now - LAG;
    // One piece: each goes with all its deliveries.
    session.execute(ENDED_SUBSCRIPTIONS, values![before => INT8]).await?;
    end_left_behind(session, None, now).await?;
    in_pieces(session, ENDED_DELIVERIES, values![before => INT8]).await?;
    let old = before - i64::try_from(ATTEMPTS_KEPT_FOR * 1000).unwrap_or(i64::MAX);
    in_pieces(session, OLD_ATTEMPTS, values![old => INT8]).await?;
    let from = *memory.retained_from.lock();
    let next = sweep(session, from, before).await?;
    *memory.retained_from.lock() = next;
    Ok(())
}

/// Frees what claims and delays held.
async fn free(session: &Session, now: i64) -> Result<(), Failed> {
    let since = now - LAG;
    for row in session.query(ENDED, values![now => INT8]).await? {
        let queue: i64 = row.try_get(0)?;
        promote(session, queue, now).await?;
        session.execute(WAITING_SINCE, values![queue => INT8, since => INT8]).await?;
    }
    Ok(())
}

/// Claims begin to look behind what was claimed before.
async fn move_heads(session: &Session, memory: &Memory) -> Result<(), Failed> {
    let mut queues: Vec<i64> = memory.claimed_from.lock().drain().collect();
    queues.sort_unstable();
    for queues in queues.chunks(100) {
        session.begin().await?;
        session.query(LOCK, values![queues => INT8_ARRAY]).await?;
        session.execute(HEADS, values![queues => INT8_ARRAY]).await?;
        session.commit().await?;
    }
    Ok(())
}

async fn purge(session: &Session, memory: &Memory) -> Result<(), Failed> {
    let queues: Vec<i64> = memory.purged.lock().iter().copied().collect();
    for queue in queues {
        // What another server has locked just now is left to the next time.
        if in_pieces(session, PURGED, values![queue => INT8]).await? == 0 {
            memory.purged.lock().remove(&queue);
        }
    }
    Ok(())
}
