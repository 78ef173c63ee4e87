//! Dead letters: messages that were claimed too often.

use redis::{Value, cmd};
use zaqar_model::{Destination, DestinationNumber, MessageId, Page, PageRequest, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, DeadLetters, StorageError, StorageResult};

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::Reply;
use crate::keys::{self, QueueKeys, ShardKeys};
use crate::records::{Placed, destination, limit};
use crate::scripts;

#[async_trait::async_trait]
impl DeadLetters for RedisMessageStore {
    async fn with_dead_letters(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        let behind = page.marker.map_or_else(|| "-".to_owned(), |marker| format!("({:016x}", marker.get()));
        let named = |shard: &ShardKeys| {
            let mut named = cmd("ZRANGEBYLEX");
            named.arg(shard.name(keys::LETTERS)).arg(&behind).arg("+");
            named.arg("LIMIT").arg(0).arg(limit(page.limit));
            named
        };
        let mut queues = Vec::new();
        for (shard, numbers) in self.ask_shards(named).await? {
            for number in numbers.list()? {
                let number = String::from_utf8_lossy(&number.bytes()?).into_owned();
                queues.push(QueueKeys::named(&shard, &number));
            }
        }
        queues.sort_unstable_by(|one, other| one.number.cmp(&other.number));
        queues.truncate(page.limit);
        let mut items = Vec::new();
        for queue in queues {
            // One that was sealed or dropped a moment ago is left out.
            match self.read_fenced(&queue, [queue.name("i")], &[b"HGET", b"destination"]).await {
                Ok((end, mut found)) => {
                    if end.int().is_ok() {
                        items.push(destination(&found.next().unwrap_or(Value::Nil).bytes()?)?);
                    }
                }
                Err(StorageError::Moved) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Page { next: items.last().map(|own| own.number), items })
    }

    async fn dead_letters(
        &self,
        from: &Destination,
        most: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        let queue = self.keys(from);
        let call = Call::on_queue(&scripts::LETTERS, &queue, &[], now).arg(limit(most));
        let placed = Placed::read_all(self.read(call).await?.list()?)?;
        Ok(placed.into_iter().map(|placed| placed.stored).collect())
    }

    async fn discard_dead_letters(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        self.check_open()?;
        let queue = self.keys(from);
        for ids in ids.chunks(1000) {
            let mut call = Call::on_queue(&scripts::DISCARD, &queue, &[], Timestamp::default());
            for id in ids {
                call = call.arg(&id.as_u128().to_be_bytes());
            }
            self.write(call).await?;
        }
        Ok(())
    }

    /// Two queues may lie on two nodes, so this takes several steps. Each message arrives once, also when two servers move it
    /// or when one is broken off, though it may have been taken there before the other comes.
    async fn move_dead_letters(
        &self,
        from: &Destination,
        to: &Destination,
        messages: &[StoredMessage],
        now: Timestamp,
    ) -> StorageResult<()> {
        let queue = self.keys(from);
        let ids: Vec<MessageId> = messages.iter().map(|stored| stored.message.id).collect();
        let (mut left, mut arrivals) = (Vec::new(), Vec::new());
        // Neither lives elsewhere.
        self.read_fenced(&self.keys(to), [], &[b"EXISTS"]).await?;
        for (ids, messages) in ids.chunks(1000).zip(messages.chunks(1000)) {
            let ids: Vec<[u8; 16]> = ids.iter().map(|id| id.as_u128().to_be_bytes()).collect();
            let known: Vec<&[u8]> =
                std::iter::once(&b"HMGET"[..]).chain(ids.iter().map(|id| &id[..])).collect();
            let (_, mut places) = self.read_fenced(&queue, [queue.name("j")], &known).await?;
            let places = places.next().unwrap_or(Value::Nil).list()?;
            for (stored, place) in messages.iter().zip(places).filter(|(_, place)| !place.is_nothing()) {
                left.push(stored.clone());
                arrivals.push(format!("{}:{}", queue.number, place.number()?));
            }
        }
        self.take_in(to, &left, Adoption::Arrival, &arrivals, now).await?;
        self.discard_dead_letters(from, &ids).await
    }
}
