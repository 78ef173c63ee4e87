//! Giving space back, a bounded piece at a time. Every server does it every second.

use redis::{Cmd, Value, cmd};
use tokio::time::Instant;
use zaqar_model::{SubscriptionId, Timestamp};
use zaqar_storage::{StorageError, StorageResult};

use crate::RedisMessageStore;
use crate::calls::{Call, plain};
use crate::connection::{Effect, Reply, Request};
use crate::keys::{self, QueueKeys, ShardKeys};
use crate::messages::BATCHES_KEPT;
use crate::records::millis;
use crate::scripts;
use crate::subscriptions::{Forgotten, id_of};

/// A caller's clock may be so far behind, in milliseconds: what one of them may still see is kept.
const LAG: u64 = 60_000;
/// So many queues of a shard are looked at in one go.
const SOME_QUEUES: usize = 20;
/// Longer than this no call goes on, in milliseconds.
const LONG_ENOUGH: u128 = 500;

impl RedisMessageStore {
    pub(crate) async fn reclaim_space(&self, now: Timestamp) -> StorageResult<()> {
        let before = millis(now).saturating_sub(LAG);
        let begin = Instant::now();
        let waiting = |shard: &ShardKeys| {
            let mut waiting = cmd("ZRANGEBYSCORE");
            waiting.arg(shard.name(keys::HOUSEKEEPING)).arg("-inf").arg(before);
            waiting.arg("LIMIT").arg(0).arg(SOME_QUEUES);
            waiting
        };
        loop {
            let mut is_done = true;
            for (shard, queues) in self.ask_shards(waiting).await? {
                for number in queues.list()? {
                    let number = String::from_utf8_lossy(&number.bytes()?).into_owned();
                    match self.tidy(&QueueKeys::named(&shard, &number), now).await {
                        Ok(()) => is_done = false,
                        // It moves since a moment ago.
                        Err(StorageError::Moved) => {}
                        Err(error) => return Err(error),
                    }
                    if begin.elapsed().as_millis() > LONG_ENOUGH {
                        return Ok(());
                    }
                }
            }
            if is_done {
                return Ok(());
            }
        }
    }

    /// One piece of work on one queue.
    pub(crate) async fn tidy(&self, queue: &QueueKeys, now: Timestamp) -> StorageResult<()> {
        let before = millis(now).saturating_sub(LAG);
        let mut ended = cmd("ZRANGEBYSCORE");
        ended
            .arg(queue.name(keys::SUBSCRIPTION_ENDS))
            .arg("-inf")
            .arg(before)
            .arg("LIMIT")
            .arg(0)
            .arg(SOME_QUEUES);
        for id in self.read(plain(&queue.shard, ended)).await?.list()? {
            self.forget_some(queue, id_of(id)?, Forgotten::Ended, now).await?;
        }
        let [batches, old_batches] = keys::BATCHES;
        let names = [keys::SUBSCRIPTION_ENDS, batches, old_batches].map(|key| queue.name(key));
        let call = Call::on_queue(&scripts::EXPIRE, queue, &names, now).arg(before).arg(BATCHES_KEPT);
        // It removes what is gone already, and may do so again.
        if self.read(call).await?.int()? < 0 {
            self.forget_orphans(queue, now).await?;
        }
        Ok(())
    }

    /// The subscriptions of a queue that was dropped.
    pub(crate) async fn forget_orphans(&self, queue: &QueueKeys, now: Timestamp) -> StorageResult<()> {
        let mut some = cmd("ZRANGE");
        some.arg(queue.name(keys::ORPHANS)).arg(0).arg(SOME_QUEUES);
        let ids = self.read(plain(&queue.shard, some)).await?.list()?;
        let ids: Vec<SubscriptionId> = ids.map(id_of).collect::<StorageResult<_>>()?;
        let mut more = vec![queue.name(keys::ORPHANS)];
        more.extend(ids.iter().flat_map(|id| queue.of_subscription(*id)));
        let mut call =
            Call::on_queue(&scripts::ORPHANS, queue, &more, now).arg(QueueKeys::COUNT_OF_SUBSCRIPTION);
        for id in &ids {
            call = call.arg(&id.as_u128().to_be_bytes());
        }
        // What is gone it leaves alone, and may do so again.
        self.read(call).await.map(drop)
    }

    /// Asks something of each shard; returns the answers with the shards.
    pub(crate) async fn ask_shards(
        &self,
        question: impl Fn(&ShardKeys) -> Cmd,
    ) -> StorageResult<Vec<(ShardKeys, Value)>> {
        let shards: Vec<ShardKeys> = self.shards().collect();
        let requests: Vec<Request> = shards.iter().map(|shard| plain(shard, question(shard))).collect();
        let answers = self.ask_all(&requests, Effect::Read).await?;
        Ok(shards.into_iter().zip(answers).collect())
    }
}
