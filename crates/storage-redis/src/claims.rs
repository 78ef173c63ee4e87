//! Claims: messages taken for a while by one consumer.

use redis::Value;
use zaqar_model::{Claim, ClaimId, ClaimTerms, Destination, MessageId, Timestamp, TtlSeconds};
use zaqar_storage::{ClaimRequest, Claimed, Claims, DeadLetterPolicy, StorageResult};

use crate::RedisMessageStore;
use crate::calls::Call;
use crate::connection::Reply;
use crate::records::{Placed, id_and_created, limit, millis};
use crate::scripts;

/// What a claim holds is known by its id for so many seconds longer than it lives: the server's clock is not the caller's.
pub(crate) const CLAIMS_KEPT: u64 = 3600;

fn kept(terms: ClaimTerms) -> u64 {
    u64::from(terms.ttl.get()) + CLAIMS_KEPT
}

/// How long a message lives that would expire before its claim.
fn longer(terms: ClaimTerms) -> TtlSeconds {
    TtlSeconds::new(terms.ttl.get().saturating_add(terms.grace.get()))
}

fn id_bytes(id: ClaimId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

impl RedisMessageStore {
    async fn take(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        let (queue, terms) = (self.keys(from), request.terms);
        let names = [queue.claim(request.id)];
        let most = request.dead_letters.map_or(u32::MAX, |policy| policy.max_claim_count);
        let lives = longer(terms).after(now);
        let mut claimed = Claimed::default();
        loop {
            let call = Call::on_queue(&scripts::CLAIM, &queue, &names, now)
                .arg(&id_bytes(request.id))
                .arg(limit(request.limit))
                .arg(most)
                .arg(millis(terms.ttl.after(now)))
                .arg(terms.ttl.get())
                .arg(longer(terms).get());
            let call = if request.outlives { call.arg(millis(lives)) } else { call.arg(-1) };
            let mut answer = self.write(call.arg(kept(terms))).await?.list()?;
            let mut next = || answer.next().unwrap_or(Value::Nil);
            let (has_more, dead) = (next().int()? == 1, next().int()?);
            for _ in 0..dead {
                claimed.dead_letters.push(id_and_created(next(), next())?.0);
            }
            if !has_more {
                let taken = Placed::read_all(answer)?.into_iter();
                claimed.messages = taken.map(|placed| placed.stored.message).collect();
                return Ok(claimed);
            }
        }
    }
}

#[async_trait::async_trait]
impl Claims for RedisMessageStore {
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        self.take(from, request, now).await
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        let queue = self.keys(from);
        let call = Call::on_queue(&scripts::HELD, &queue, &[queue.claim(id)], now).arg(&id_bytes(id));
        let held = Placed::read_all(self.read(call).await?.list()?)?;
        let Some((ttl, renewed)) = held.first().map(|first| (first.claim_ttl, first.renewed)) else {
            return Ok(None);
        };
        let messages = held.into_iter().map(|placed| placed.stored.message).collect();
        Ok(Some(Claim { id, ttl, renewed, messages }))
    }

    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let queue = self.keys(from);
        let call = Call::on_queue(&scripts::RENEW, &queue, &[queue.claim(id)], now)
            .arg(&id_bytes(id))
            .arg(millis(terms.ttl.after(now)))
            .arg(terms.ttl.get())
            .arg(longer(terms).get())
            .arg(millis(longer(terms).after(now)))
            .arg(kept(terms));
        Ok(self.write(call).await?.int()? > 0)
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        let queue = self.keys(from);
        let call = Call::on_queue(&scripts::RELEASE, &queue, &[queue.claim(id)], now).arg(&id_bytes(id));
        self.write(call).await.map(drop)
    }

    async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>> {
        self.look_for_ended(limit, now).await
    }

    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        let queue = self.keys(from);
        // A count is below this.
        let most = policy.map_or(1 << 40, |policy| u64::from(policy.max_claim_count));
        loop {
            let call = Call::on_queue(&scripts::SET_ASIDE, &queue, &[], now).arg(most);
            let mut answer = self.write(call).await?.list()?;
            let has_more = answer.next().unwrap_or(Value::Nil).int()? == 1;
            let mut dead = Vec::new();
            while let (Some(place), Some(head)) = (answer.next(), answer.next()) {
                dead.push(id_and_created(place, head)?.0);
            }
            if !dead.is_empty() || !has_more {
                return Ok(dead);
            }
        }
    }
}
