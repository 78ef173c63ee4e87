//! The catalogue: which pool holds which queue. The statements about moves are in `moves`.

use zaqar_model::{
    Destination, DestinationNumber, Marker, Page, PageRequest, PoolName, QueueMove, ServerId, Timestamp,
};
use zaqar_storage::{Catalogue, StorageError, StorageResult, TakenMove};

use crate::columns::{destination, limit, signed};
use crate::connection::{Failed, Session, values};
use crate::management::damaged;
use crate::{PostgresManagementStore, moves};

/// How often an assignment meets one that others are just changing.
const TRIES: usize = 100;

/// The pool is locked against its removal until the assignment is through.
const FIRST: &str = "
WITH known AS MATERIALIZED (SELECT name FROM zaqar.pools WHERE name = $2::text FOR KEY SHARE)
INSERT INTO zaqar.assignments AS a (queue, pool) SELECT $1::int8, name FROM known
ON CONFLICT (queue) DO UPDATE SET pool = excluded.pool, left_at = NULL WHERE a.pool IS NULL";

const NEXT: &str = "
WITH known AS MATERIALIZED (SELECT name FROM zaqar.pools WHERE name = $2::text FOR KEY SHARE)
UPDATE zaqar.assignments a SET pool = k.name FROM known k WHERE a.queue = $1::int8 AND a.pool = $3::text";

const NONE: &str =
    "DELETE FROM zaqar.assignments WHERE queue = $1::int8 AND pool IS NOT DISTINCT FROM $2::text";

/// What holds, and whether the pool is there that it was to be.
const CURRENT: &str = "SELECT
  (SELECT pool FROM zaqar.assignments WHERE queue = $1::int8) AS pool,
  EXISTS (SELECT 1 FROM zaqar.pools WHERE name = $2::text) AS is_known";

const GET: &str = "SELECT pool, left_at FROM zaqar.assignments WHERE queue = $1::int8";

const QUEUES: &str = "SELECT d.number, d.kind, d.project, d.name
FROM zaqar.assignments a JOIN zaqar.destinations d ON d.number = a.queue
WHERE a.pool = $1::text AND a.queue > $2::int8 ORDER BY a.queue LIMIT $3::int8";

const FIRST_QUEUES: &str = "SELECT d.number, d.kind, d.project, d.name
FROM zaqar.assignments a JOIN zaqar.destinations d ON d.number = a.queue
WHERE a.pool = $1::text ORDER BY a.queue LIMIT $2::int8";

const LEAVE: &str = "UPDATE zaqar.assignments SET pool = NULL, left_at = $3::int8
WHERE queue = $1::int8 AND pool = $2::text";

/// Where a queue is: in a pool, or out of one that it has left at a position.
async fn assignment(session: &Session, queue: i64) -> Result<(Option<PoolName>, Option<Marker>), Failed> {
    let Some(row) = session.first(GET, values![queue => INT8]).await? else { return Ok((None, None)) };
    let pool: Option<&str> = row.try_get("pool")?;
    let left: Option<i64> = row.try_get("left_at")?;
    let pool = pool.map(PoolName::new).transpose().map_err(damaged)?;
    Ok((pool, left.map(|left| Marker::new(left.cast_unsigned()))))
}

async fn assign(
    session: &Session,
    queue: i64,
    expected: Option<&str>,
    to: Option<&str>,
) -> Result<Option<PoolName>, Failed> {
    for _ in 0..TRIES {
        let touched = match (expected, to) {
            (None, Some(to)) => session.execute(FIRST, values![queue => INT8, to => TEXT]).await?,
            (Some(expected), Some(to)) => {
                let values = values![queue => INT8, to => TEXT, expected => TEXT];
                session.execute(NEXT, values).await?
            }
            (_, None) => session.execute(NONE, values![queue => INT8, expected => TEXT]).await?,
        };
        if touched > 0 {
            return to.map(PoolName::new).transpose().map_err(damaged);
        }
        let row = session.first(CURRENT, values![queue => INT8, to => TEXT]).await?;
        let row = row.ok_or_else(|| damaged("a statement without a row"))?;
        let current: Option<&str> = row.try_get("pool")?;
        // It was never assigned, where it was to be assigned to none.
        if current != expected || current == to {
            return current.map(PoolName::new).transpose().map_err(damaged);
        }
        if !row.try_get::<_, bool>("is_known")? && to.is_some() {
            return Err(StorageError::NotFound("pool").into());
        }
    }
    Err(StorageError::unavailable("the assignment of the queue is being changed by others").into())
}

