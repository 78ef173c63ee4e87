//! Leases: deliveries that one engine has alone for a while.

use std::collections::HashMap;
use std::sync::Arc;

use tokio_postgres::Row;
use uuid::Uuid;
use zaqar_model::{Attempt, Delivery, Subscription, Timestamp};
use zaqar_storage::LeaseRequest;

use crate::columns::{
    count_u32, destination, limit, marker, message_columns, message_uuid, millis, number_of, stored,
    uuid_of_subscription,
};
use crate::connection::{Failed, Session, values};
use crate::due::{deliverable, held_back, is_new, moment, retries_held_back};
use crate::listing::end_of;
use crate::subscriptions::{subscription, subscription_columns};

/// Of the subscriptions that are asked for those that can be leased from.
macro_rules! lock {
    ($others:literal) => {
        concat!(
            "SELECT q.number, q.kind, q.project, q.name, ",
            subscription_columns!(),
            " FROM unnest($2::int8[], $3::uuid[]) AS k(queue, id)
    JOIN zaqar.subscriptions s ON s.queue = k.queue AND s.id = k.id
    JOIN zaqar.queues q ON q.number = s.queue AND q.stage < 2
    WHERE s.notified AND s.ends > $1::int8 ORDER BY s.queue, s.id FOR UPDATE OF s",
            $others
        )
    };
}
/// One that another lease is just taking from is passed over.
const LOCK: &str = lock!(" SKIP LOCKED");
/// What a repeated lease has taken before is not passed over.
const LOCK_ALL: &str = lock!("");

/// What a lease has taken before.
const HELD: &str = concat!(
    "SELECT d.queue AS source, d.subscription, d.attempts, ",
    message_columns!("$1::int8"),
    " FROM unnest($2::int8[], $3::uuid[]) AS k(queue, id)
    JOIN zaqar.deliveries d ON d.queue = k.queue AND d.subscription = k.id AND d.state = 1 AND d.lease = $4::uuid AND ",
    deliverable!("d.expires"),
    " JOIN zaqar.messages m ON m.queue = d.queue AND m.position = d.position"
);

