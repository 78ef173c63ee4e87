//! Messages: posted, listed, fetched, deleted, waited for.

use std::sync::Arc;

use zaqar_model::{Destination, Marker, Message, MessageId, QueueStats, StoredMessage, Timestamp};
use zaqar_storage::{
    Adoption, Deletion, Guard, LARGEST_POST, MessagePage, MessageQuery, Messages, Post, StorageError,
    StorageResult,
};

use crate::PostgresMessageStore;
use crate::columns::{client_bytes, kind_column, millis, number_of};
use crate::connection::{Failed, Session, values};
use crate::deleting::Deleting;
use crate::fence::lock_queue;
use crate::posting::Posting;
use crate::{adopting, fence, listing};

/// Nothing that was given out so far lies behind this. The row of the queue is locked before, by a statement of its own,
/// so that no post is under way.
const PURGE: &str = "
UPDATE zaqar.queues SET purged = (base + (SELECT last_value FROM zaqar.posts)) << 16 | 65535,
  head = greatest(head, (base + (SELECT last_value FROM zaqar.posts)) << 16 | 65535)
WHERE number = $1::int8";

/// What was purged is not touched, so no trigger notes it.
const NOTE_PURGED: &str = "
INSERT INTO zaqar.changes (queue, kind, subscription, position)
SELECT m.queue, 1, '00000000-0000-0000-0000-000000000000'::uuid, m.position
FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
WHERE q.number = $1::int8 AND m.exported AND m.state < 3 AND m.position <= q.purged";

/// Drops a destination, also one that nobody has heard of. One that lives elsewhere stays so. The triggers let this
/// transaction have its way.
const DROP: &str = "
INSERT INTO zaqar.queues (number, kind, project, name, dropped, stage)
VALUES ($1::int8, $2::int2, $3::text, $4::text, $5::int8, 2)
ON CONFLICT (number) DO UPDATE SET dropped = coalesce(queues.dropped, $5::int8), subscribed = false,
  stage = CASE WHEN queues.stage < 3 THEN 2 ELSE 4 END
RETURNING set_config('queue_mover.is_at_work', 'yes', true)";

/// Forgets what there is of a destination but its messages, whose space is given back later.
pub(crate) async fn forget_all(session: &Session, number: i64) -> Result<(), Failed> {
    for forget in [
        "DELETE FROM zaqar.subscriptions WHERE queue = $1::int8",
        "DELETE FROM zaqar.deliveries WHERE queue = $1::int8",
        "DELETE FROM zaqar.attempts WHERE queue = $1::int8",
        "DELETE FROM zaqar.owing WHERE queue = $1::int8",
        "DELETE FROM zaqar.changes WHERE queue = $1::int8",
    ] {
        session.execute(forget, values![number => INT8]).await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl Messages for PostgresMessageStore {
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        if post.messages.len() > LARGEST_POST {
            return Err(StorageError::driver("more messages than a post may have"));
        }
        let posting = Posting {
            to: to.clone(),
            batch: post.batch,
            client: client_bytes(post.client),
            messages: post.messages.to_vec(),
            now,
            hints: Arc::clone(&self.hints),
        };
        self.lanes()?.posts.ask(posting).await
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        let (queue, query) = (number_of(from), query.clone());
        let list = self.read(move |session| {
            let query = query.clone();
            Box::pin(async move { listing::list(session, queue, &query, now).await })
        });
        list.await
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        let (queue, ids) = (number_of(from), ids.to_vec());
        let lanes = self.lanes()?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let get = lanes.database.read(move |session| {
            let ids = ids.clone();
            Box::pin(async move { listing::get(session, queue, &ids, now).await })
        });
        get.await
    }

    async fn delete(
        &self,
        from: &Destination,
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let deleting = Deleting { from: from.clone(), ids: ids.to_vec(), guard: guard.into(), now };
        self.lanes()?.deletes.ask(deleting).await
    }

    async fn purge(&self, destination: &Destination, _now: Timestamp) -> StorageResult<()> {
        let number = number_of(destination);
        let purge = self.write(move |session| {
            Box::pin(async move {
                session.begin().await?;
                let lock = "SELECT stage FROM zaqar.queues WHERE number = $1::int8 FOR NO KEY UPDATE";
                let stage = match session.first(lock, values![number => INT8]).await? {
                    Some(row) => row.try_get(0)?,
                    None => fence::IN_USE,
                };
                match fence::admit(stage) {
                    Err(StorageError::NotFound(_)) => return session.commit().await,
                    admitted => admitted?,
                }
                session.execute(PURGE, values![number => INT8]).await?;
                if stage == fence::EXPORTING {
                    session.execute(NOTE_PURGED, values![number => INT8]).await?;
                }
                session.commit().await
            })
        });
        purge.await?;
        self.memory.counts.lock().remove(&number);
        self.memory.purged.lock().insert(number);
        Ok(())
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        let (queue, memory) = (number_of(destination), Arc::clone(&self.memory));
        let stats = self.read(move |session| {
            let memory = Arc::clone(&memory);
            Box::pin(async move { listing::stats(session, &memory, queue, now).await })
        });
        stats.await
    }

    async fn drop_destination(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        let (dropped, now) = (destination.clone(), millis(now));
        let drop_it = self.write(move |session| {
            let dropped = dropped.clone();
            Box::pin(async move {
                let (number, kind) = (number_of(&dropped), kind_column(dropped.kind));
                let (project, name) = (dropped.project.as_str(), dropped.name.as_str());
                session.begin().await?;
                let values =
                    values![number => INT8, kind => INT2, project => TEXT, name => TEXT, now => INT8];
                session.execute(DROP, values).await?;
                forget_all(session, number).await?;
                session.commit().await
            })
        });
        drop_it.await?;
        self.hints.arrived(number_of(destination));
        Ok(())
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        let (destination, messages) = (to.clone(), Arc::new(messages.to_vec()));
        let adopt = self.write(move |session| {
            let (to, messages) = (destination.clone(), Arc::clone(&messages));
            Box::pin(async move {
                session.begin().await?;
                let queue = lock_queue(session, &to).await?;
                adopting::adopt(session, queue, &messages, adoption, now).await?;
                session.commit().await
            })
        });
        adopt.await?;
        self.hints.arrived(number_of(to));
        self.hints.due();
        Ok(())
    }

    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        self.wait_behind(at, behind).await
    }
}
