//! Where claims have ended.

use redis::{Value, cmd};
use zaqar_model::{Destination, Timestamp};
use zaqar_storage::StorageResult;

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::Reply;
use crate::keys::{self, QueueKeys, ShardKeys};
use crate::records::{destination, limit, millis};
use crate::scripts;

impl RedisMessageStore {
    pub(crate) async fn look_for_ended(
        &self,
        most: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<Destination>> {
        let mut found = Vec::new();
        let ended = |shard: &ShardKeys| {
            let mut ended = cmd("ZRANGEBYSCORE");
            ended
                .arg(shard.name(keys::ENDED))
                .arg("-inf")
                .arg(millis(now))
                .arg("LIMIT")
                .arg(0)
                .arg(limit(most));
            ended
        };
        for (shard, queues) in self.ask_shards(ended).await? {
            for number in queues.list()? {
                let number = String::from_utf8_lossy(&number.bytes()?).into_owned();
                if found.len() < most
                    && let Some(own) = self.left_by_claims(&QueueKeys::named(&shard, &number), now).await?
                {
                    found.push(own);
                }
            }
        }
        Ok(found)
    }

    async fn left_by_claims(&self, queue: &QueueKeys, now: Timestamp) -> StorageResult<Option<Destination>> {
        loop {
            let call = Call::on_queue(&scripts::LOOK, queue, &[], now);
            // It notes what time has changed, and may do so again.
            let mut answer = self.read(call).await?.list()?;
            let has_more = answer.next().unwrap_or(Value::Nil).int()? == 1;
            match answer.next() {
                Some(own) => return destination(&own.bytes()?).map(Some),
                None if has_more => {}
                None => return Ok(None),
            }
        }
    }
}
