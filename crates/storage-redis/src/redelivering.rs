//! Deliveries that are owed once more.

use redis::Value;
use zaqar_model::{Destination, SubscriptionId, Timestamp};
use zaqar_storage::{Redelivery, StorageResult};

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::Reply;
use crate::records::millis;
use crate::scripts;

impl RedisMessageStore {
    pub(crate) async fn owe_again(
        &self,
        source: &Destination,
        id: SubscriptionId,
        which: Redelivery,
        now: Timestamp,
    ) -> StorageResult<u64> {
        let queue = self.keys(source);
        let (mut owed, mut behind) = (0, 0);
        loop {
            let call = Call::on_subscription(&scripts::REDELIVER, &queue, id, now);
            let call = match which {
                Redelivery::Message(message) => call.arg("message").arg(&message.as_u128().to_be_bytes()),
                Redelivery::FailedSince(since) => call.arg("since").arg(millis(since)),
            };
            let mut answer = self.write(call.arg(behind)).await?.list()?;
            let mut next = || answer.next().unwrap_or(Value::Nil);
            let (some, place, must_settle) = (next().number()?, next().number()?, next());
            owed += some;
            behind = place;
            if behind == 0 && must_settle != Value::Int(1) {
                self.hints.due(&queue.shard);
                return Ok(owed);
            }
        }
    }
}
