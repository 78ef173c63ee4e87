//! Which subscriptions have something due, and when.

use std::time::Duration;

use tokio_postgres::Row;
use uuid::Uuid;
use zaqar_model::{SubscriptionId, Timestamp};
use zaqar_storage::{Due, SubscriptionKey, SubscriptionShare};

use crate::columns::{destination, limit, millis, timestamp};
use crate::connection::{Failed, Session, values};
use crate::fence::is_not_elsewhere;

/// Whoever waits for something to be due looks again after so long.
pub(crate) const LOOK_AGAIN: Duration = crate::hints::LOOK;
/// So many queues are looked at in one go to whose subscriptions something was posted.
const SOME_QUEUES: i64 = 200;

/// What is deliverable at `$1` though it has expired: for a day.
macro_rules! deliverable {
    ($expires:literal) => {
        concat!("(", $expires, " > $1::int8 - 86400000)")
    };
}
pub(crate) use deliverable;

/// Until when first attempts of the subscription `s` are held back.
macro_rules! held_back {
    () => {
        "(CASE WHEN s.suspended_since IS NULL THEN s.paused_until ELSE 9223372036854775807 END)"
    };
}
pub(crate) use held_back;

/// Until when its retries are.
macro_rules! retries_held_back {
    () => {
        "(CASE WHEN s.suspended_since IS NULL THEN s.retries_paused_until ELSE 9223372036854775807 END)"
    };
}
pub(crate) use retries_held_back;

/// A message `m` that the subscription `s` is owed and has not taken up.
macro_rules! is_new {
    () => {
        concat!(
            "m.queue = s.queue AND m.position > s.reached AND m.owed AND ",
            crate::due::deliverable!("m.expires"),
            " AND NOT EXISTS (SELECT 1 FROM zaqar.deliveries t WHERE t.queue = s.queue AND t.subscription = s.id
              AND t.position = m.position)"
        )
    };
}
pub(crate) use is_new;

/// When the delivery `d` can be leased, if its subscription is held back until then.
macro_rules! moment {
    ($held_back:ident) => {
        concat!(
            "(CASE WHEN d.state = 1 THEN least(greatest(d.due_at, ",
            $held_back!(),
            "), greatest(d.expires, d.due_at)) WHEN d.late THEN d.due_at ELSE least(greatest(d.due_at, ",
            $held_back!(),
            "), d.expires) END)"
        )
    };
}
pub(crate) use moment;