/// Takes what is due: first attempts before retries, both in the order of posting, and of each kind as many as are not under
/// lease. Of an attempt that nobody told of it is known when it began.
const TAKE: &str = concat!(
    "
WITH asked AS MATERIALIZED (
  SELECT s.*, k.most,
    $5::int8 - (SELECT count(*) FROM zaqar.deliveries d WHERE d.queue = s.queue AND d.subscription = s.id AND d.state = 1
      AND d.due_at > $1::int8 AND d.attempts = 0) AS firsts,
    $6::int8 - (SELECT count(*) FROM zaqar.deliveries d WHERE d.queue = s.queue AND d.subscription = s.id AND d.state = 1
      AND d.due_at > $1::int8 AND d.attempts > 0) AS retries
  FROM unnest($2::int8[], $3::uuid[], $4::int8[]) AS k(queue, id, most)
  JOIN zaqar.subscriptions s ON s.queue = k.queue AND s.id = k.id
), found AS MATERIALIZED (
  SELECT s.queue, s.id AS subscription, s.most, s.exported, c.* FROM asked s CROSS JOIN LATERAL (
    (SELECT * FROM (
      (SELECT 0 AS kind, m.position, m.expires, 0::int8 AS attempts, NULL::int8 AS begun FROM zaqar.messages m WHERE ",
    is_new!(),
    " AND (m.expires <= $1::int8 OR (",
    held_back!(),
    " <= $1::int8 AND (NOT s.respects_delay OR m.delayed_until <= $1::int8)))
        AND (s.respects_delay OR ",
    held_back!(),
    " <= $1::int8 OR m.position < coalesce((SELECT m.position FROM zaqar.messages m WHERE ",
    is_new!(),
    " AND m.expires > $1::int8 ORDER BY m.position LIMIT 1), 9223372036854775807))
        ORDER BY m.position LIMIT greatest(least(s.firsts, s.most), 0))
      UNION ALL
      (SELECT 0, d.position, d.expires, d.attempts, CASE WHEN d.state = 1 THEN d.leased_at END FROM zaqar.deliveries d
        WHERE d.queue = s.queue AND d.subscription = s.id AND d.state < 2 AND d.attempts = 0 AND ",
    deliverable!("d.expires"),
    " AND ",
    moment!(held_back),
    " <= $1::int8 ORDER BY d.position LIMIT greatest(least(s.firsts, s.most), 0))
      ) f ORDER BY position LIMIT greatest(least(s.firsts, s.most), 0))
    UNION ALL
    (SELECT 1, d.position, d.expires, d.attempts, CASE WHEN d.state = 1 THEN d.leased_at END FROM zaqar.deliveries d
      WHERE d.queue = s.queue AND d.subscription = s.id AND d.state < 2 AND d.attempts > 0 AND ",
    deliverable!("d.expires"),
    " AND ",
    moment!(retries_held_back),
    " <= $1::int8 ORDER BY d.position LIMIT greatest(least(s.retries, s.most), 0))
  ) c
), picked AS MATERIALIZED (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY queue, subscription ORDER BY kind, position) AS nth FROM found) ranked
  WHERE nth <= most
), broken_off AS (
  INSERT INTO zaqar.attempts (queue, subscription, number, message, at, latency, excerpt, ending, exported)
  SELECT queue, subscription, nextval('zaqar.attempt_numbers'), message, begun, 0, $9::bytea, 3, exported FROM (
    SELECT p.queue, p.subscription, p.begun, p.exported, ",
    message_uuid!("m"),
    " AS message FROM picked p JOIN zaqar.messages m ON m.queue = p.queue AND m.position = p.position
    WHERE p.begun IS NOT NULL ORDER BY p.queue, p.subscription, p.nth) b
), taken AS (
  INSERT INTO zaqar.deliveries
    (queue, subscription, position, state, due_at, expires, attempts, lease, leased_at, exported)
  SELECT queue, subscription, position, 1, $7::int8, expires, attempts, $8::uuid, $1::int8, exported FROM picked
  ON CONFLICT (queue, subscription, position) DO UPDATE
    SET state = 1, late = false, due_at = excluded.due_at, lease = excluded.lease, leased_at = excluded.leased_at
)
SELECT p.queue AS source, p.subscription, p.attempts, ",
    message_columns!("$1::int8"),
    " FROM picked p JOIN zaqar.messages m ON m.queue = p.queue AND m.position = p.position"
);

/// The cursor goes as far as everything was taken up, and the subscription behind those that are waiting.
const MOVE: [&str; 2] = [
    concat!(
        "UPDATE zaqar.subscriptions s SET turn = nextval('zaqar.turns'), next_at = -nextval('zaqar.turns'),
          reached = greatest(s.reached, coalesce((SELECT m.position - 1 FROM zaqar.messages m WHERE ",
        is_new!(),
        " ORDER BY m.position LIMIT 1), ",
        end_of!("q"),
        ")) FROM zaqar.queues q, unnest($2::int8[], $3::uuid[]) AS k(queue, id)
        WHERE s.queue = k.queue AND s.id = k.id AND q.number = s.queue"
    ),
    "DELETE FROM zaqar.deliveries d USING zaqar.subscriptions s, unnest($2::int8[], $3::uuid[]) AS k(queue, id)
     WHERE s.queue = k.queue AND s.id = k.id AND d.queue = s.queue AND d.subscription = s.id AND d.state = 3
       AND d.position <= s.reached AND $1::int8 >= 0",
];

/// The account of an attempt that nobody gave.
pub(crate) fn account_of_unknown() -> Vec<u8> {
    Attempt::without_end(Timestamp::default()).excerpt.as_str().as_bytes().to_vec()
}

pub(crate) async fn lease(
    session: &Session,
    request: &LeaseRequest,
    now: Timestamp,
) -> Result<Vec<Delivery>, Failed> {
    if now >= request.until || request.subscriptions.is_empty() {
        return Ok(Vec::new());
    }
    let at = millis(now);
    let lease = Uuid::from_u128(request.id.as_u128());
    session.begin().await?;
    let own = lock(session, request, at).await?;
    let (mut queues, mut ids, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows = Vec::new();
    let (all_queues, all_ids): (Vec<i64>, Vec<Uuid>) = own.keys().copied().unzip();
    if request.is_repeated {
        let values = values![at => INT8, all_queues => INT8_ARRAY, all_ids => UUID_ARRAY, lease => UUID];
        rows = session.query(HELD, values).await?;
    }
    let mut held: Vec<(i64, Uuid)> = Vec::new();
    for row in &rows {
        held.push((row.try_get("source")?, row.try_get("subscription")?));
    }
    for (key, most) in &request.subscriptions {
        let place: (i64, Uuid) = (number_of(&key.source), uuid_of_subscription(key.id));
        if own.contains_key(&place) && !held.contains(&place) {
            queues.push(place.0);
            ids.push(place.1);
            limits.push(limit(*most));
        }
    }
    let (firsts, retries) = (limit(request.share.first_attempts), limit(request.share.retries));
    let (until, unknown) = (millis(request.until), account_of_unknown());
    let values = values![
        at => INT8, queues => INT8_ARRAY, ids => UUID_ARRAY, limits => INT8_ARRAY, firsts => INT8, retries => INT8,
        until => INT8, lease => UUID, unknown => BYTEA,
    ];
    rows.extend(session.query(TAKE, values).await?);
    for statement in MOVE {
        let values = values![at => INT8, all_queues => INT8_ARRAY, all_ids => UUID_ARRAY];
        session.execute(statement, values).await?;
    }
    session.commit().await?;
    in_order(request, &own, &rows)
}

type Own = HashMap<(i64, Uuid), Arc<Subscription>>;

/// Of the subscriptions that are asked for those that can be leased from, locked.
async fn lock(session: &Session, request: &LeaseRequest, now: i64) -> Result<Own, Failed> {
    let keys =
        request.subscriptions.iter().map(|(key, _)| (number_of(&key.source), uuid_of_subscription(key.id)));
    let (queues, ids): (Vec<i64>, Vec<Uuid>) = keys.unzip();
    let statement = if request.is_repeated { LOCK_ALL } else { LOCK };
    let mut own = HashMap::new();
    for row in session.query(statement, values![now => INT8, queues => INT8_ARRAY, ids => UUID_ARRAY]).await?
    {
        let key = (row.try_get("number")?, row.try_get("id")?);
        own.insert(key, Arc::new(subscription(&row, &destination(&row)?)?));
    }
    Ok(own)
}

/// As the request has its subscriptions; of each, first attempts before retries, both in the order of posting.
fn in_order(request: &LeaseRequest, own: &Own, rows: &[Row]) -> Result<Vec<Delivery>, Failed> {
    let mut taken: HashMap<(i64, Uuid), Vec<Delivery>> = HashMap::new();
    for row in rows {
        let key: (i64, Uuid) = (row.try_get("source")?, row.try_get("subscription")?);
        let Some(subscription) = own.get(&key) else { continue };
        let mut message = stored(row)?;
        // As it was posted.
        (message.message.claim, message.message.claim_count) = (None, 0);
        let (position, attempts) = (marker(row.try_get("position")?), count_u32(row.try_get("attempts")?));
        let delivery = Delivery { subscription: Arc::clone(subscription), message, position, attempts };
        taken.entry(key).or_default().push(delivery);
    }
    let mut all = Vec::new();
    for (key, _) in &request.subscriptions {
        if let Some(mut own) = taken.remove(&(number_of(&key.source), uuid_of_subscription(key.id))) {
            own.sort_by_key(|delivery| (delivery.attempts > 0, delivery.position));
            all.extend(own);
        }
    }
    Ok(all)
}
