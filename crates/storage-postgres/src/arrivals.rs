//! Waiting for a queue to have more.

use std::pin::pin;
use std::sync::{Arc, Weak};

use tokio::sync::watch;
use tokio::time::sleep;
use zaqar_model::{Destination, Marker};
use zaqar_storage::{StorageError, StorageResult};

use crate::PostgresMessageStore;
use crate::columns::{number_of, position};
use crate::connection::{Failed, Session, values};
use crate::fence::admit;
use crate::hints::{Hints, LOOK};
use crate::listing::end_of;
use crate::store::Lanes;

/// Where queues are and end; nothing of one that nobody has heard of.
const ENDS: &str = concat!(
    "SELECT q.number, q.stage, ",
    end_of!("q"),
    " FROM zaqar.queues q WHERE q.number = ANY($1::int8[])"
);

/// Each queue with its stage and its end.
async fn ends(session: &Session, queues: &[i64]) -> Result<Vec<(i64, i16, i64)>, Failed> {
    let mut found = Vec::new();
    for row in session.query(ENDS, values![queues => INT8_ARRAY]).await? {
        found.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    Ok(found)
}

impl PostgresMessageStore {
    pub(crate) async fn wait_behind(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        let (queue, behind) = (number_of(at), position(behind));
        let waiter = self.hints.enter(queue);
        loop {
            let mut changed = pin!(waiter.changed.notified());
            changed.as_mut().enable();
            let lanes = self.lanes()?;
            let found = lanes
                .database
                .read(move |session| Box::pin(async move { ends(session, &[queue]).await }))
                .await?;
            drop(lanes);
            if let Some((_, stage, end)) = found.first() {
                admit(*stage)?;
                if *end > behind {
                    return Ok(());
                }
                waiter.saw(*end);
            }
            tokio::select! {
                () = changed => {}
                () = self.closed() => return Err(StorageError::unavailable("the store is closed")),
            }
        }
    }
}

/// Looks once a second at the queues that are waited for, in case that a hint was lost.
pub(crate) async fn look_after(lanes: Weak<Lanes>, hints: Arc<Hints>, mut closing: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = closing.changed() => return,
        }
        let queues = hints.waited_for();
        let Some(lanes) = lanes.upgrade() else { return };
        if queues.is_empty() {
            continue;
        }
        let look = lanes.database.read(move |session| {
            let queues = queues.clone();
            Box::pin(async move { ends(session, &queues).await })
        });
        // While the server is away, nothing arrives.
        for (queue, stage, end) in look.await.unwrap_or_default() {
            hints.found(queue, admit(stage).is_ok().then_some(end));
        }
    }
}
