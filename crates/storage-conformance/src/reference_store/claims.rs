//! Claims: messages taken for a while by one consumer.

use zaqar_model::{
    Claim, ClaimId, ClaimTerms, Destination, Message, MessageId, StoredMessage, Timestamp, TtlSeconds,
};
use zaqar_storage::{ClaimRequest, Claimed, Claims, DeadLetterPolicy, PopRequest, StorageResult};

use super::ReferenceStore;
use super::contents::ClaimRecord;

#[async_trait::async_trait]
impl Claims for ReferenceStore {
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        if let Some(claim) = self.get_claim(from, request.id, now).await? {
            return Ok(Claimed { messages: claim.messages, dead_letters: Vec::new() });
        }
        let mut contents = self.contents(from)?;
        let mut claimed = Claimed::default();
        let mut at = 0;
        while claimed.messages.len() < request.limit && at < contents.entries.len() {
            if !contents.is_free(&contents.entries[at], now) {
                at += 1;
                continue;
            }
            let count = contents.entries[at].stored.message.claim_count;
            if request.dead_letters.is_some_and(|policy| count >= policy.max_claim_count) {
                let mut entry = contents.entries.remove(at);
                entry.stored.message.claim = None;
                claimed.dead_letters.push(entry.stored.message.id);
                contents.dead_letters.push(entry);
                continue;
            }
            let stored = &mut contents.entries[at].stored;
            stored.message.claim = Some(request.id);
            stored.message.claim_count += 1;
            if request.outlives {
                outlive_claim(stored, request.terms, now);
            }
            let stored = stored.clone();
            contents.ledger.outlive(&stored);
            claimed.messages.push(stored.message);
            at += 1;
        }
        if !claimed.messages.is_empty() {
            contents.claims.insert(request.id, ClaimRecord { ttl: request.terms.ttl, renewed: now });
        }
        Ok(claimed)
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        let contents = self.contents(from)?;
        if !contents.claim_is_live(id, now) {
            return Ok(None);
        }
        let held = contents.visible(now).filter(|entry| contents.holder(entry, now) == Some(id));
        let messages = held.map(|entry| contents.show(entry, now)).collect();
        let ClaimRecord { ttl, renewed } = contents.claims[&id];
        Ok(Some(Claim { id, ttl, renewed, messages }))
    }

    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let mut contents = self.contents(from)?;
        let contents = &mut *contents;
        if !contents.claim_is_live(id, now) {
            return Ok(false);
        }
        contents.claims.insert(id, ClaimRecord { ttl: terms.ttl, renewed: now });
        for entry in &mut contents.entries {
            if now < entry.stored.expires && entry.stored.message.claim == Some(id) {
                outlive_claim(&mut entry.stored, terms, now);
                contents.ledger.outlive(&entry.stored);
            }
        }
        Ok(true)
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        let mut contents = self.contents(from)?;
        if contents.claim_is_live(id, now) {
            contents.claims.remove(&id);
            for entry in contents.entries.iter_mut().filter(|entry| entry.stored.message.claim == Some(id)) {
                entry.stored.message.claim = None;
            }
        }
        Ok(())
    }

    async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>> {
        let state = self.state()?;
        let here = state.contents.iter().filter(|(destination, _)| !state.is_elsewhere(destination));
        let with = here.filter(|(_, contents)| !contents.let_go(now).is_empty());
        Ok(with.map(|(destination, _)| destination.clone()).take(limit).collect())
    }

    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        let mut contents = self.contents(from)?;
        let contents = &mut *contents;
        let mut dead_letters = Vec::new();
        for id in contents.let_go(now) {
            let found = contents.entries.iter().position(|entry| entry.stored.message.id == id);
            let Some(at) = found else { continue };
            let count = contents.entries[at].stored.message.claim_count;
            if policy.is_some_and(|policy| count >= policy.max_claim_count) {
                let mut entry = contents.entries.remove(at);
                entry.stored.message.claim = None;
                contents.dead_letters.push(entry);
                dead_letters.push(id);
            } else {
                contents.seen.insert((id, count));
            }
        }
        Ok(dead_letters)
    }

    async fn pop(&self, from: &Destination, pop: &PopRequest, now: Timestamp) -> StorageResult<Vec<Message>> {
        let mut contents = self.contents(from)?;
        let taken: Vec<Message> = contents
            .entries
            .iter()
            .filter(|entry| contents.is_free(entry, now))
            .take(pop.limit)
            .map(|entry| contents.show(entry, now))
            .collect();
        for message in &taken {
            contents.remove(message.id);
        }
        Ok(taken)
    }
}

/// A message that would expire before its claim lives for the claim's time to live and the grace instead.
fn outlive_claim(stored: &mut StoredMessage, terms: ClaimTerms, now: Timestamp) {
    if stored.expires < terms.ttl.after(now) {
        let ttl = TtlSeconds::new(terms.ttl.get().saturating_add(terms.grace.get()));
        stored.message.ttl = ttl;
        stored.expires = ttl.after(now);
    }
}
