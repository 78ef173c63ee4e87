//! Migration: a queue moves to another store with everything in it. Where it is, its row says; `fence` refuses whoever comes
//! to the wrong place, `export` makes the pages, `import` takes them in.

use std::sync::Arc;

use uuid::Uuid;
use zaqar_model::{Destination, ExportedItem, MoveId, Timestamp};
use zaqar_storage::{ExportCursor, ExportPage, ImportStep, Migration, StorageError, StorageResult};

use crate::PostgresMessageStore;
use crate::columns::{millis, number_of, uuid_of_move};
use crate::connection::{Failed, Session, values};
use crate::fence::{ARRIVED, ARRIVING, DROPPED, EXPORTING, IN_USE, SEALED};
use crate::messages::forget_all;
use crate::store::know_queues;
use crate::{export, import};

/// Waits for everyone who has changed what was exported, and for those who post.
const LOCK: &str = "SELECT stage, mover FROM zaqar.queues WHERE number = $1::int8 FOR UPDATE";

const PUT: &str = "UPDATE zaqar.queues SET stage = $2::int2, mover = $3::uuid WHERE number = $1::int8";

const LEAVE: &str = "
UPDATE zaqar.queues SET stage = 4, mover = $2::uuid, dropped = coalesce(dropped, $3::int8), subscribed = false
WHERE number = $1::int8";

/// What is owed in a queue that is open is to be looked at.
const OPENED: [&str; 2] = [
    "INSERT INTO zaqar.owing SELECT number FROM zaqar.queues WHERE number = $1::int8 AND subscribed
     ON CONFLICT DO NOTHING",
    "UPDATE zaqar.subscriptions SET next_at = -nextval('zaqar.turns') WHERE queue = $1::int8 AND notified",
];

pub(crate) const fn not_begun() -> StorageError {
    StorageError::Conflict("this mover has nothing under way here")
}

/// What the row of a queue says of its moves.
pub(crate) struct Transit {
    pub(crate) stage: i16,
    mover: Option<Uuid>,
}

impl Transit {
    /// Locks the row with this statement; `None` if nobody has heard of the queue.
    pub(crate) async fn lock(
        session: &Session,
        lock: &'static str,
        queue: i64,
    ) -> Result<Option<Self>, Failed> {
        let row = session.first(lock, values![queue => INT8]).await?;
        row.map(|row| Ok(Self { stage: row.try_get(0)?, mover: row.try_get(1)? })).transpose()
    }

    /// The same, of a queue whose row is made if there is none.
    pub(crate) async fn lock_or_make(session: &Session, queue: &Destination) -> Result<Self, Failed> {
        know_queues(session, &[queue]).await?;
        let known = Self::lock(session, LOCK, number_of(queue)).await?;
        known.ok_or_else(|| StorageError::unavailable("the row of a queue has gone").into())
    }

    /// Refuses a mover that was overtaken.
    pub(crate) fn hear_of(&self, mover: Uuid) -> StorageResult<()> {
        if self.mover.is_some_and(|latest| mover < latest) {
            return Err(StorageError::Conflict("another mover has taken over"));
        }
        Ok(())
    }

    pub(crate) fn is_exported_by(&self, mover: Uuid) -> bool {
        self.mover == Some(mover) && matches!(self.stage, EXPORTING | SEALED)
    }

    pub(crate) fn is_imported_by(&self, mover: Uuid) -> bool {
        self.mover == Some(mover) && matches!(self.stage, ARRIVING | ARRIVED)
    }
}

/// Begins a transaction that the triggers let have its way.
pub(crate) async fn begin_as_mover(session: &Session) -> Result<(), Failed> {
    session.script("BEGIN; SET LOCAL queue_mover.is_at_work = 'yes'").await
}

pub(crate) async fn put(session: &Session, queue: i64, stage: i16, mover: Uuid) -> Result<(), Failed> {
    session.execute(PUT, values![queue => INT8, stage => INT2, mover => UUID]).await.map(drop)
}

async fn forget_changes(session: &Session, queue: i64) -> Result<(), Failed> {
    let changes = "DELETE FROM zaqar.changes WHERE queue = $1::int8";
    session.execute(changes, values![queue => INT8]).await.map(drop)
}

async fn begin_export(session: &Session, from: &Destination, mover: Uuid) -> Result<(), Failed> {
    let queue = number_of(from);
    session.begin().await?;
    let known = Transit::lock_or_make(session, from).await?;
    known.hear_of(mover)?;
    match known.stage {
        IN_USE | EXPORTING | SEALED => {}
        DROPPED => return Err(StorageError::NotFound("destination").into()),
        _ => return Err(StorageError::Moved.into()),
    }
    forget_changes(session, queue).await?;
    put(session, queue, EXPORTING, mover).await?;
    session.commit().await
}

