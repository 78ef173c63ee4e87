//! Messages that come from another queue or store.

use zaqar_model::{Destination, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, BATCH_RECOGNISED_FOR, LARGEST_POST, StorageError, StorageResult};

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::Reply;
use crate::records::{destination_bytes, foreign_head};
use crate::scripts;

/// For so many seconds an arrival is known.
const ARRIVALS_KEPT: u64 = BATCH_RECOGNISED_FOR;

impl RedisMessageStore {
    /// Takes messages in that are not here. `arrivals` name the arrival of each: one that has happened a little while ago does
    /// not happen again, also when the message is here no more.
    pub(crate) async fn take_in(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        arrivals: &[String],
        now: Timestamp,
    ) -> StorageResult<()> {
        self.check_open()?;
        let queue = self.keys(to);
        let arrives = adoption == Adoption::Arrival;
        let mut arrivals = arrivals.iter().map(|arrival| queue.name(&format!("a{arrival}")));
        for messages in messages.chunks(LARGEST_POST) {
            let more: Vec<String> = arrivals.by_ref().take(messages.len()).collect();
            let kept = if more.is_empty() { String::new() } else { ARRIVALS_KEPT.to_string() };
            let mut call = Call::on_queue(&scripts::ADOPT, &queue, &more, now)
                .arg(destination_bytes(to))
                .arg(u8::from(arrives))
                .arg(kept);
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
