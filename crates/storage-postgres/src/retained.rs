//! Messages that are out of their queue and stay for subscribers, as long as one is owed them.

use uuid::Uuid;

use crate::connection::{Failed, Session, values};
use crate::due::deliverable;

/// Somebody is owed the message `m`, or it is the message of a delivery that failed.
macro_rules! is_owed {
    () => {
        concat!(
            "(EXISTS (SELECT 1 FROM zaqar.deliveries d WHERE d.queue = m.queue AND d.position = m.position AND d.state < 3)
            OR m.owed AND ",
            crate::due::deliverable!("m.expires"),
            " AND EXISTS (SELECT 1 FROM zaqar.subscriptions s WHERE s.queue = m.queue AND s.notified
              AND s.ends > $1::int8 AND s.reached < m.position AND NOT EXISTS (SELECT 1 FROM zaqar.deliveries d
                WHERE d.queue = s.queue AND d.subscription = s.id AND d.position = m.position)))"
        )
    };
}
pub(crate) use is_owed;

const LET_GO: &str = concat!(
    "DELETE FROM zaqar.messages m USING unnest($2::int8[], $3::int8[]) AS k(queue, position)
    WHERE m.queue = k.queue AND m.position = k.position AND m.state = 4 AND ",
    crate::fence::is_not_elsewhere!("m.queue"),
    " AND NOT ",
    is_owed!()
);

/// The next that are retained, wherever the last look has ended.
const NEXT: &str = "
SELECT queue, position FROM zaqar.messages WHERE state = 4 AND (queue, position) > ($1::int8, $2::int8)
ORDER BY queue, position LIMIT 2000";

/// Lets go of those of the messages that nobody is owed any more.
pub(crate) async fn let_go(
    session: &Session,
    queues: &[i64],
    positions: &[i64],
    now: i64,
) -> Result<(), Failed> {
    let values = values![now => INT8, queues => INT8_ARRAY, positions => INT8_ARRAY];
    session.execute(LET_GO, values).await.map(drop)
}

/// Looks at some more of those that are retained; returns where the next look begins.
pub(crate) async fn sweep(session: &Session, from: (i64, i64), now: i64) -> Result<(i64, i64), Failed> {
    let rows = session.query(NEXT, values![from.0 => INT8, from.1 => INT8]).await?;
    let (mut queues, mut positions) = (Vec::new(), Vec::new());
    for row in &rows {
        queues.push(row.try_get::<_, i64>(0)?);
        positions.push(row.try_get::<_, i64>(1)?);
    }
    let_go(session, &queues, &positions, now).await?;
    let last = queues.last().copied().zip(positions.last().copied());
    Ok(last.unwrap_or((i64::MIN, 0)))
}

/// Attempts whose lease has ended and that nobody takes over any more: it is known when they began.
const END_LEFT: &str = concat!(
    "
WITH ended AS MATERIALIZED (
  SELECT d.queue, d.subscription, d.position, d.leased_at, d.exported FROM zaqar.deliveries d
  WHERE d.state = 1 AND d.due_at <= $1::int8 AND NOT ",
    deliverable!("d.expires"),
    " AND ($2::int8 IS NULL OR d.queue = $2::int8 AND d.subscription = $3::uuid)
    AND d.expires <= $1::int8 AND ",
    crate::fence::is_not_elsewhere!("d.queue"),
    " ORDER BY d.queue, d.subscription, d.position LIMIT 5000 FOR UPDATE SKIP LOCKED
), freed AS (
  UPDATE zaqar.deliveries d SET state = 0, lease = NULL FROM ended e
  WHERE d.queue = e.queue AND d.subscription = e.subscription AND d.position = e.position
)
INSERT INTO zaqar.attempts (queue, subscription, number, message, at, latency, excerpt, ending, exported)
SELECT queue, subscription, nextval('zaqar.attempt_numbers'), message, leased_at, 0, $4::bytea, 3, exported FROM (
  SELECT e.queue, e.subscription, e.leased_at, e.exported, ",
    crate::columns::message_uuid!("m"),
    " AS message FROM ended e JOIN zaqar.messages m ON m.queue = e.queue AND m.position = e.position
  ORDER BY e.queue, e.subscription, e.position) o"
);

/// Puts attempts on record that were broken off, of one subscription or of all.
pub(crate) async fn end_left_behind(
    session: &Session,
    of: Option<(i64, Uuid)>,
    now: i64,
) -> Result<(), Failed> {
    let (queue, id) = of.unzip();
    let unknown = crate::leasing::account_of_unknown();
    let values = values![now => INT8, queue => INT8, id => UUID, unknown => BYTEA];
    session.execute(END_LEFT, values).await.map(drop)
}
