//! Dead letters: messages that were claimed too often.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;
use zaqar_model::{Destination, DestinationNumber, MessageId, Page, PageRequest, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, DeadLetters, StorageResult};

use crate::PostgresMessageStore;
use crate::adopting::adopt;
use crate::columns::{
    destination, halves, id_of, limit, message_columns, millis, number_of, signed, stored, uuid_of_message,
};
use crate::connection::{Failed, Session, values};
use crate::fence::{lives_here, lock_queue};

const WITH_DEAD: &str = "
WITH RECURSIVE dead AS (
  (SELECT queue FROM zaqar.messages WHERE state = 3 AND ($1::int8 IS NULL OR queue > $1::int8)
    ORDER BY queue, position LIMIT 1)
  UNION ALL
  SELECT (SELECT m.queue FROM zaqar.messages m WHERE m.state = 3 AND m.queue > d.queue
    ORDER BY m.queue, m.position LIMIT 1) FROM dead d WHERE d.queue IS NOT NULL
)
SELECT q.number, q.kind, q.project, q.name FROM dead d JOIN zaqar.queues q ON q.number = d.queue
WHERE q.stage < 2 ORDER BY q.number LIMIT $2::int8";

const DEAD: &str = concat!(
    "SELECT ",
    message_columns!("$2::int8"),
    " FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
    WHERE q.number = $1::int8 AND m.state = 3 AND m.expires > $2::int8 AND ",
    lives_here!("$1::int8"),
    " ORDER BY m.position LIMIT $3::int8"
);

/// Those of the ids that are dead letters here.
const FIND: &str = concat!(
    "
SELECT m.position, m.nonce, m.foreign_id FROM (
  SELECT m.queue, m.position FROM unnest($2::int8[], $3::int8[]) AS a(position, nonce) JOIN zaqar.messages m
    ON m.queue = $1::int8 AND m.position = a.position AND m.nonce = a.nonce AND m.foreign_id IS NULL AND m.state = 3
  UNION ALL
  SELECT m.queue, m.position FROM unnest($4::uuid[]) AS a(id) JOIN zaqar.messages m
    ON m.queue = $1::int8 AND m.foreign_id = a.id AND m.state = 3
) a JOIN zaqar.messages m ON m.queue = a.queue AND m.position = a.position
WHERE ",
    lives_here!("$1::int8"),
    " ORDER BY m.position FOR UPDATE OF m"
);

/// What subscribers are owed stays for them.
const FORGET: [&str; 2] = [
    "UPDATE zaqar.messages SET state = 4
     WHERE queue = $1::int8 AND position = ANY($2::int8[]) AND state = 3 AND kept",
    "DELETE FROM zaqar.messages
     WHERE queue = $1::int8 AND position = ANY($2::int8[]) AND state = 3 AND NOT kept",
];

/// The places and ids of those that are dead letters here; their rows are locked.
async fn find(session: &Session, queue: i64, ids: &[MessageId]) -> Result<Vec<(i64, MessageId)>, Failed> {
    let (positions, nonces): (Vec<i64>, Vec<i64>) = ids.iter().map(|id| halves(*id)).unzip();
    let uuids: Vec<Uuid> = ids.iter().map(|id| uuid_of_message(*id)).collect();
    let values = values![queue => INT8, positions => INT8_ARRAY, nonces => INT8_ARRAY, uuids => UUID_ARRAY];
    let rows = session.query(FIND, values).await?;
    rows.iter().map(|row| Ok((row.try_get("position")?, id_of(row)?))).collect()
}

async fn forget(session: &Session, queue: i64, positions: &[i64]) -> Result<(), Failed> {
    for statement in FORGET {
        session.execute(statement, values![queue => INT8, positions => INT8_ARRAY]).await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl DeadLetters for PostgresMessageStore {
    async fn with_dead_letters(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        let (behind, most) = (page.marker.map(signed), limit(page.limit));
        let found = self.read(move |session| {
            Box::pin(async move {
                let rows = session.query(WITH_DEAD, values![behind => INT8, most => INT8]).await?;
                rows.iter().map(destination).collect::<Result<Vec<_>, _>>()
            })
        });
        let items = found.await?;
        Ok(Page { next: items.last().map(|destination| destination.number), items })
    }

    async fn dead_letters(
        &self,
        from: &Destination,
        most: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        let (queue, most, now) = (number_of(from), limit(most), millis(now));
        let found = self.read(move |session| {
            Box::pin(async move {
                let rows = session.query(DEAD, values![queue => INT8, now => INT8, most => INT8]).await?;
                rows.iter().map(stored).collect()
            })
        });
        found.await
    }

    async fn discard_dead_letters(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        let (queue, ids) = (number_of(from), ids.to_vec());
        let discard = self.write(move |session| {
            let ids = ids.clone();
            Box::pin(async move {
                session.begin().await?;
                let found = find(session, queue, &ids).await?;
                let positions: Vec<i64> = found.iter().map(|(position, _)| *position).collect();
                forget(session, queue, &positions).await?;
                session.commit().await
            })
        });
        discard.await
    }

    /// In one step: what is here no more is passed over.
    async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        let (source, target, messages) = (number_of(from), to.clone(), Arc::new(messages.to_vec()));
        let go = self.write(move |session| {
            let (target, messages) = (target.clone(), Arc::clone(&messages));
            Box::pin(async move {
                session.begin().await?;
                let queue = lock_queue(session, &target).await?;
                let ids: Vec<MessageId> = messages.iter().map(|own| own.message.id).collect();
                let found = find(session, source, &ids).await?;
                let here: HashSet<MessageId> = found.iter().map(|(_, id)| *id).collect();
                let coming: Vec<StoredMessage> =
                    messages.iter().filter(|own| here.contains(&own.message.id)).cloned().collect();
                let positions: Vec<i64> = found.iter().map(|(position, _)| *position).collect();
                forget(session, source, &positions).await?;
                adopt(session, queue, &coming, Adoption::Arrival, now).await?;
                session.commit().await
            })
        });
        go.await?;
        self.hints.arrived(number_of(to));
        self.hints.due();
        Ok(())
    }
}
