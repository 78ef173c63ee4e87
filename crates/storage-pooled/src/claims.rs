//! Claims: messages taken for a while by one consumer.

use zaqar_model::{Claim, ClaimId, ClaimTerms, Destination, Message, MessageId, Timestamp};
use zaqar_storage::{ClaimRequest, Claimed, Claims, DeadLetterPolicy, PopRequest, StorageResult};

use crate::PooledMessageStore;
use crate::dead_letters::each_once;
use crate::queue_access::QueueAccess;

#[async_trait::async_trait]
impl Claims for PooledMessageStore {
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        let Some(mut access) = self.pooled.access(from).await? else { return Ok(Claimed::default()) };
        let claimed = access.store.claim(from, request, now).await?;
        access.touch(claimed.messages.iter().map(|message| message.id));
        access.touch(claimed.dead_letters.iter().copied());
        Ok(claimed)
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        let Some(access) = self.pooled.access(from).await? else { return Ok(None) };
        access.store.get_claim(from, id, now).await
    }

    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let Some(mut access) = self.pooled.access(from).await? else { return Ok(false) };
        touch_held(&mut access, from, id, now).await?;
        access.store.renew(from, id, terms, now).await
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        let Some(mut access) = self.pooled.access(from).await? else { return Ok(()) };
        touch_held(&mut access, from, id, now).await?;
        access.store.release(from, id, now).await
    }

    async fn pop(&self, from: &Destination, pop: &PopRequest, now: Timestamp) -> StorageResult<Vec<Message>> {
        let Some(mut access) = self.pooled.access(from).await? else { return Ok(Vec::new()) };
        let popped = access.store.pop(from, pop, now).await?;
        access.touch(popped.iter().map(|message| message.id));
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
        let Some(mut access) = self.pooled.access(from).await? else { return Ok(Vec::new()) };
        let exhausted = access.store.set_aside(from, policy, now).await?;
        access.touch(exhausted.iter().copied());
        Ok(exhausted)
    }
}

/// What a claim holds is touched with it.
async fn touch_held(
    access: &mut QueueAccess,
    from: &Destination,
    id: ClaimId,
    now: Timestamp,
) -> StorageResult<()> {
    if access.is_noted()
        && let Some(claim) = access.store.get_claim(from, id, now).await?
    {
        access.touch(claim.messages.iter().map(|message| message.id));
    }
    Ok(())
}
