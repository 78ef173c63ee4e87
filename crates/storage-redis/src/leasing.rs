//! Leases: deliveries that one engine has alone for a while.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use redis::Value;
use zaqar_model::{Delivery, Marker, Timestamp};
use zaqar_storage::{LeaseRequest, StorageResult, SubscriptionKey};

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::{Effect, Reply, Request, damaged};
use crate::records::{Placed, limit, millis};
use crate::scripts;
use crate::subscriptions::subscription;

/// A moment has so many turns.
const TURNS: u64 = 512;

impl RedisMessageStore {
    /// Later than all turns of this server, and about as late as those of the others.
    fn next_turn(&self, now: Timestamp) -> u64 {
        let begin = millis(now).saturating_mul(TURNS);
        let next = |last: u64| Some(last.saturating_add(1).max(begin));
        let last = self.last_turn.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        last.map_or(begin, |last| last.saturating_add(1).max(begin))
    }

    pub(crate) async fn lease_some(
        &self,
        request: &LeaseRequest,
        now: Timestamp,
    ) -> StorageResult<Vec<Delivery>> {
        self.check_open()?;
        if now >= request.until {
            return Ok(Vec::new());
        }
        let mut taken: Vec<Vec<Delivery>> = request.subscriptions.iter().map(|_| Vec::new()).collect();
        let mut left: Vec<usize> = (0..taken.len()).collect();
        while !left.is_empty() {
            let lease = |place: &usize| self.lease_of(request, *place, now);
            let requests: Vec<Request> = left.iter().map(lease).collect();
            let answers = self.ask_all(&requests, Effect::Write).await?;
            let mut again = Vec::new();
            for (place, answer) in left.into_iter().zip(answers) {
                match read(&request.subscriptions[place].0, answer)? {
                    Some(own) => taken[place] = own,
                    None => again.push(place),
                }
            }
            left = again;
        }
        Ok(taken.into_iter().flatten().collect())
    }

    fn lease_of(&self, request: &LeaseRequest, place: usize, now: Timestamp) -> Request {
        let (key, most) = &request.subscriptions[place];
        Call::on_subscription(&scripts::LEASE, &self.keys(&key.source), key.id, now)
            .arg(&request.id.as_u128().to_be_bytes())
            .arg(millis(request.until))
            .arg(limit(request.share.first_attempts))
            .arg(limit(request.share.retries))
            .arg(limit(*most))
            .arg(u8::from(request.is_repeated))
            .arg(self.next_turn(now))
            .into()
    }
}

/// What was taken; `None` if there was more to settle first.
fn read(key: &SubscriptionKey, answer: Value) -> StorageResult<Option<Vec<Delivery>>> {
    let mut parts = answer.list()?;
    if parts.next().unwrap_or(Value::Nil).int()? == 1 {
        return Ok(None);
    }
    let Some(record) = parts.next() else { return Ok(Some(Vec::new())) };
    let subscription = Arc::new(subscription(&key.source, key.id, &record.bytes()?)?);
    let mut deliveries = Vec::new();
    while let Some(position) = parts.next() {
        let attempts = u32::try_from(parts.next().unwrap_or(Value::Nil).int()?).map_err(|_| damaged())?;
        let own = Placed::read(&mut std::iter::once(position).chain(parts.by_ref()))?.ok_or_else(damaged)?;
        let mut message = own.stored;
        // As it was posted.
        (message.message.claim, message.message.claim_count) = (None, 0);
        let position = Marker::new(own.position);
        deliveries.push(Delivery { subscription: Arc::clone(&subscription), message, position, attempts });
    }
    // First attempts before retries, both in the order of posting.
    deliveries.sort_by_key(|own| (own.attempts > 0, own.position));
    Ok(Some(deliveries))
}
