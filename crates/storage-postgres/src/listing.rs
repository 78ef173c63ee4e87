//! Listings, look-ups by id and counts.

use tokio::time::Instant;
use uuid::Uuid;
use zaqar_model::{ClientId, Message, MessageId, QueueStats, Timestamp};
use zaqar_storage::{COUNTED_EXACTLY, ListStart, ListedMessage, MessagePage, MessageQuery, Volume};

use crate::columns::{
    client_bytes, halves, id_of, limit, marker, may_be_of, message, message_columns, millis, position,
    timestamp, uuid_of_message,
};
use crate::connection::{Failed, Session, values};
use crate::fence::lives_here;
use crate::store::Memory;

/// The last position that was given out in a queue.
macro_rules! end_of {
    ($queue:literal) => {
        concat!(
            "greatest(",
            $queue,
            ".floor, coalesce((SELECT b.last FROM zaqar.batches b WHERE b.queue = ",
            $queue,
            ".number ORDER BY b.last DESC LIMIT 1), 0))"
        )
    };
}
pub(crate) use end_of;

/// The counts of a deep queue are good for so many seconds.
const COUNT_IS_GOOD_FOR: u64 = 5;

/// One more than is asked for, so that it is known whether there are more.
const LIST: &str = concat!(
    "WITH place AS MATERIALIZED (
      SELECT q.number, q.purged, q.last, least($2::int8, q.last) AS start FROM (
        SELECT q.number, q.purged, ",
    end_of!("q"),
    " AS last FROM zaqar.queues q WHERE q.number = $1::int8 AND q.stage < 2) q
    )
    SELECT p.last, p.start, i.* FROM place p LEFT JOIN LATERAL (
      SELECT * FROM (
        SELECT m.*, count(*) OVER () AS found,
          coalesce(sum(octet_length(m.body)) OVER (ORDER BY m.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
            AS bytes
        FROM (SELECT ",
    message_columns!("$3::int8"),
    "   FROM zaqar.messages m
          WHERE m.queue = p.number AND m.position > greatest(p.start, p.purged) AND m.state < 3
            AND m.expires > $3::int8
            AND ($4::bool OR NOT (m.state = 2 AND m.claim IS NOT NULL AND m.visible_at > $3::int8))
            AND ($5::bool OR m.delayed_until <= $3::int8)
            AND ($6::bytea IS NULL OR m.client <> $6::bytea)
          ORDER BY m.position LIMIT $7::int8) m) m
      WHERE m.bytes < $8::int8) i ON true
    WHERE ",
    lives_here!("$1::int8"),
    " ORDER BY i.position"
);

pub(crate) async fn list(
    session: &Session,
    queue: i64,
    query: &MessageQuery,
    now: Timestamp,
) -> Result<MessagePage, Failed> {
    let start = match query.start {
        ListStart::Start => 0,
        ListStart::Behind(marker) => position(marker),
        ListStart::BehindMessage(id) => place_of(session, queue, id).await?,
        ListStart::End => i64::MAX,
    };
    let more = if query.limit == 0 { 0 } else { limit(query.limit) + 1 };
    let client = query.without_client.as_ref().map(|id: &ClientId| client_bytes(id));
    let (most_bytes, now) = (limit(query.max_bytes), millis(now));
    let (claimed, delayed) = (query.include_claimed, query.include_delayed);
    let values = values![
        queue => INT8, start => INT8, now => INT8, claimed => BOOL, delayed => BOOL,
        client => BYTEA, more => INT8, most_bytes => INT8,
    ];
    let rows = session.query(LIST, values).await?;
    let Some(first) = rows.first() else {
        return Ok(MessagePage { is_end: true, ..MessagePage::default() });
    };
    let (end, start): (i64, i64) = (first.try_get("last")?, first.try_get("start")?);
    let found: i64 = first.try_get::<_, Option<i64>>("found")?.unwrap_or_default();
    let mut items = Vec::new();
    if found > 0 {
        for row in rows.iter().take(query.limit) {
            let (position, delayed_until) = (row.try_get("position")?, row.try_get("delayed_until")?);
            let (position, delayed_until) = (marker(position), timestamp(delayed_until));
            items.push(ListedMessage { position, delayed_until, message: message(row)? });
        }
    }
    let is_end = if query.limit == 0 { start == end } else { limit(items.len()) == found };
    let last = items.last().map_or(marker(start), |item| item.position);
    Ok(MessagePage { items, reached: if is_end { marker(end) } else { last }, is_end })
}

/// Where a message stands or stood; 0 if nothing is known of it.
async fn place_of(session: &Session, queue: i64, id: MessageId) -> Result<i64, Failed> {
    let foreign = "SELECT position FROM zaqar.messages WHERE queue = $1::int8 AND foreign_id = $2::uuid
        ORDER BY state >= 3, position DESC LIMIT 1";
    let uuid = uuid_of_message(id);
    if let Some(row) = session.first(foreign, values![queue => INT8, uuid => UUID]).await? {
        return Ok(row.try_get(0)?);
    }
    Ok(if may_be_of(queue, id) { halves(id).0 } else { 0 })
}

/// Messages by their ids: those that were posted here are found by their places.
const GET: &str = concat!(
    "SELECT a.nth, ",
    message_columns!("$2::int8"),
    " FROM (
      SELECT a.nth, m.position FROM unnest($3::int8[], $4::int8[]) WITH ORDINALITY AS a(position, nonce, nth)
        JOIN zaqar.messages m ON m.queue = $1::int8 AND m.position = a.position AND m.nonce = a.nonce
          AND m.foreign_id IS NULL AND m.state < 3
      UNION ALL
      SELECT a.nth, m.position FROM unnest($5::uuid[]) WITH ORDINALITY AS a(id, nth)
        JOIN zaqar.messages m ON m.queue = $1::int8 AND m.foreign_id = a.id AND m.state < 3
    ) a
    JOIN zaqar.queues q ON q.number = $1::int8
    JOIN zaqar.messages m ON m.queue = q.number AND m.position = a.position
    WHERE m.expires > $2::int8 AND m.position > q.purged AND ",
    lives_here!("$1::int8"),
    " ORDER BY a.nth"
);

pub(crate) async fn get(
    session: &Session,
    queue: i64,
    ids: &[MessageId],
    now: Timestamp,
) -> Result<Vec<Message>, Failed> {
    let now = millis(now);
    let (positions, nonces): (Vec<i64>, Vec<i64>) = ids.iter().map(|id| halves(*id)).unzip();
    let uuids: Vec<Uuid> = ids.iter().map(|id| uuid_of_message(*id)).collect();
    let values = values![
        queue => INT8, now => INT8, positions => INT8_ARRAY, nonces => INT8_ARRAY, uuids => UUID_ARRAY,
    ];
    session.query(GET, values).await?.iter().map(message).collect()
}

/// What is counted, up to a limit: an index alone does not tell what has expired.
const COUNT: &str = concat!(
    "
SELECT count(*) FILTER (WHERE claimed) AS claimed, count(*) FILTER (WHERE NOT claimed) AS free FROM (
  SELECT m.state = 2 AND m.claim IS NOT NULL AND m.visible_at > $2::int8 AS claimed
  FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
  WHERE q.number = $1::int8 AND m.state < 3 AND m.expires > $2::int8 AND m.position > q.purged AND ",
    lives_here!("$1::int8"),
    " LIMIT $3::int8) counted"
);

const FIRST_AND_LAST: &str = "
SELECT m.position, m.nonce, m.foreign_id, m.created FROM zaqar.queues q JOIN LATERAL (
  (SELECT * FROM zaqar.messages m WHERE m.queue = q.number AND m.state < 3 AND m.expires > $2::int8
    AND m.position > q.purged ORDER BY m.position LIMIT 1)
  UNION ALL
  (SELECT * FROM zaqar.messages m WHERE m.queue = q.number AND m.state < 3 AND m.expires > $2::int8
    AND m.position > q.purged ORDER BY m.position DESC LIMIT 1)) m ON true
WHERE q.number = $1::int8 AND q.stage < 2 ORDER BY m.position";

pub(crate) async fn stats(
    session: &Session,
    memory: &Memory,
    queue: i64,
    now: Timestamp,
) -> Result<QueueStats, Failed> {
    let now = millis(now);
    let mut stats = QueueStats::default();
    let exactly = i64::try_from(COUNTED_EXACTLY).unwrap_or(i64::MAX - 1);
    (stats.claimed, stats.free) = count(session, queue, now, exactly + 1).await?;
    if stats.total() > COUNTED_EXACTLY {
        let known = memory.counts.lock().get(&queue).copied();
        match known.filter(|(at, ..)| at.elapsed().as_secs() < COUNT_IS_GOOD_FOR) {
            Some((_, claimed, free)) => (stats.claimed, stats.free) = (claimed, free),
            None => {
                (stats.claimed, stats.free) = count(session, queue, now, i64::MAX).await?;
                let mut counts = memory.counts.lock();
                counts.retain(|_, (at, ..)| at.elapsed().as_secs() < COUNT_IS_GOOD_FOR);
                counts.insert(queue, (Instant::now(), stats.claimed, stats.free));
            }
        }
    }
    let mut ends = Vec::new();
    for row in session.query(FIRST_AND_LAST, values![queue => INT8, now => INT8]).await? {
        ends.push((id_of(&row)?, timestamp(row.try_get("created")?)));
    }
    (stats.oldest, stats.newest) = (ends.first().copied(), ends.last().copied());
    Ok(stats)
}

/// Counted up to a number of rows; of more the server's own estimates are returned.
const VOLUME: &str = "
WITH sampled AS MATERIALIZED (
  SELECT queue, position, state, expires, visible_at, claim FROM zaqar.messages LIMIT $2::int8
), counted AS (
  SELECT m.state = 2 AND m.claim IS NOT NULL AND m.visible_at > $1::int8 AS claimed
  FROM sampled m JOIN zaqar.queues q ON q.number = m.queue
  WHERE m.state < 3 AND m.expires > $1::int8 AND m.position > q.purged AND q.stage < 2
), estimated AS (
  SELECT greatest(reltuples, 0)::int8 AS rows FROM pg_class WHERE oid = 'zaqar.messages'::regclass
), estimated_claimed AS (
  SELECT greatest(reltuples, 0)::int8 AS rows FROM pg_class WHERE oid = 'zaqar.messages_claim'::regclass
)
SELECT (SELECT count(*) FROM sampled) AS seen,
  (SELECT count(*) FILTER (WHERE claimed) FROM counted), (SELECT count(*) FILTER (WHERE NOT claimed) FROM counted),
  (SELECT rows FROM estimated_claimed), (SELECT rows FROM estimated)";

/// Messages over all queues.
pub(crate) async fn volume(session: &Session, now: Timestamp) -> Result<Volume, Failed> {
    let most = i64::try_from(COUNTED_EXACTLY).unwrap_or(i64::MAX - 1) + 1;
    let Some(row) = session.first(VOLUME, values![millis(now) => INT8, most => INT8]).await? else {
        return Ok(Volume::default());
    };
    let number = |place: usize| row.try_get::<_, i64>(place).map(i64::unsigned_abs);
    if number(0)? > COUNTED_EXACTLY {
        let (claimed, all) = (number(3)?, number(4)?);
        return Ok(Volume { claimed: claimed.min(all), free: all.saturating_sub(claimed) });
    }
    Ok(Volume { claimed: number(1)?, free: number(2)? })
}

async fn count(session: &Session, queue: i64, now: i64, most: i64) -> Result<(u64, u64), Failed> {
    let row = session.first(COUNT, values![queue => INT8, now => INT8, most => INT8]).await?;
    let Some(row) = row else { return Ok((0, 0)) };
    let counts: (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok((counts.0.unsigned_abs(), counts.1.unsigned_abs()))
}
