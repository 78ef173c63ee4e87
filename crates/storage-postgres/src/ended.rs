//! What claims have left that have ended.

use std::collections::BTreeMap;

use zaqar_model::{Destination, MessageId, Timestamp};
use zaqar_storage::DeadLetterPolicy;

use crate::columns::{destination, id_of, limit, millis};
use crate::connection::{Failed, Session, values};
use crate::fence::lives_here;

/// So many are looked at in one statement.
const SOME: usize = 1000;
/// So many whose claim or delay has ended are given back in one statement.
const PROMOTED: u64 = 5000;

/// Each index is walked from queue to queue.
const WITH_ENDED: &str = "
WITH RECURSIVE returned AS (
  (SELECT queue FROM zaqar.messages WHERE state = 1 AND claim_count > seen_count ORDER BY queue, position LIMIT 1)
  UNION ALL
  SELECT (SELECT m.queue FROM zaqar.messages m WHERE m.state = 1 AND m.claim_count > m.seen_count AND m.queue > r.queue
    ORDER BY m.queue, m.position LIMIT 1) FROM returned r WHERE r.queue IS NOT NULL
), waiting AS (
  (SELECT queue FROM zaqar.messages WHERE state = 2 ORDER BY queue, visible_at LIMIT 1)
  UNION ALL
  SELECT (SELECT m.queue FROM zaqar.messages m WHERE m.state = 2 AND m.queue > w.queue
    ORDER BY m.queue, m.visible_at LIMIT 1) FROM waiting w WHERE w.queue IS NOT NULL
)
SELECT q.number, q.kind, q.project, q.name
FROM (SELECT queue FROM returned UNION SELECT queue FROM waiting) c JOIN zaqar.queues q ON q.number = c.queue
WHERE q.stage < 2 AND (
  EXISTS (SELECT 1 FROM zaqar.messages m WHERE m.queue = q.number AND m.state = 1 AND m.claim_count > m.seen_count
    AND m.position > q.purged AND m.expires > $1::int8)
  OR EXISTS (SELECT 1 FROM zaqar.messages m WHERE m.queue = q.number AND m.state = 2 AND m.visible_at <= $1::int8
    AND m.visible_at >= q.waiting_since AND m.claim_count > m.seen_count
    AND m.position > q.purged AND m.expires > $1::int8))
LIMIT $2::int8";

/// What a claim or a delay held until now is free. The claim stays on it: its bearer may be late.
const PROMOTE: &str = "
WITH due AS MATERIALIZED (
  SELECT queue, position FROM zaqar.messages WHERE queue = $1::int8 AND state = 2 AND visible_at <= $2::int8
  ORDER BY visible_at LIMIT 5000 FOR UPDATE SKIP LOCKED
)
UPDATE zaqar.messages m SET state = 1 FROM due d WHERE m.queue = d.queue AND m.position = d.position";

const LOOK: &str = concat!(
    "
WITH unseen AS MATERIALIZED (
  SELECT m.queue, m.position FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
  WHERE q.number = $1::int8 AND q.stage < 2 AND m.state = 1 AND m.claim_count > m.seen_count
    AND m.position > q.purged AND m.expires > $2::int8
  ORDER BY m.position LIMIT $3::int8 FOR UPDATE OF m SKIP LOCKED
)
UPDATE zaqar.messages m SET seen_count = m.claim_count,
  state = CASE WHEN m.claim_count >= $4::int8 THEN 3 ELSE 1 END,
  claim = CASE WHEN m.claim_count >= $4::int8 THEN NULL ELSE m.claim END
FROM unseen s WHERE m.queue = s.queue AND m.position = s.position AND ",
    lives_here!("$1::int8"),
    " RETURNING m.position, m.nonce, m.foreign_id, m.state = 3 AS dead"
);

pub(crate) async fn with_ended_claims(
    session: &Session,
    most: usize,
    now: Timestamp,
) -> Result<Vec<Destination>, Failed> {
    let (most, now) = (limit(most), millis(now));
    session.query(WITH_ENDED, values![now => INT8, most => INT8]).await?.iter().map(destination).collect()
}

/// Frees what a claim or a delay held in a queue until `now`. Returns whether all of it was.
pub(crate) async fn promote(session: &Session, queue: i64, now: i64) -> Result<bool, Failed> {
    let promoted = session.execute(PROMOTE, values![queue => INT8, now => INT8]).await?;
    Ok(promoted < PROMOTED)
}

pub(crate) async fn set_aside(
    session: &Session,
    queue: i64,
    policy: Option<DeadLetterPolicy>,
    now: Timestamp,
) -> Result<Vec<MessageId>, Failed> {
    let (now, some) = (millis(now), limit(SOME));
    let most = policy.map_or(i64::MAX, |policy| i64::from(policy.max_claim_count));
    while !promote(session, queue, now).await? {}
    loop {
        let values = values![queue => INT8, now => INT8, some => INT8, most => INT8];
        let rows = session.query(LOOK, values).await?;
        let mut dead = BTreeMap::new();
        for row in &rows {
            if row.try_get("dead")? {
                dead.insert(row.try_get::<_, i64>("position")?, id_of(row)?);
            }
        }
        if !dead.is_empty() || rows.len() < SOME {
            return Ok(dead.into_values().collect());
        }
    }
}
