//! Claims: messages taken for a while by one consumer.

use zaqar_model::{Claim, ClaimId, ClaimTerms, Destination, Message, MessageId, Timestamp};
use zaqar_storage::{ClaimRequest, Claimed, Claims, DeadLetterPolicy, PopRequest, StorageResult};

use crate::PooledMessageStore;
use crate::dead_letters::each_once;
use crate::visit::Visit;

#[async_trait::async_trait]
impl Claims for PooledMessageStore {
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(Claimed::default()) };
        let claimed = visit.store.claim(from, request, now).await?;
        visit.touch(claimed.messages.iter().map(|message| message.id));
        visit.touch(claimed.dead_letters.iter().copied());
        Ok(claimed)
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        let Some(visit) = self.pooled.visit(from).await? else { return Ok(None) };
        visit.store.get_claim(from, id, now).await
    }

    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(false) };
        touch_held(&mut visit, from, id, now).await?;
        visit.store.renew(from, id, terms, now).await
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(()) };
        touch_held(&mut visit, from, id, now).await?;
        visit.store.release(from, id, now).await
    }

    async fn pop(&self, from: &Destination, pop: &PopRequest, now: Timestamp) -> StorageResult<Vec<Message>> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(Vec::new()) };
        let popped = visit.store.pop(from, pop, now).await?;
        visit.touch(popped.iter().map(|message| message.id));
        Ok(popped)
    }

    async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>> {
        loop {
            let switches = self.pooled.switches();
            let mut found = Vec::new();
            for store in self.pooled.stores_with_dead_letters().await? {
                found.extend(store.with_ended_claims(limit, now).await?);
            }
            // Otherwise a queue has moved meanwhile, perhaps to a pool that was asked before it came.
            if switches == self.pooled.switches() {
                let mut found = each_once(found);
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        let Some(mut visit) = self.pooled.visit(from).await? else { return Ok(Vec::new()) };
        let exhausted = visit.store.set_aside(from, policy, now).await?;
        visit.touch(exhausted.iter().copied());
        Ok(exhausted)
    }
}

/// What a claim holds is touched with it.
async fn touch_held(visit: &mut Visit, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
    if visit.is_noted()
        && let Some(claim) = visit.store.get_claim(from, id, now).await?
    {
        visit.touch(claim.messages.iter().map(|message| message.id));
    }
    Ok(())
}
