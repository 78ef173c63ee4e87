//! Claims: messages taken for a while by one consumer.

use zaqar_model::{Claim, ClaimId, ClaimTerms, Destination, Message, MessageId, Timestamp};
use zaqar_storage::{ClaimRequest, Claimed, Claims, DeadLetterPolicy, PopRequest, StorageResult};

use crate::PooledMessageStore;
use crate::dead_letters::each_once;
use crate::route::forward;

#[async_trait::async_trait]
impl Claims for PooledMessageStore {
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        forward!(self, from, Claimed::default(), store => store.claim(from, request, now))
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        forward!(self, from, None, store => store.get_claim(from, id, now))
    }

    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool> {
        forward!(self, from, false, store => store.renew(from, id, terms, now))
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        forward!(self, from, (), store => store.release(from, id, now))
    }

    /// A store that pops in two steps may have claimed when the queue was sealed. The claim goes along, and what it holds is
    /// popped where it has arrived.
    async fn pop(&self, from: &Destination, pop: &PopRequest, now: Timestamp) -> StorageResult<Vec<Message>> {
        let mut next = *pop;
        forward!(self, from, Vec::new(), store => {
            let pop = next;
            next.is_repeated = true;
            async move { store.pop(from, &pop, now).await }
        })
    }

    async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>> {
        let mut found = Vec::new();
        for store in self.pooled.stores_with_dead_letters().await? {
            found.extend(store.with_ended_claims(limit, now).await?);
        }
        let mut found = each_once(found);
        found.truncate(limit);
        Ok(found)
    }

    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        forward!(self, from, Vec::new(), store => store.set_aside(from, policy, now))
    }
}