async fn seal(session: &Session, queue: i64, mover: Uuid) -> Result<(), Failed> {
    session.begin().await?;
    let known = Transit::lock(session, LOCK, queue).await?;
    if known.is_none_or(|known| !known.is_exported_by(mover)) {
        return Err(not_begun().into());
    }
    put(session, queue, SEALED, mover).await?;
    session.commit().await
}

async fn abandon(session: &Session, queue: i64, mover: Uuid) -> Result<(), Failed> {
    session.begin().await?;
    let known = Transit::lock(session, LOCK, queue).await?;
    if known.is_some_and(|known| known.is_exported_by(mover)) {
        forget_changes(session, queue).await?;
        put(session, queue, IN_USE, mover).await?;
    }
    session.commit().await
}

async fn leave(session: &Session, from: &Destination, mover: Uuid, now: i64) -> Result<(), Failed> {
    let queue = number_of(from);
    begin_as_mover(session).await?;
    let known = Transit::lock_or_make(session, from).await?;
    known.hear_of(mover)?;
    // One that was dropped for good stays as it is.
    if known.stage != DROPPED {
        session.execute(LEAVE, values![queue => INT8, mover => UUID, now => INT8]).await?;
        forget_all(session, queue).await?;
    }
    session.commit().await
}

/// Returns whether the queue is in use from now on that was not.
async fn open(session: &Session, queue: i64, mover: Uuid) -> Result<bool, Failed> {
    session.begin().await?;
    let mut is_opened = false;
    if let Some(known) = Transit::lock(session, LOCK, queue).await? {
        known.hear_of(mover)?;
        match known.stage {
            ARRIVING => return Err(StorageError::Conflict("the import has not ended").into()),
            ARRIVED => {
                put(session, queue, IN_USE, mover).await?;
                for statement in OPENED {
                    session.execute(statement, values![queue => INT8]).await?;
                }
                is_opened = true;
            }
            _ => {}
        }
    }
    session.commit().await?;
    Ok(is_opened)
}

#[async_trait::async_trait]
impl Migration for PostgresMessageStore {
    async fn begin_export(&self, from: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        let (source, mover) = (from.clone(), uuid_of_move(mover));
        let begin = self.write(move |session| {
            let source = source.clone();
            Box::pin(async move { begin_export(session, &source, mover).await })
        });
        begin.await?;
        // A seal may be off.
        self.hints.due();
        Ok(())
    }

    async fn export(
        &self,
        from: &Destination,
        mover: MoveId,
        cursor: &ExportCursor,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<ExportPage> {
        let (source, mover, cursor) = (from.clone(), uuid_of_move(mover), cursor.clone());
        let export = self.write(move |session| {
            let (source, cursor) = (source.clone(), cursor.clone());
            Box::pin(async move { export::page(session, &source, mover, &cursor, limit, now).await })
        });
        export.await
    }

    async fn seal(&self, from: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        let (queue, mover) = (number_of(from), uuid_of_move(mover));
        self.write(move |session| Box::pin(seal(session, queue, mover))).await?;
        self.hints.arrived(queue);
        Ok(())
    }

    async fn abandon_export(&self, from: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        let (queue, mover) = (number_of(from), uuid_of_move(mover));
        self.write(move |session| Box::pin(abandon(session, queue, mover))).await?;
        self.hints.due();
        Ok(())
    }

    async fn leave(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()> {
        let (source, mover, now) = (from.clone(), uuid_of_move(mover), millis(now));
        let leave = self.write(move |session| {
            let source = source.clone();
            Box::pin(async move { leave(session, &source, mover, now).await })
        });
        leave.await?;
        self.hints.arrived(number_of(from));
        Ok(())
    }

    async fn import(
        &self,
        to: &Destination,
        mover: MoveId,
        step: ImportStep,
        items: &[ExportedItem],
        now: Timestamp,
    ) -> StorageResult<()> {
        let (target, mover) = (to.clone(), uuid_of_move(mover));
        let queue = number_of(to);
        if step == ImportStep::Begin {
            let begin = self.write(move |session| {
                let target = target.clone();
                Box::pin(async move { import::begin(session, &target, mover).await })
            });
            begin.await?;
            self.hints.arrived(queue);
            while self.write(move |session| Box::pin(import::clear(session, queue, mover))).await? {}
        }
        let (destination, items) = (to.clone(), Arc::new(items.to_vec()));
        let take_in = self.write(move |session| {
            let (to, items) = (destination.clone(), Arc::clone(&items));
            Box::pin(async move { import::take_in(session, &to, mover, step, &items, now).await })
        });
        take_in.await
    }

    async fn open(&self, to: &Destination, mover: MoveId, _now: Timestamp) -> StorageResult<()> {
        let (queue, mover) = (number_of(to), uuid_of_move(mover));
        if self.write(move |session| Box::pin(open(session, queue, mover))).await? {
            self.hints.arrived(queue);
            self.hints.due();
        }
        Ok(())
    }
}
