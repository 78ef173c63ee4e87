//! Dropping a queue, wherever something of it is.

use zaqar_model::{Destination, DestinationNumber, QueueMove, Timestamp};
use zaqar_storage::StorageResult;

use crate::assignment::Assignment;
use crate::pooled::Pooled;

impl Pooled {
    /// First the catalogue forgets the queue, then the stores do: should a crash come between, nobody finds what is left,
    /// and it expires.
    pub(crate) async fn drop_everywhere(&self, queue: &Destination, now: Timestamp) -> StorageResult<()> {
        self.pools.check_open()?;
        self.arrived.lock().remove(&queue.number);
        let (assignment, others) = {
            let _planning = self.planning.lock().await;
            // First the move: after that nobody switches the queue any more.
            let noted = self.forget_move(queue.number).await?;
            let assignment = self.assignment_now(queue.number).await?;
            let assigned = assignment.as_ref().and_then(Assignment::pool).cloned();
            self.unassign(queue.number, assigned).await?;
            (assignment, noted.map(|noted| noted.pools).unwrap_or_default())
        };
        let others: Vec<Assignment> = others.into_iter().map(Assignment::Pool).collect();
        // A message that comes too late would go there; the store refuses it.
        let fallback = self.default_pool(queue).await?.map(|pool| Assignment::Pool(pool.name));
        // What is assigned to no pool lives there, if there is one.
        let virtual_pool = self.virtual_pool.is_some().then_some(Assignment::Virtual);
        let others = others.into_iter().chain(fallback).chain(virtual_pool);
        for other in others.filter(|other| Some(other) != assignment.as_ref()) {
            if let Err(error) = self.drop_in(&other, queue, now).await {
                tracing::warn!(%error, queue = %queue.name, "the remains of a queue stay until they expire");
            }
        }
        match assignment {
            Some(assignment) => self.drop_in(&assignment, queue, now).await,
            None => Ok(()),
        }
    }

    /// Ends whatever move of a queue is noted, and returns it.
    async fn forget_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        loop {
            let Some(noted) = self.registry()?.get_move(queue).await? else { return Ok(None) };
            if self.registry()?.end_move(&noted).await? {
                return Ok(Some(noted));
            }
        }
    }

    async fn drop_in(
        &self,
        assignment: &Assignment,
        queue: &Destination,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.store_of(assignment).await?.drop_destination(queue, now).await
    }
}
