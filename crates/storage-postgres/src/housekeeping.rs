//! Giving space back, a bounded piece at a time. Every server does it every second.

use std::sync::Arc;

use zaqar_model::Timestamp;
use zaqar_storage::{ATTEMPTS_KEPT_FOR, BATCH_RECOGNISED_FOR, StorageError, StorageResult};

use crate::PostgresMessageStore;
use crate::columns::millis;
use crate::connection::{Failed, Session, values};
use crate::ended::promote;
use crate::fence::is_not_elsewhere;
use crate::retained::{end_left_behind, sweep};
use crate::store::Memory;

/// A caller's clock may be so far behind, in milliseconds: what one of them may still see is kept.
const LAG: i64 = 60_000;

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
    " ORDER BY m.expires LIMIT 5000 FOR UPDATE SKIP LOCKED
), retained AS (
  UPDATE zaqar.messages m SET state = 4, claim = NULL FROM old o
  WHERE o.kept AND m.queue = o.queue AND m.position = o.position
)
DELETE FROM zaqar.messages m USING old o WHERE NOT o.kept AND m.queue = o.queue AND m.position = o.position"
);

const PURGED: &str = "
WITH old AS MATERIALIZED (
  SELECT m.queue, m.position, m.kept FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
  WHERE q.number = $1::int8 AND q.stage < 2 AND m.position <= q.purged AND m.state < 3
  ORDER BY m.position LIMIT 5000 FOR UPDATE OF m SKIP LOCKED
), retained AS (
  UPDATE zaqar.messages m SET state = 4, claim = NULL FROM old o
  WHERE o.kept AND m.queue = o.queue AND m.position = o.position
), gone AS (
  DELETE FROM zaqar.messages m USING old o WHERE NOT o.kept AND m.queue = o.queue AND m.position = o.position
)
SELECT count(*) FROM old";

/// The triggers let this have its way.
const DROPPED: [&str; 2] = [
    "DELETE FROM zaqar.messages m USING (
       SELECT m.queue, m.position FROM zaqar.queues q CROSS JOIN LATERAL
         (SELECT queue, position FROM zaqar.messages m WHERE m.queue = q.number LIMIT 5000) m
       WHERE q.dropped IS NOT NULL LIMIT 5000) old
     WHERE m.queue = old.queue AND m.position = old.position AND $1::int8 >= 0
       AND set_config('queue_mover.is_at_work', 'yes', true) IS NOT NULL",
    "DELETE FROM zaqar.queues q WHERE dropped <= $1::int8 - 86400000
     AND NOT EXISTS (SELECT 1 FROM zaqar.messages m WHERE m.queue = q.number)",
];

/// The end of a queue is known from its batches: before those are forgotten, it is noted.
const BATCHES: &str = "
WITH old AS MATERIALIZED (
  SELECT batch, queue, last FROM zaqar.batches WHERE at <= $1::int8 ORDER BY at LIMIT 5000 FOR UPDATE SKIP LOCKED
), locked AS MATERIALIZED (
  SELECT number FROM zaqar.queues WHERE number IN (SELECT queue FROM old) ORDER BY number FOR NO KEY UPDATE
), noted AS (
  UPDATE zaqar.queues q SET floor = greatest(q.floor, o.last)
  FROM (SELECT queue, max(last) AS last FROM old GROUP BY queue) o JOIN locked l ON l.number = o.queue
  WHERE q.number = o.queue AND q.floor < o.last
)
DELETE FROM zaqar.batches b USING old o WHERE b.batch = o.batch AND b.queue = o.queue";

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
DELETE FROM zaqar.deliveries d USING (
  SELECT n.queue, n.subscription, n.position FROM zaqar.deliveries n
  WHERE n.expires <= $1::int8 AND ",
    is_not_elsewhere!("n.queue"),
    " AND CASE state WHEN 2 THEN due_at <= $1::int8 - 86400000
    WHEN 1 THEN due_at <= $1::int8 AND expires <= $1::int8 - 86400000 ELSE expires <= $1::int8 - 86400000 END
  LIMIT 5000 FOR UPDATE SKIP LOCKED) old
WHERE d.queue = old.queue AND d.subscription = old.subscription AND d.position = old.position"
);

const OLD_ATTEMPTS: &str = "
DELETE FROM zaqar.attempts a USING (SELECT queue, subscription, number FROM zaqar.attempts WHERE at <= $1::int8
  ORDER BY at LIMIT 5000) old
WHERE a.queue = old.queue AND a.subscription = old.subscription AND a.number = old.number";

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
    session.execute(EXPIRED, values![before => INT8]).await?;
    purge(session, memory).await?;
    for statement in DROPPED {
        session.execute(statement, values![now => INT8]).await?;
    }
    let forgotten = before - i64::try_from(BATCH_RECOGNISED_FOR * 1000).unwrap_or(i64::MAX);
    session.execute(BATCHES, values![forgotten => INT8]).await?;
    forget_owed(session, memory, now).await
}

/// What is owed no more, and what was tried too long ago.
async fn forget_owed(session: &Session, memory: &Memory, now: i64) -> Result<(), Failed> {
    let before = now - LAG;
    session.execute(ENDED_SUBSCRIPTIONS, values![before => INT8]).await?;
    end_left_behind(session, None, now).await?;
    session.execute(ENDED_DELIVERIES, values![before => INT8]).await?;
    let old = before - i64::try_from(ATTEMPTS_KEPT_FOR * 1000).unwrap_or(i64::MAX);
    session.execute(OLD_ATTEMPTS, values![old => INT8]).await?;
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
        let left: i64 = match session.first(PURGED, values![queue => INT8]).await? {
            Some(row) => row.try_get(0)?,
            None => 0,
        };
        if left == 0 {
            memory.purged.lock().remove(&queue);
        }
    }
    Ok(())
}
