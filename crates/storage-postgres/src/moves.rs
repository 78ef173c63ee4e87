//! Queues that are on their way to another pool.

use std::collections::BTreeSet;

use tokio_postgres::Row;
use uuid::Uuid;
use zaqar_model::{MoveId, PoolName, QueueMove, ServerId, Timestamp};
use zaqar_storage::{StorageError, TakenMove};

use crate::columns::{destination, kind_column, millis, number_of};
use crate::connection::{Failed, Session, values};
use crate::management::damaged;

/// The pools are locked against their removal until the move is noted.
const PUT_FIRST: &str = "
WITH known AS MATERIALIZED (SELECT 1 FROM zaqar.pools WHERE name = ANY($7::text[]) ORDER BY name FOR KEY SHARE)
INSERT INTO zaqar.moves (number, kind, project, name, pool, pools, attempt)
SELECT $1::int8, $2::int2, $3::text, $4::text, $5::text, $6::text[], $8::uuid
WHERE (SELECT count(*) FROM known) = cardinality($7::text[]) ON CONFLICT DO NOTHING";

const PUT_NEXT: &str = "
WITH known AS MATERIALIZED (SELECT 1 FROM zaqar.pools WHERE name = ANY($7::text[]) ORDER BY name FOR KEY SHARE)
UPDATE zaqar.moves SET kind = $2::int2, project = $3::text, name = $4::text, pool = $5::text, pools = $6::text[],
  attempt = $8::uuid
WHERE number = $1::int8 AND pool IS NOT DISTINCT FROM $9::text AND pools = $10::text[]
  AND attempt IS NOT DISTINCT FROM $11::uuid
  AND (SELECT count(*) FROM known) = cardinality($7::text[])";

const KNOWN: &str = "SELECT count(*) FROM zaqar.pools WHERE name = ANY($1::text[])";

const GET: &str =
    "SELECT number, kind, project, name, pool, pools, attempt FROM zaqar.moves WHERE number = $1::int8";

const LIST: &str = "SELECT number, kind, project, name, pool, pools, attempt FROM zaqar.moves
WHERE $1::int8 IS NULL OR number > $1::int8 ORDER BY number LIMIT $2::int8";

const TAKE: &str = "UPDATE zaqar.moves SET owner = $2::uuid, owned_until = $3::int8
WHERE number = $1::int8 AND (owner IS NULL OR owner = $2::uuid OR owned_until <= $4::int8)
RETURNING number, kind, project, name, pool, pools, attempt";

const END: &str = "DELETE FROM zaqar.moves
WHERE number = $1::int8 AND pool IS NOT DISTINCT FROM $2::text AND pools = $3::text[]
  AND attempt IS NOT DISTINCT FROM $4::uuid";

const LOCK: &str = "SELECT 1 FROM zaqar.moves
WHERE number = $1::int8 AND pool IS NOT DISTINCT FROM $2::text AND pools = $3::text[]
  AND attempt IS NOT DISTINCT FROM $4::uuid FOR UPDATE";

fn noted(row: &Row) -> Result<QueueMove, Failed> {
    let to: Option<&str> = row.try_get("pool")?;
    let pools: Vec<&str> = row.try_get("pools")?;
    let attempt: Option<Uuid> = row.try_get("attempt")?;
    Ok(QueueMove {
        queue: destination(row)?,
        to: to.map(PoolName::new).transpose().map_err(damaged)?,
        pools: pools.into_iter().map(PoolName::new).collect::<Result<_, _>>().map_err(damaged)?,
        attempt: attempt.map(|id| MoveId::from_u128(id.as_u128())),
    })
}

fn attempt(of: &QueueMove) -> Option<Uuid> {
    of.attempt.map(|id| Uuid::from_u128(id.as_u128()))
}

fn names(pools: &[PoolName]) -> Vec<&str> {
    pools.iter().map(PoolName::as_str).collect()
}

