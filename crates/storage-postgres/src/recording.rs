//! How deliveries ended.

use std::collections::HashSet;

use uuid::Uuid;
use zaqar_model::{Attempt, AttemptEnd, DeliveryOutcome, DeliveryReport, LeaseId, Timestamp};
use zaqar_storage::{ATTEMPTS_KEPT, FAILURES_KEPT};

use crate::columns::{limit, message_uuid, millis, number_of, position, uuid_of_subscription};
use crate::connection::{Failed, Session, values};
use crate::due::{deliverable, touch};
use crate::retained::let_go;

const DELIVERED: i16 = 0;
const RETRY: i16 = 1;
const EXHAUSTED: i16 = 2;
const EXPIRED: i16 = 3;
const POSTPONED: i16 = 4;

/// Locks the subscriptions, and tells which of their queues live elsewhere.
const LOCK: &str = "
WITH locked AS MATERIALIZED (
  SELECT 1 FROM zaqar.subscriptions WHERE (queue, id) IN (SELECT * FROM unnest($1::int8[], $2::uuid[]))
  ORDER BY queue, id FOR UPDATE
)
SELECT (SELECT count(*) FROM locked),
  ARRAY(SELECT number FROM zaqar.queues WHERE number = ANY($1::int8[]) AND stage > 2)";