/// When a lease may take the next delivery of the subscription `s`, of either kind: `first` and `retry`, leaving aside how
/// many it has under lease, and `first_free` and `retry_free`, when one more of the kind may be. Of a subscription that is
/// held back, only the first message that has not been taken up is looked at, unless it respects delays.
macro_rules! moments {
    () => {
        concat!(
            "SELECT least(CASE WHEN s.respects_delay THEN
                (SELECT min(least(greatest(least(m.delayed_until, m.expires), ",
            held_back!(),
            "), m.expires)) FROM zaqar.messages m WHERE ",
            is_new!(),
            ") ELSE
                (SELECT least(",
            held_back!(),
            ", m.expires) FROM zaqar.messages m WHERE ",
            is_new!(),
            " ORDER BY m.position LIMIT 1) END,
              (SELECT min(",
            moment!(held_back),
            ") FROM zaqar.deliveries d WHERE d.queue = s.queue AND d.subscription = s.id AND d.state < 2
                AND d.attempts = 0 AND ",
            deliverable!("d.expires"),
            ")) AS first,
              (SELECT min(",
            moment!(retries_held_back),
            ") FROM zaqar.deliveries d WHERE d.queue = s.queue AND d.subscription = s.id AND d.state < 2
                AND d.attempts > 0 AND ",
            deliverable!("d.expires"),
            ") AS retry,
              coalesce((SELECT d.due_at FROM zaqar.deliveries d WHERE d.queue = s.queue AND d.subscription = s.id
                AND d.state = 1 AND d.due_at > $1::int8 AND d.attempts = 0
                ORDER BY d.due_at DESC OFFSET greatest($2::int8 - 1, 0) LIMIT 1), 0) AS first_free,
              coalesce((SELECT d.due_at FROM zaqar.deliveries d WHERE d.queue = s.queue AND d.subscription = s.id
                AND d.state = 1 AND d.due_at > $1::int8 AND d.attempts > 0
                ORDER BY d.due_at DESC OFFSET greatest($3::int8 - 1, 0) LIMIT 1), 0) AS retry_free"
        )
    };
}

/// Those that are to be looked at, and a few of the next ones. `bare` leaves aside what is under lease.
const DUE: &str = concat!(
    "SELECT q.number, q.kind, q.project, q.name, s.id, s.next_at, least(n.first, n.retry) AS bare,
      least(CASE WHEN n.first IS NULL THEN NULL ELSE greatest(n.first, n.first_free) END,
        CASE WHEN n.retry IS NULL THEN NULL ELSE greatest(n.retry, n.retry_free) END) AS at
    FROM (
      SELECT queue, id FROM zaqar.subscriptions WHERE notified AND next_at <= $1::int8
      UNION ALL
      (SELECT queue, id FROM zaqar.subscriptions WHERE notified AND next_at > $1::int8 ORDER BY next_at LIMIT 16)
    ) k
    JOIN zaqar.subscriptions s ON s.queue = k.queue AND s.id = k.id AND s.ends > $1::int8
    JOIN zaqar.queues q ON q.number = s.queue AND q.stage < 2
    CROSS JOIN LATERAL (",
    moments!(),
    ") n ORDER BY s.turn, s.next_at"
);

/// Notes when the next is due, unless somebody has said meanwhile that it is to be looked at.
const NOTE: &str = "
UPDATE zaqar.subscriptions s SET next_at = k.next_at
FROM unnest($1::int8[], $2::uuid[], $3::int8[], $4::int8[]) AS k(queue, id, seen, next_at)
WHERE s.queue = k.queue AND s.id = k.id AND s.next_at = k.seen AND s.next_at IS DISTINCT FROM k.next_at";

/// Another number below zero each time, so that [`NOTE`] can tell.
const TOUCH: &str = "
UPDATE zaqar.subscriptions s SET next_at = -nextval('zaqar.turns') FROM unnest($1::int8[], $2::uuid[]) AS k(queue, id)
WHERE s.queue = k.queue AND s.id = k.id";

/// Behind the locks of their queues: whoever posts meanwhile notes the queue once more.
const FOLD: [&str; 3] = [
    "DELETE FROM zaqar.owing WHERE queue = ANY($2::int8[]) AND $1::int8 >= 0",
    // What is delayed is set aside for those who wait for it, so that it holds up nothing behind it.
    concat!(
        "INSERT INTO zaqar.deliveries (queue, subscription, position, state, due_at, expires, exported)
        SELECT s.queue, s.id, m.position, 0, least(m.delayed_until, m.expires), m.expires, s.exported
        FROM zaqar.subscriptions s JOIN zaqar.messages m ON ",
        is_new!(),
        " WHERE s.queue = ANY($2::int8[]) AND s.respects_delay AND s.notified AND s.ends > $1::int8
          AND least(m.delayed_until, m.expires) > $1::int8 ON CONFLICT DO NOTHING"
    ),
    "UPDATE zaqar.subscriptions SET next_at = -nextval('zaqar.turns')
     WHERE queue = ANY($2::int8[]) AND notified AND ends > $1::int8",
];

/// When they have something due is to be looked at.
pub(crate) async fn touch(session: &Session, queues: &[i64], ids: &[Uuid]) -> Result<(), Failed> {
    session.execute(TOUCH, values![queues => INT8_ARRAY, ids => UUID_ARRAY]).await.map(drop)
}

/// Looks after the queues that something was posted to.
async fn fold(session: &Session, now: i64) -> Result<(), Failed> {
    let some = concat!(
        "SELECT o.queue FROM zaqar.owing o WHERE ",
        is_not_elsewhere!("o.queue"),
        " ORDER BY o.queue LIMIT $1::int8"
    );
    let rows = session.query(some, values![SOME_QUEUES => INT8]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let queues = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    session.begin().await?;
    let lock = "SELECT number FROM zaqar.queues WHERE number = ANY($1::int8[]) AND stage < 3
        ORDER BY number FOR NO KEY UPDATE";
    let rows = session.query(lock, values![queues => INT8_ARRAY]).await?;
    let queues = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    for statement in FOLD {
        session.execute(statement, values![now => INT8, queues => INT8_ARRAY]).await?;
    }
    session.commit().await
}

pub(crate) async fn due(
    session: &Session,
    share: SubscriptionShare,
    most: usize,
    now: Timestamp,
) -> Result<Due, Failed> {
    let (at, firsts, retries) = (millis(now), limit(share.first_attempts), limit(share.retries));
    fold(session, at).await?;
    let rows = session.query(DUE, values![at => INT8, firsts => INT8, retries => INT8]).await?;
    let (mut due, mut next) = (Vec::new(), None);
    let (mut queues, mut ids, mut seen, mut moments) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        // What is due at no time at all waits for something else.
        let moment = |name| row.try_get::<_, Option<i64>>(name).map(|at| at.filter(|at| *at < i64::MAX));
        let (bare, moment) = (moment("bare")?, moment("at")?);
        match moment {
            Some(moment) if moment <= at => due.push(key(row)?),
            Some(moment) => next = Some(next.map_or(moment, |next: i64| next.min(moment))),
            None => {}
        }
        if bare.is_none_or(|bare| bare > at) {
            queues.push(row.try_get::<_, i64>("number")?);
            ids.push(row.try_get::<_, Uuid>("id")?);
            seen.push(row.try_get::<_, i64>("next_at")?);
            moments.push(bare);
        }
    }
    if !queues.is_empty() {
        let values =
            values![queues => INT8_ARRAY, ids => UUID_ARRAY, seen => INT8_ARRAY, moments => INT8_ARRAY];
        session.execute(NOTE, values).await?;
    }
    due.truncate(most);
    if due.is_empty() {
        return Ok(next.map_or(Due::Nothing, |next| Due::At(timestamp(next))));
    }
    Ok(Due::Now(due))
}

fn key(row: &Row) -> Result<SubscriptionKey, Failed> {
    let id: Uuid = row.try_get("id")?;
    Ok(SubscriptionKey { source: destination(row)?, id: SubscriptionId::from_u128(id.as_u128()) })
}
