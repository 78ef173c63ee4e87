//! Messages that come from another queue or store.

use zaqar_model::{Destination, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, LARGEST_POST, StorageError, StorageResult};

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::Reply;
use crate::records::{destination_bytes, foreign_head};
use crate::scripts;

impl RedisMessageStore {
    /// Takes messages in that are not here. With `once`, one that has arrived in the last so many seconds is not taken in
    /// again, also when it is here no more.
    pub(crate) async fn take_in(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        once: Option<u64>,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.check_open()?;
        let queue = self.keys(to);
        let arrives = adoption == Adoption::Arrival;
        for messages in messages.chunks(LARGEST_POST) {
            let arrived =
                |stored: &StoredMessage| queue.name(&format!("a{:032x}", stored.message.id.as_u128()));
            let more: Vec<String> = once.iter().flat_map(|_| messages.iter().map(arrived)).collect();
            let mut call = Call::on_queue(&scripts::ADOPT, &queue, &more, now)
                .arg(destination_bytes(to))
                .arg(u8::from(arrives))
                .arg(once.map(|seconds| seconds.to_string()).unwrap_or_default());
            for stored in messages {
                let head = foreign_head(stored, arrives && now < stored.expires);
                call = call.arg(head).arg(&**stored.message.body.as_bytes());
            }
            let answer = self.write(call).await?;
            if answer.is_nothing() {
                return Err(StorageError::NotFound("destination"));
            }
            self.hints.arrived(&queue);
            if answer.int()? == 1 {
                self.hints.due(&queue.shard);
            }
        }
        Ok(())
    }
}
