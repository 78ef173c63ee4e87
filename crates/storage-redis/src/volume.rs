//! How many messages there are in all queues.

use redis::{Cmd, cmd};
use zaqar_model::Timestamp;
use zaqar_storage::{StorageResult, Volume};

use crate::RedisMessageStore;
use crate::calls::plain;
use crate::connection::{Effect, Reply, Request};
use crate::keys::{CLAIMED, EXPIRES, HOUSEKEEPING, QueueKeys, ShardKeys};
use crate::records::millis;

/// Queues of a shard that are counted; with more of them it is not said how many messages there are.
const QUEUES_COUNTED: usize = 200;
/// Queues that are counted in one go.
const AT_ONCE: usize = 500;

impl RedisMessageStore {
    pub(crate) async fn volume(&self, now: Timestamp) -> StorageResult<Option<Volume>> {
        // A queue with messages is noted there, since they expire.
        let noted = |shard: &ShardKeys| {
            let mut noted = cmd("ZRANGE");
            noted.arg(shard.name(HOUSEKEEPING)).arg(0).arg(QUEUES_COUNTED);
            noted
        };
        let mut queues = Vec::new();
        for (shard, numbers) in self.ask_shards(noted).await? {
            let numbers: Vec<_> = numbers.list()?.collect();
            if numbers.len() > QUEUES_COUNTED {
                return Ok(None);
            }
            for number in numbers {
                queues.push(QueueKeys::named(&shard, &String::from_utf8_lossy(&number.bytes()?)));
            }
        }
        let (mut all, mut claimed) = (0, 0);
        for some in queues.chunks(AT_ONCE) {
            let count = |queue: &QueueKeys| {
                [EXPIRES, CLAIMED].map(|key| plain(&queue.shard, later_than(now, &queue.name(key))))
            };
            let requests: Vec<Request> = some.iter().flat_map(count).collect();
            let mut counts = self.ask_all(&requests, Effect::Read).await?.into_iter();
            while let (Some(own), Some(own_claimed)) = (counts.next(), counts.next()) {
                all += own.number()?;
                claimed += own_claimed.number()?;
            }
        }
        Ok(Some(Volume { claimed, free: all.saturating_sub(claimed) }))
    }
}

fn later_than(now: Timestamp, key: &str) -> Cmd {
    let mut count = cmd("ZCOUNT");
    count.arg(key).arg(format!("({}", millis(now))).arg("+inf");
    count
}
