//! Counts what is in a queue.

use zaqar_model::{Caller, DestinationName, MessageId, Timestamp};

use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Failure, Result, Zaqar};

/// How many messages a queue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatsReport {
    /// Whether there is such a queue.
    pub exists: bool,
    pub claimed: u64,
    pub free: u64,
    pub oldest: Option<StatsEdge>,
    pub newest: Option<StatsEdge>,
}

/// The oldest or the newest message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatsEdge {
    pub id: MessageId,
    pub age_seconds: u64,
    pub created: Timestamp,
}

impl Zaqar {
    /// A queue that does not exist is empty.
    pub async fn queue_stats(&self, caller: &Caller, name: &DestinationName) -> Result<StatsReport> {
        self.permit(caller, Rule::QueuesStats.on(name.kind))?;
        let answer = pass!(self.pipelines.of(name.kind), stage => stage.queue_stats(caller, name));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::QueueStats(name.kind);
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let Some(queue) = found else { return Ok(StatsReport::default()) };
        let now = self.now();
        let stats = self.stores.messages.stats(&queue.destination, now).await.or_unavailable(failure)?;
        let edge = |(id, created): (MessageId, Timestamp)| StatsEdge {
            id,
            age_seconds: now.secs_since(created),
            created,
        };
        Ok(StatsReport {
            exists: true,
            claimed: stats.claimed,
            free: stats.free,
            oldest: stats.oldest.map(edge),
            newest: stats.newest.map(edge),
        })
    }
}