async fn leave(session: &Session, queue: i64, from: &str, last: Marker) -> Result<(), Failed> {
    let position = last.get().cast_signed();
    let values = values![queue => INT8, from => TEXT, position => INT8];
    if session.execute(LEAVE, values).await? > 0 || assignment(session, queue).await? == (None, Some(last)) {
        return Ok(());
    }
    Err(StorageError::Conflict("the queue is not assigned to this pool").into())
}

async fn switch(session: &Session, noted: &QueueMove, from: Option<&str>) -> Result<bool, Failed> {
    session.begin().await?;
    let is_noted = moves::lock(session, noted).await?;
    let to = noted.to.as_ref();
    let is_there = is_noted && {
        let queue = signed(noted.queue.number);
        assign(session, queue, from, to.map(PoolName::as_str)).await?.as_ref() == to
    };
    session.commit().await?;
    Ok(is_there)
}

#[async_trait::async_trait]
impl Catalogue for PostgresManagementStore {
    async fn assign(
        &self,
        queue: DestinationNumber,
        expected: Option<&PoolName>,
        to: Option<&PoolName>,
    ) -> StorageResult<Option<PoolName>> {
        let (queue, expected, to) = (signed(queue), expected.cloned(), to.cloned());
        let assigned = self.write(move |session| {
            let (expected, to) = (expected.clone(), to.clone());
            Box::pin(async move {
                let (expected, to) =
                    (expected.as_ref().map(PoolName::as_str), to.as_ref().map(PoolName::as_str));
                assign(session, queue, expected, to).await
            })
        });
        assigned.await
    }

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        let queue = signed(queue);
        let found = self.read(move |session| Box::pin(assignment(session, queue)));
        Ok(found.await?.0)
    }

    async fn queues_of(
        &self,
        pool: &PoolName,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        let (pool, marker, most) = (pool.clone(), page.marker.map(signed), limit(page.limit));
        let found = self.read(move |session| {
            let pool = pool.clone();
            Box::pin(async move {
                let pool = pool.as_str();
                let rows = match marker {
                    Some(marker) => {
                        let values = values![pool => TEXT, marker => INT8, most => INT8];
                        session.query(QUEUES, values).await?
                    }
                    None => session.query(FIRST_QUEUES, values![pool => TEXT, most => INT8]).await?,
                };
                rows.iter().map(destination).collect::<Result<Vec<_>, _>>()
            })
        });
        let items = found.await?;
        Ok(Page { next: items.last().map(|queue| queue.number), items })
    }

    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()> {
        let (queue, from) = (signed(queue), from.clone());
        let left = self.write(move |session| {
            let from = from.clone();
            Box::pin(async move { leave(session, queue, from.as_str(), last).await })
        });
        left.await
    }

    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>> {
        let queue = signed(queue);
        let found = self.read(move |session| Box::pin(assignment(session, queue)));
        Ok(found.await?.1)
    }

    async fn put_move(&self, noted: &QueueMove, seen: Option<&QueueMove>) -> StorageResult<()> {
        let (noted, seen) = (noted.clone(), seen.cloned());
        let put = self.write(move |session| {
            let (noted, seen) = (noted.clone(), seen.clone());
            Box::pin(async move { moves::put(session, &noted, seen.as_ref()).await })
        });
        put.await
    }

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        let queue = signed(queue);
        self.read(move |session| Box::pin(moves::get(session, queue))).await
    }

    async fn list_moves(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<QueueMove, DestinationNumber>> {
        let (marker, most) = (page.marker.map(signed), limit(page.limit));
        let items = self.read(move |session| Box::pin(moves::list(session, marker, most))).await?;
        Ok(Page { next: items.last().map(|noted| noted.queue.number), items })
    }

    async fn take_move(
        &self,
        queue: DestinationNumber,
        owner: ServerId,
        until: Timestamp,
        now: Timestamp,
    ) -> StorageResult<TakenMove> {
        let queue = signed(queue);
        self.write(move |session| Box::pin(moves::take(session, queue, owner, until, now))).await
    }

    async fn switch(&self, noted: &QueueMove, from: Option<&PoolName>) -> StorageResult<bool> {
        let (noted, from) = (noted.clone(), from.cloned());
        let switched = self.write(move |session| {
            let (noted, from) = (noted.clone(), from.clone());
            Box::pin(async move { switch(session, &noted, from.as_ref().map(PoolName::as_str)).await })
        });
        switched.await
    }

    async fn end_move(&self, noted: &QueueMove) -> StorageResult<bool> {
        let noted = noted.clone();
        let ended = self.write(move |session| {
            let noted = noted.clone();
            Box::pin(async move { moves::end(session, &noted).await })
        });
        ended.await
    }
}