pub(crate) async fn get(session: &Session, queue: i64) -> Result<Option<QueueMove>, Failed> {
    session.first(GET, values![queue => INT8]).await?.as_ref().map(noted).transpose()
}

pub(crate) async fn list(
    session: &Session,
    marker: Option<i64>,
    most: i64,
) -> Result<Vec<QueueMove>, Failed> {
    session.query(LIST, values![marker => INT8, most => INT8]).await?.iter().map(noted).collect()
}

pub(crate) async fn put(session: &Session, next: &QueueMove, seen: Option<&QueueMove>) -> Result<(), Failed> {
    let queue = &next.queue;
    let number = number_of(queue);
    let (kind, project, name) = (kind_column(queue.kind), queue.project.as_str(), queue.name.as_str());
    let (to, pools) = (next.to.as_ref().map(PoolName::as_str), names(&next.pools));
    let needed: BTreeSet<&str> = pools.iter().copied().chain(to).collect();
    let needed: Vec<&str> = needed.into_iter().collect();
    let next_attempt = attempt(next);
    let touched = match seen {
        None => {
            let values = values![
                number => INT8, kind => INT2, project => TEXT, name => TEXT, to => TEXT, pools => TEXT_ARRAY,
                needed => TEXT_ARRAY, next_attempt => UUID,
            ];
            session.execute(PUT_FIRST, values).await?
        }
        Some(seen) => {
            let (seen_to, seen_pools) = (seen.to.as_ref().map(PoolName::as_str), names(&seen.pools));
            let seen_attempt = attempt(seen);
            let values = values![
                number => INT8, kind => INT2, project => TEXT, name => TEXT, to => TEXT, pools => TEXT_ARRAY,
                needed => TEXT_ARRAY, next_attempt => UUID, seen_to => TEXT, seen_pools => TEXT_ARRAY,
                seen_attempt => UUID,
            ];
            session.execute(PUT_NEXT, values).await?
        }
    };
    if touched > 0 {
        return Ok(());
    }
    let known = session.first(KNOWN, values![needed => TEXT_ARRAY]).await?;
    let known: i64 = known.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    if usize::try_from(known).unwrap_or_default() < needed.len() {
        return Err(StorageError::NotFound("pool").into());
    }
    if get(session, number).await?.as_ref() == Some(next) {
        return Ok(());
    }
    Err(StorageError::Conflict("the move was changed meanwhile").into())
}

pub(crate) async fn take(
    session: &Session,
    queue: i64,
    owner: ServerId,
    until: Timestamp,
    now: Timestamp,
) -> Result<TakenMove, Failed> {
    let owner = Uuid::from_u128(owner.as_u128());
    let values = values![queue => INT8, owner => UUID, millis(until) => INT8, millis(now) => INT8];
    if let Some(row) = session.first(TAKE, values).await? {
        return noted(&row).map(TakenMove::Taken);
    }
    Ok(match get(session, queue).await? {
        Some(_) => TakenMove::HeldByAnother,
        None => TakenMove::NoMove,
    })
}

pub(crate) async fn end(session: &Session, done: &QueueMove) -> Result<bool, Failed> {
    let number = number_of(&done.queue);
    let (to, pools) = (done.to.as_ref().map(PoolName::as_str), names(&done.pools));
    let attempt = attempt(done);
    let values = values![number => INT8, to => TEXT, pools => TEXT_ARRAY, attempt => UUID];
    let ended = session.execute(END, values).await?;
    Ok(ended > 0 || get(session, number).await?.is_none())
}

/// Locks a move, if it is noted like this, until the transaction ends: no other attempt is noted meanwhile.
pub(crate) async fn lock(session: &Session, noted: &QueueMove) -> Result<bool, Failed> {
    let number = number_of(&noted.queue);
    let (to, pools) = (noted.to.as_ref().map(PoolName::as_str), names(&noted.pools));
    let attempt = attempt(noted);
    let values = values![number => INT8, to => TEXT, pools => TEXT_ARRAY, attempt => UUID];
    Ok(session.first(LOCK, values).await?.is_some())
}
