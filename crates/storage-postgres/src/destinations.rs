//! Queues and topics.

use std::sync::Arc;

use tokio_postgres::Row;
use zaqar_model::{
    Destination, DestinationKind, DestinationNumber, Metadata, Page, PageRequest, ProjectId, Queue, QueueName,
};
use zaqar_storage::{Created, Destinations, StorageError, StorageResult};

use crate::PostgresManagementStore;
use crate::columns::{kind_column, limit, signed, unsigned};
use crate::connection::{Failed, Session, values};
use crate::management::{damaged, document_of, json};

/// How often a creation meets a queue that is gone when it is looked for.
const TRIES: usize = 100;

/// Nothing comes back where another transaction has just made the queue: this statement does not see it yet.
const CREATE: &str = "
WITH made AS (
  INSERT INTO zaqar.destinations (kind, project, name, number, metadata)
  VALUES ($1::int2, $2::text, $3::text, $4::int8, $5::bytea)
  ON CONFLICT DO NOTHING RETURNING number, revision, metadata
)
SELECT true AS made, number, revision, metadata FROM made
UNION ALL
SELECT false, number, revision, metadata FROM zaqar.destinations
WHERE kind = $1::int2 AND project = $2::text AND name = $3::text";

const FIND: &str = "SELECT number, revision, metadata FROM zaqar.destinations
WHERE kind = $1::int2 AND project = $2::text AND name = $3::text";

const CHANGE: &str = "UPDATE zaqar.destinations SET revision = revision + 1, metadata = $6::bytea
WHERE kind = $1::int2 AND project = $2::text AND name = $3::text AND number = $4::int8 AND revision = $5::int8
RETURNING number, revision, metadata";

const DELETE: &str = "DELETE FROM zaqar.destinations
WHERE kind = $1::int2 AND project = $2::text AND name = $3::text RETURNING number, revision, metadata";

const LIST: &str = "SELECT name, number, revision, metadata FROM zaqar.destinations
WHERE kind = $1::int2 AND project = $2::text AND name > $3::text ORDER BY name LIMIT $4::int8";

const COUNT: &str = "SELECT count(*) FROM zaqar.destinations WHERE kind = $1::int2 AND project = $2::text";

const fn what(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Queue => "queue",
        DestinationKind::Topic => "topic",
        DestinationKind::Confirmations => "confirmations",
    }
}

/// The queue of a row, of which the rest is known.
fn queue(
    row: &Row,
    kind: DestinationKind,
    project: &ProjectId,
    name: &QueueName,
) -> Result<Arc<Queue>, Failed> {
    let (project, name) = (project.clone(), name.clone());
    let destination = Destination { kind, project, name, number: unsigned(row.try_get("number")?) };
    let revision: i64 = row.try_get("revision")?;
    let metadata = document_of(row.try_get("metadata")?)?;
    Ok(Arc::new(Queue { destination, metadata, revision: revision.cast_unsigned() }))
}

async fn one(
    session: &Session,
    statement: &'static str,
    kind: DestinationKind,
    project: &ProjectId,
    name: &QueueName,
) -> Result<Option<Arc<Queue>>, Failed> {
    let values = values![kind_column(kind) => INT2, project.as_str() => TEXT, name.as_str() => TEXT];
    let row = session.first(statement, values).await?;
    row.map(|row| queue(&row, kind, project, name)).transpose()
}

async fn change(session: &Session, seen: &Queue, metadata: &[u8]) -> Result<Arc<Queue>, Failed> {
    let Destination { kind, project, name, number } = &seen.destination;
    let values = values![
        kind_column(*kind) => INT2, project.as_str() => TEXT, name.as_str() => TEXT,
        signed(*number) => INT8, seen.revision.cast_signed() => INT8, metadata => BYTEA,
    ];
    if let Some(row) = session.first(CHANGE, values).await? {
        return queue(&row, *kind, project, name);
    }
    let current = one(session, FIND, *kind, project, name).await?;
    let current = current.filter(|queue| queue.destination.number == *number);
    Err(match current {
        Some(_) => StorageError::Conflict("the metadata was changed meanwhile"),
        None => StorageError::NotFound(what(*kind)),
    }
    .into())
}

