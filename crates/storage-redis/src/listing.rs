//! Listings and counts.

use redis::Value;
use zaqar_model::{Destination, Marker, QueueStats, Timestamp};
use zaqar_storage::{ListStart, ListedMessage, MessagePage, MessageQuery, StorageResult};

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::{Reply, damaged};
use crate::records::{Placed, id_and_created, limit, may_be_of, position};
use crate::scripts;

impl RedisMessageStore {
    pub(crate) async fn list_page(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        let queue = self.keys(from);
        let call = Call::on_queue(&scripts::LIST, &queue, &[], now);
        let mut is_own = false;
        let call = match query.start {
            ListStart::Start => call.arg("place").arg(0),
            ListStart::Behind(marker) => call.arg("place").arg(position(marker)),
            ListStart::BehindMessage(id) => {
                is_own = may_be_of(from.number, id);
                call.arg("message").arg(&id.as_u128().to_be_bytes())
            }
            ListStart::End => call.arg("end").arg(0),
        };
        let client = query.without_client.as_ref().map(|client| format!("c{}", client.as_str()));
        let call = call
            .arg(limit(query.limit))
            .arg(limit(query.max_bytes))
            .arg(client.unwrap_or_default())
            .arg(u8::from(query.include_claimed))
            .arg(u8::from(query.include_delayed))
            .arg(u8::from(is_own));
        let mut answer = self.read(call).await?.list()?;
        let (Some(reached), Some(is_end)) = (answer.next(), answer.next()) else { return Err(damaged()) };
        let (reached, is_end) = (Marker::new(reached.number()?), is_end.int()? == 1);
        let items = Placed::read_all(answer)?.into_iter().map(|placed| {
            let (position, delayed_until) = (Marker::new(placed.position), placed.stored.delayed_until);
            ListedMessage { position, delayed_until, message: placed.seen_at(now) }
        });
        Ok(MessagePage { items: items.collect(), reached, is_end })
    }

    /// The counts are exact at any depth: they are those of indexes by time.
    pub(crate) async fn count(&self, of: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        let queue = self.keys(of);
        let (mut up, mut down) = (0, None);
        loop {
            let call = Call::on_queue(&scripts::STATS, &queue, &[], now);
            let call = call.arg(up).arg(down.map(|place: u64| place.to_string()).unwrap_or_default());
            let mut answer = self.read(call).await?.list()?;
            let mut next = || answer.next().unwrap_or(Value::Nil);
            let (all, claimed, first, last) = (next().number()?, next().number()?, next(), next());
            let mut stats =
                QueueStats { claimed, free: all.saturating_sub(claimed), ..QueueStats::default() };
            match (end(first)?, end(last)?) {
                (End::Found(oldest), End::Found(newest)) => {
                    (stats.oldest, stats.newest) = (Some(oldest), Some(newest));
                }
                (End::Nothing, _) | (_, End::Nothing) => {}
                (first, last) => {
                    // The one that was found is found again at the same place.
                    if let End::Further(place) = first {
                        up = place;
                    }
                    if let End::Further(place) = last {
                        down = Some(place);
                    }
                    continue;
                }
            }
            return Ok(stats);
        }
    }
}

/// What was found at one end of a queue.
enum End {
    Nothing,
    Found((zaqar_model::MessageId, Timestamp)),
    /// Nothing up to this place.
    Further(u64),
}

fn end(answer: Value) -> StorageResult<End> {
    let mut answer = answer.list()?;
    Ok(match (answer.next(), answer.next()) {
        (None, _) => End::Nothing,
        (Some(place), None) => End::Further(place.number()?),
        (Some(place), Some(head)) => End::Found(id_and_created(place, head)?),
    })
}
