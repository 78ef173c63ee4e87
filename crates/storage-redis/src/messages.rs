//! Messages: posted, listed, fetched, deleted, waited for.

use redis::Value;
use zaqar_model::{Destination, Marker, Message, MessageId, QueueStats, StoredMessage, Timestamp};
use zaqar_storage::{
    Adoption, BATCH_RECOGNISED_FOR, Deletion, Guard, LARGEST_POST, MessagePage, MessageQuery, Messages, Post,
    StorageError, StorageResult,
};

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::Reply;
use crate::exported_items::kept_ids;
use crate::keys;
use crate::records::{Placed, destination_bytes, message_id, millis, new_head, nonce};
use crate::scripts;

/// After so many seconds a queue begins to forget batches: the clocks of callers differ by a minute at most.
pub(crate) const BATCHES_KEPT: u64 = BATCH_RECOGNISED_FOR + 60;
/// So many bytes a message takes up besides its body, as a rule.
const HEAD: usize = 128;
/// The mark of a queue that was dropped stays for so many seconds: more than a day.
pub(crate) const DROPPED_KEPT: u64 = 25 * 3600;

#[async_trait::async_trait]
impl Messages for RedisMessageStore {
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        if post.messages.len() > LARGEST_POST {
            return Err(StorageError::driver("more messages than a post may have"));
        }
        let Some(soonest) = post.messages.iter().map(|message| message.ttl.after(now)).min() else {
            return Ok(Vec::new());
        };
        let queue = self.keys(to);
        let of_queue = ["i", "m", "x", "s", "w"].map(|key| queue.name(key));
        let of_shard = [keys::HOUSEKEEPING, keys::DUE].map(|key| queue.shard.name(key));
        let mut names = of_queue.to_vec();
        names.extend(keys::BATCHES.map(|key| queue.name(key)));
        names.push(queue.name(keys::CHANGES));
        names.extend(of_shard);
        let room = post.messages.iter().map(|message| message.body.as_bytes().len() + HEAD).sum();
        let mut call = Call::with_room(&scripts::POST, &queue.shard, &names, room)
            .arg(millis(now))
            .arg(&queue.number)
            .arg(destination_bytes(to))
            .arg(BATCHES_KEPT)
            .arg(post.messages.len())
            .arg(millis(soonest))
            .arg(&post.batch.as_u128().to_be_bytes());
        let nonces: Vec<u64> =
            (0_u64..).zip(post.messages).map(|(nth, _)| nonce(to.number, post.batch, nth)).collect();
        for (message, nonce) in post.messages.iter().zip(&nonces) {
            call = call.arg(new_head(message, post.client, *nonce, now)).arg(&**message.body.as_bytes());
        }
        let answer = self.write(call).await?;
        if answer.is_nothing() {
            return Err(StorageError::NotFound("destination"));
        }
        let mut answer = answer.list()?;
        let first = answer.next().unwrap_or(Value::Nil);
        self.hints.arrived(&queue);
        if answer.next().unwrap_or(Value::Nil).int()? == 1 {
            self.hints.due(&queue.shard);
        }
        match first {
            // Another store took the batch.
            Value::BulkString(kept) => kept_ids(&kept),
            first => Ok((first.number()?..).zip(nonces).map(|(at, nonce)| message_id(at, nonce)).collect()),
        }
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        self.list_page(from, query, now).await
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        self.check_open()?;
        let queue = self.keys(from);
        let mut found = Vec::new();
        for ids in ids.chunks(1000) {
            let mut call = Call::on_queue(&scripts::GET, &queue, &[], now);
            for id in ids {
                call = call.arg(&id.as_u128().to_be_bytes());
            }
            let placed = Placed::read_all(self.read(call).await?.list()?)?;
            found.extend(placed.into_iter().map(|placed| placed.seen_at(now)));
        }
        Ok(found)
    }

    async fn delete(
        &self,
        from: &Destination,
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let queue = self.keys(from);
        let (name, claims) = match guard {
            Guard::Unclaimed => ("unclaimed", &[][..]),
            Guard::HeldBy(claims) => ("held", claims),
            Guard::Any => ("any", &[][..]),
        };
        let more: Vec<String> = claims.iter().map(|claim| queue.claim(*claim)).collect();
        let mut call = Call::on_queue(&scripts::DELETE, &queue, &more, now).arg(name).arg(claims.len());
        for claim in claims {
            call = call.arg(&claim.as_u128().to_be_bytes());
        }
        for id in ids {
            call = call.arg(&id.as_u128().to_be_bytes());
        }
        Ok(match self.write(call).await?.int()? {
            1 => Deletion::MessageIsClaimed,
            2 => Deletion::MessageNotClaimed,
            3 => Deletion::ClaimedByAnother,
            4 => Deletion::ClaimDoesNotExist,
            _ => Deletion::Done,
        })
    }

    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        let queue = self.keys(destination);
        let purge = || Call::on_queue(&scripts::PURGE, &queue, &[], now);
        // What an earlier purge has left goes first.
        while self.write(purge()).await?.int()? == 1 {
            self.tidy(&queue, now).await?;
        }
        Ok(())
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        self.count(destination, now).await
    }

    async fn drop_destination(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        let queue = self.keys(destination);
        let call = Call::on_queue(&scripts::DROP, &queue, &queue.with_all(), now);
        self.write(call.arg(destination_bytes(destination)).arg(DROPPED_KEPT)).await?;
        self.hints.arrived(&queue);
        Ok(())
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.take_in(to, messages, adoption, &[], now).await
    }

    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        self.wait_behind(at, behind).await
    }
}
