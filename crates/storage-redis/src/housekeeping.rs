//! Giving space back, a bounded piece at a time. Every server does it every second.

use redis::{Cmd, Value, cmd};
use tokio::time::Instant;
use zaqar_model::Timestamp;
use zaqar_storage::StorageResult;

use crate::RedisMessageStore;
use crate::calls::{Call, plain};
use crate::connection::{Effect, Reply, Request};
use crate::keys::{self, QueueKeys, ShardKeys};
use crate::records::millis;
use crate::scripts;

/// A caller's clock may be so far behind, in milliseconds: what one of them may still see is kept.
const LAG: u64 = 60_000;
/// So many queues of a shard are looked at in one go.
const SOME_QUEUES: usize = 20;
/// Longer than this no call goes on, in milliseconds.
const LONG_ENOUGH: u128 = 500;

impl RedisMessageStore {
    pub(crate) async fn give_space_back(&self, now: Timestamp) -> StorageResult<()> {
        let before = millis(now).saturating_sub(LAG);
        let begin = Instant::now();
        let waiting = |shard: &ShardKeys| {
            let mut waiting = cmd("ZRANGEBYSCORE");
            waiting.arg(shard.name(keys::HOUSEKEEPING)).arg("-inf").arg(before);
            waiting.arg("LIMIT").arg(0).arg(SOME_QUEUES);
            waiting
        };
        for (shard, queues) in self.ask_shards(waiting).await? {
            for number in queues.list()? {
                let number = String::from_utf8_lossy(&number.bytes()?).into_owned();
                self.tidy(&QueueKeys::named(&shard, &number), now).await?;
                if begin.elapsed().as_millis() > LONG_ENOUGH {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// One piece of work on one queue.
    pub(crate) async fn tidy(&self, queue: &QueueKeys, now: Timestamp) -> StorageResult<()> {
        let call = Call::on_queue(&scripts::EXPIRE, queue, &[], now).arg(millis(now).saturating_sub(LAG));
        if self.write(call).await?.int()? < 0 {
            self.forget_subscriptions(queue).await?;
        }
        Ok(())
    }

    async fn forget_subscriptions(&self, queue: &QueueKeys) -> StorageResult<()> {
        let mut done = cmd("ZREM");
        done.arg(queue.shard.name(keys::HOUSEKEEPING)).arg(&queue.number);
        self.write(plain(&queue.shard, done)).await.map(drop)
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