/// What the lease does not have is passed over. What was delivered before the cursor has come there stays, marked as done.
const RECORD: &str = concat!(
    "
WITH asked AS MATERIALIZED (
  SELECT * FROM unnest($3::int8[], $4::uuid[], $5::int8[], $6::int2[], $7::int8[], $8::bytea[], $9::int8[], $10::int4[],
      $11::int8[], $12::bytea[], $13::bytea[])
    WITH ORDINALITY AS a(queue, subscription, position, kind, due_at, reason, at, status, latency, excerpt, address, nth)
  WHERE a.queue <> ALL($14::int8[])
), found AS MATERIALIZED (
  SELECT a.*, s.reached, s.exported FROM asked a
  JOIN zaqar.subscriptions s ON s.queue = a.queue AND s.id = a.subscription
  JOIN zaqar.deliveries d ON d.queue = a.queue AND d.subscription = a.subscription AND d.position = a.position
  WHERE d.lease = $2::uuid AND d.state = 1 AND (d.due_at > $1::int8 OR ",
    deliverable!("d.expires"),
    ") FOR UPDATE OF d
), gone AS (
  DELETE FROM zaqar.deliveries d USING found f WHERE f.kind = 0 AND f.position <= f.reached
    AND d.queue = f.queue AND d.subscription = f.subscription AND d.position = f.position
), changed AS (
  UPDATE zaqar.deliveries d SET lease = NULL,
    state = CASE f.kind WHEN 0 THEN 3 WHEN 2 THEN 2 WHEN 3 THEN 2 ELSE 0 END,
    attempts = d.attempts + CASE WHEN f.kind IN (1, 2) THEN 1 ELSE 0 END,
    due_at = CASE f.kind WHEN 1 THEN CASE WHEN d.expires <= $1::int8 THEN least(f.due_at, $1::int8) ELSE f.due_at END
      WHEN 4 THEN f.due_at ELSE $1::int8 END,
    late = f.kind IN (1, 4) AND d.expires <= $1::int8,
    reason = f.reason
  FROM found f WHERE NOT (f.kind = 0 AND f.position <= f.reached)
    AND d.queue = f.queue AND d.subscription = f.subscription AND d.position = f.position
), noted AS (
  INSERT INTO zaqar.attempts
    (queue, subscription, number, message, at, status, latency, excerpt, address, ending, retry_at, exported)
  SELECT queue, subscription, nextval('zaqar.attempt_numbers'), message, at, status, latency, excerpt, address, kind, due_at,
    exported
  FROM (
    SELECT f.*, ",
    message_uuid!("m"),
    " AS message FROM found f JOIN zaqar.messages m ON m.queue = f.queue AND m.position = f.position
    WHERE f.kind < 3 ORDER BY f.nth) o
)
SELECT queue, subscription, position, kind FROM found"
);

/// Only the newest attempts of a subscription are retained.
const TRIM_ATTEMPTS: &str = "
DELETE FROM zaqar.attempts a USING (
  SELECT k.queue, k.id, (SELECT number FROM zaqar.attempts o WHERE o.queue = k.queue AND o.subscription = k.id
    ORDER BY number DESC OFFSET $3::int8 LIMIT 1) AS last FROM unnest($1::int8[], $2::uuid[]) AS k(queue, id)) t
WHERE a.queue = t.queue AND a.subscription = t.id AND a.number <= t.last";

/// And the failures of its last messages.
const TRIM_FAILURES: &str = "
DELETE FROM zaqar.deliveries d USING (
  SELECT k.queue, k.id, (SELECT position FROM zaqar.deliveries o WHERE o.queue = k.queue AND o.subscription = k.id
    AND o.state = 2 ORDER BY position DESC OFFSET $3::int8 LIMIT 1) AS last
  FROM unnest($1::int8[], $2::uuid[]) AS k(queue, id)) t
WHERE d.queue = t.queue AND d.subscription = t.id AND d.state = 2 AND d.position <= t.last";

/// The account of an attempt as it lies in its row.
pub(crate) struct Account {
    pub(crate) at: i64,
    pub(crate) status: Option<i32>,
    pub(crate) latency: i64,
    pub(crate) excerpt: Vec<u8>,
    pub(crate) address: Option<Vec<u8>>,
}

impl From<&Attempt> for Account {
    fn from(attempt: &Attempt) -> Self {
        Self {
            at: millis(attempt.at),
            status: attempt.status.map(i32::from),
            latency: i64::from(attempt.latency_ms),
            excerpt: attempt.excerpt.as_str().as_bytes().to_vec(),
            address: attempt.address.as_ref().map(|address| address.as_str().as_bytes().to_vec()),
        }
    }
}

/// How an attempt ended, and when it was to be tried again.
pub(crate) fn ending(end: AttemptEnd) -> (i16, Option<i64>) {
    match end {
        AttemptEnd::Delivered => (DELIVERED, None),
        AttemptEnd::RetryAt(at) => (RETRY, Some(millis(at))),
        AttemptEnd::GivenUp => (EXHAUSTED, None),
        AttemptEnd::Unknown => (3, None),
    }
}

/// Returns whether none of the deliveries is of a queue that lives elsewhere.
pub(crate) async fn record(
    session: &Session,
    lease: LeaseId,
    reports: &[DeliveryReport],
    now: Timestamp,
) -> Result<bool, Failed> {
    let (now, lease) = (millis(now), Uuid::from_u128(lease.as_u128()));
    let (mut queues, mut ids, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut kinds, mut dues, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    let (mut times, mut statuses, mut latencies) = (Vec::new(), Vec::new(), Vec::new());
    let (mut excerpts, mut addresses) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for DeliveryReport { source, subscription, position: place, outcome } in reports {
        if !seen.insert((source.number, *subscription, *place)) {
            continue;
        }
        let (kind, due, reason, attempt) = match outcome {
            DeliveryOutcome::Delivered(attempt) => (DELIVERED, None, None, Some(attempt)),
            DeliveryOutcome::RetryAt(due, attempt) => (RETRY, Some(millis(*due)), None, Some(attempt)),
            DeliveryOutcome::GivenUp(reason, attempt) => (EXHAUSTED, None, Some(reason), Some(attempt)),
            DeliveryOutcome::Expired(reason) => (EXPIRED, None, Some(reason), None),
            DeliveryOutcome::Postponed(due) => (POSTPONED, Some(millis(*due)), None, None),
        };
        let account = attempt.map(Account::from);
        queues.push(number_of(source));
        ids.push(uuid_of_subscription(*subscription));
        positions.push(position(*place));
        kinds.push(kind);
        dues.push(due);
        reasons.push(reason.map(|reason| reason.as_str().as_bytes()));
        times.push(account.as_ref().map(|account| account.at));
        statuses.push(account.as_ref().and_then(|account| account.status));
        latencies.push(account.as_ref().map(|account| account.latency));
        excerpts.push(account.as_ref().map(|account| account.excerpt.clone()));
        addresses.push(account.and_then(|account| account.address));
    }
    session.begin().await?;
    let elsewhere: Vec<i64> =
        match session.first(LOCK, values![queues => INT8_ARRAY, ids => UUID_ARRAY]).await? {
            Some(row) => row.try_get(1)?,
            None => Vec::new(),
        };
    let values = values![
        now => INT8, lease => UUID, queues => INT8_ARRAY, ids => UUID_ARRAY, positions => INT8_ARRAY, kinds => INT2_ARRAY,
        dues => INT8_ARRAY, reasons => BYTEA_ARRAY, times => INT8_ARRAY, statuses => INT4_ARRAY,
        latencies => INT8_ARRAY, excerpts => BYTEA_ARRAY, addresses => BYTEA_ARRAY, elsewhere => INT8_ARRAY,
    ];
    let rows = session.query(RECORD, values).await?;
    let (mut keys, mut has_failed) = (HashSet::new(), false);
    let (mut done_queues, mut done): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    for row in &rows {
        keys.insert((row.try_get::<_, i64>(0)?, row.try_get::<_, Uuid>(1)?));
        done_queues.push(row.try_get(0)?);
        done.push(row.try_get(2)?);
        has_failed |= matches!(row.try_get::<_, i16>(3)?, EXHAUSTED | EXPIRED);
    }
    let (queues, ids): (Vec<i64>, Vec<Uuid>) = keys.into_iter().unzip();
    trim_attempts(session, &queues, &ids).await?;
    if has_failed {
        let kept = limit(FAILURES_KEPT);
        session
            .execute(TRIM_FAILURES, values![queues => INT8_ARRAY, ids => UUID_ARRAY, kept => INT8])
            .await?;
    }
    let_go(session, &done_queues, &done, now).await?;
    touch(session, &queues, &ids).await?;
    session.commit().await?;
    Ok(elsewhere.is_empty())
}

pub(crate) async fn trim_attempts(session: &Session, queues: &[i64], ids: &[Uuid]) -> Result<(), Failed> {
    let kept = limit(ATTEMPTS_KEPT);
    let values = values![queues => INT8_ARRAY, ids => UUID_ARRAY, kept => INT8];
    session.execute(TRIM_ATTEMPTS, values).await.map(drop)
}
