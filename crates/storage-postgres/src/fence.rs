//! The fence: a queue that lives in another store is refused. What its row says is read by each statement anyway; whoever
//! changes what was exported asks once more, in the trigger that notes the change.

use zaqar_model::Destination;
use zaqar_storage::{StorageError, StorageResult};

use crate::columns::number_of;
use crate::connection::{Failed, Session, values};
use crate::store::know_queues;

/// Where a queue is, as its row says. From [`SEALED`] on it lives elsewhere; one that has left is at 4.
pub(crate) const IN_USE: i16 = 0;
pub(crate) const EXPORTING: i16 = 1;
pub(crate) const DROPPED: i16 = 2;
pub(crate) const SEALED: i16 = 3;
pub(crate) const ARRIVING: i16 = 5;
pub(crate) const ARRIVED: i16 = 6;

/// A condition that is looked at before everything else in its statement: the queue is here. One that was dropped, or that
/// nobody has heard of, is not; one that lives elsewhere fails the statement.
macro_rules! lives_here {
    ($queue:literal) => {
        concat!(
            "(SELECT CASE WHEN here.stage < 2 THEN true WHEN here.stage = 2 THEN false ELSE zaqar.refuse_moved() END
              FROM zaqar.queues here WHERE here.number = ",
            $queue,
            ")"
        )
    };
}
pub(crate) use lives_here;

/// The queue does not live elsewhere, so that what is over in it may go.
macro_rules! is_not_elsewhere {
    ($queue:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM zaqar.queues elsewhere WHERE elsewhere.number = ",
            $queue,
            " AND elsewhere.stage > 2)"
        )
    };
}
pub(crate) use is_not_elsewhere;

/// Has the row of a destination, unless it was dropped or lives elsewhere. The row is locked for the rest of the transaction,
/// and nothing is posted meanwhile.
pub(crate) async fn lock_queue(session: &Session, of: &Destination) -> Result<i64, Failed> {
    let number = number_of(of);
    let lock = "SELECT stage FROM zaqar.queues WHERE number = $1::int8 FOR NO KEY UPDATE";
    for _ in 0..2 {
        match session.first(lock, values![number => INT8]).await? {
            Some(row) => return admit(row.try_get(0)?).map(|()| number).map_err(Failed::from),
            None => know_queues(session, &[of]).await?,
        }
    }
    Err(StorageError::NotFound("destination").into())
}

/// Whether something may be put into a queue at this stage.
pub(crate) const fn admit(stage: i16) -> StorageResult<()> {
    match stage {
        IN_USE | EXPORTING => Ok(()),
        DROPPED => Err(StorageError::NotFound("destination")),
        _ => Err(StorageError::Moved),
    }
}

/// Those of the queues that live elsewhere.
pub(crate) async fn elsewhere(session: &Session, queues: &[i64]) -> Result<Vec<i64>, Failed> {
    let elsewhere = "SELECT number FROM zaqar.queues WHERE number = ANY($1::int8[]) AND stage > 2";
    let rows = session.query(elsewhere, values![queues => INT8_ARRAY]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
