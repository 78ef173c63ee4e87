//! Claims over a line that is cut.

use std::collections::HashSet;

use zaqar_model::{Claim, ClaimId, ClaimTerms, Destination, Message, MessageId, Timestamp};
use zaqar_storage::{
    ClaimRequest, Claimed, Claims, DeadLetterPolicy, MessageStore, PopRequest, StorageResult,
};

use super::{ALL, CutStore};

impl CutStore<dyn MessageStore> {
    async fn dead(&self, from: &Destination, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        let dead = self.uncut().dead_letters(from, ALL, now).await?;
        Ok(dead.iter().map(|stored| stored.message.id).collect())
    }
}

/// Those that were not there before.
fn new_ones(before: Vec<MessageId>, after: Vec<MessageId>) -> Vec<MessageId> {
    let before: HashSet<MessageId> = before.into_iter().collect();
    after.into_iter().filter(|id| !before.contains(id)).collect()
}

#[async_trait::async_trait]
impl Claims for CutStore<dyn MessageStore> {
    /// A repeated claim does not say which messages became dead letters at the first attempt.
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        let before = match request.dead_letters {
            Some(_) => self.dead(from, now).await?,
            None => Vec::new(),
        };
        let claim = |again| async move {
            let is_repeated = again || request.is_repeated;
            self.store.claim(from, &ClaimRequest { is_repeated, ..*request }, now).await
        };
        let outcome = self.outcome("claim", claim).await;
        let mut claimed = outcome.result?;
        if outcome.is_repeated && request.dead_letters.is_some() {
            claimed.dead_letters = new_ones(before, self.dead(from, now).await?);
        }
        Ok(claimed)
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        self.read("get_claim", self.store.get_claim(from, id, now)).await
    }

    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool> {
        self.repeat("renew", |_| self.store.renew(from, id, terms, now)).await
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        self.repeat("release", |_| self.store.release(from, id, now)).await
    }

    async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>> {
        self.repeat("with_ended_claims", |_| self.store.with_ended_claims(limit, now)).await
    }

    /// What the first attempt set aside, the repeated one does not find any more.
    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        let before = self.dead(from, now).await?;
        let outcome = self.outcome("set_aside", |_| self.store.set_aside(from, policy, now)).await;
        if outcome.is_repeated && outcome.result.is_ok() {
            return Ok(new_ones(before, self.dead(from, now).await?));
        }
        outcome.result
    }

    async fn pop(&self, from: &Destination, pop: &PopRequest, now: Timestamp) -> StorageResult<Vec<Message>> {
        let pop_once = |again| async move {
            let is_repeated = again || pop.is_repeated;
            self.store.pop(from, &PopRequest { is_repeated, ..*pop }, now).await
        };
        self.repeat("pop", pop_once).await
    }
}