#[async_trait::async_trait]
impl Destinations for PostgresManagementStore {
    async fn create(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
        metadata: Metadata,
    ) -> StorageResult<Created> {
        let (project, name, metadata) = (project.clone(), name.clone(), json(&metadata)?);
        for _ in 0..TRIES {
            let number = signed(DestinationNumber::new(half(self.ids.next_u128())));
            let (project, name, metadata) = (project.clone(), name.clone(), metadata.clone());
            let created = self.write(move |session| {
                let (project, name, metadata) = (project.clone(), name.clone(), metadata.clone());
                Box::pin(async move {
                    let values = values![
                        kind_column(kind) => INT2, project.as_str() => TEXT, name.as_str() => TEXT, number => INT8,
                        metadata => BYTEA,
                    ];
                    let Some(row) = session.first(CREATE, values).await? else { return Ok(None) };
                    let queue = queue(&row, kind, &project, &name)?;
                    let is_new: bool = row.try_get("made")?;
                    Ok(Some(if is_new { Created::New(queue) } else { Created::Existing(queue) }))
                })
            });
            if let Some(created) = created.await? {
                return Ok(created);
            }
        }
        Err(StorageError::unavailable("a queue of this name is being made and deleted by others"))
    }

    async fn find(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        let (project, name) = (project.clone(), name.clone());
        let find = self.read(move |session| {
            let (project, name) = (project.clone(), name.clone());
            Box::pin(async move { one(session, FIND, kind, &project, &name).await })
        });
        find.await
    }

    async fn set_metadata(&self, seen: &Queue, metadata: Metadata) -> StorageResult<Arc<Queue>> {
        let (seen, metadata) = (Arc::new(seen.clone()), json(&metadata)?);
        let changed = self.write(move |session| {
            let (seen, metadata) = (Arc::clone(&seen), metadata.clone());
            Box::pin(async move { change(session, &seen, &metadata).await })
        });
        changed.await
    }

    async fn delete(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        let (project, name) = (project.clone(), name.clone());
        let deleted = self.write(move |session| {
            let (project, name) = (project.clone(), name.clone());
            Box::pin(async move { one(session, DELETE, kind, &project, &name).await })
        });
        deleted.await
    }

    async fn list(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        page: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>> {
        let (project, most) = (project.clone(), limit(page.limit));
        // No name is empty.
        let marker = page.marker.as_ref().map_or_else(String::new, ToString::to_string);
        let listed = self.read(move |session| {
            let (project, marker) = (project.clone(), marker.clone());
            Box::pin(async move {
                let values = values![
                    kind_column(kind) => INT2, project.as_str() => TEXT, marker => TEXT, most => INT8,
                ];
                let mut items = Vec::new();
                for row in session.query(LIST, values).await? {
                    let name = QueueName::new(row.try_get("name")?).map_err(damaged)?;
                    items.push(queue(&row, kind, &project, &name)?);
                }
                Ok(items)
            })
        });
        let items = listed.await?;
        let next = items.last().map(|queue| queue.destination.name.clone());
        Ok(Page { items, next })
    }

    async fn count(&self, kind: DestinationKind, project: &ProjectId) -> StorageResult<u64> {
        let project = project.clone();
        let count = self.read(move |session| {
            let project = project.clone();
            Box::pin(async move {
                let values = values![kind_column(kind) => INT2, project.as_str() => TEXT];
                let row = session.first(COUNT, values).await?;
                Ok(row.map(|row| row.try_get::<_, i64>(0)).transpose()?.unwrap_or_default())
            })
        });
        Ok(count.await?.unsigned_abs())
    }
}

/// Combines both halves: the fixed bits of a UUID fall on random ones.
#[allow(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn half(id: u128) -> u64 {
    (id ^ (id >> 64)) as u64
}
