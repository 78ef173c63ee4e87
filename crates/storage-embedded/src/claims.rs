//! Claims: messages taken for a while by one consumer.

use std::borrow::Cow;
use std::sync::Arc;

use zaqar_model::{
    Claim, ClaimId, ClaimLease, ClaimTerms, Destination, Message, MessageId, Timestamp, TtlSeconds,
};
use zaqar_storage::{
    ClaimRequest, Claimed, Claims, DeadLetterPolicy, PopRequest, StorageError, StorageResult,
};

use crate::EmbeddedMessageStore;
use crate::index::QueueIndex;
use crate::log::{ClaimRecord, Record};
use crate::read::{LocatedMessage, messages};
use crate::writer::answer;

/// Maximum number of dead letters that one claim sets aside. The next claim continues.
const MAX_EXHAUSTED: usize = 1000;

#[async_trait::async_trait]
impl Claims for EmbeddedMessageStore {
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        let Some(queue) = self.find(from)? else { return Ok(Claimed::default()) };
        let (found, dead_letters, receiver) = {
            let mut locked = self.queues.lock_at(&queue, now).here()?;
            if let Some(found) = self.held_by(&locked.index, request.id) {
                // The same request once more.
                (found, Vec::new(), None)
            } else {
                let record = choose(&locked.index, queue.number, request, now);
                if record.taken.is_empty() && record.dead_lettered.is_empty() {
                    return Ok(Claimed::default());
                }
                let receiver = self.log(&mut locked, &Record::Claim(Cow::Borrowed(&record)))?;
                let dead_letters =
                    record.dead_lettered.iter().map(|sequence| locked.index.id_of(*sequence)).collect();
                locked.index.claim(&record);
                let taken = record.taken.iter().map(|(sequence, _)| *sequence);
                (self.found(&locked.index, taken), dead_letters, Some(receiver))
            }
        };
        let messages = messages(found).await?;
        self.done(&queue, receiver).await?;
        Ok(Claimed { messages, dead_letters })
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        let Some(queue) = self.find(from)? else { return Ok(None) };
        let (lease, found) = {
            let locked = self.queues.lock_at(&queue, now).here()?;
            let claims = &locked.index.claims;
            let Some(claim) = claims.find(id).and_then(|key| claims.get(key)) else { return Ok(None) };
            (claim.lease, self.found(&locked.index, claim.members.iter().copied()))
        };
        let messages = messages(found).await?;
        Ok(Some(Claim { id, ttl: lease.ttl, renewed: lease.renewed, messages }))
    }

    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let Some(queue) = self.find(from)? else { return Ok(false) };
        let receiver = {
            let mut locked = self.queues.lock_at(&queue, now).here()?;
            if locked.index.claims.find(id).is_none() {
                return Ok(false);
            }
            let lease = ClaimLease { id, ttl: terms.ttl, renewed: now };
            let record = Record::Renew { destination: queue.number, lease, grace: terms.grace };
            let receiver = self.log(&mut locked, &record)?;
            locked.index.renew(lease, terms.grace);
            receiver
        };
        answer(receiver).await?;
        Ok(true)
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        let Some(queue) = self.find(from)? else { return Ok(()) };
        let receiver = {
            let mut locked = self.queues.lock_at(&queue, now).here()?;
            if locked.index.claims.find(id).is_some() {
                let record = Record::Release { destination: queue.number, claim: id };
                let receiver = self.log(&mut locked, &record)?;
                locked.index.release(id);
                Some(receiver)
            } else {
                None
            }
        };
        self.done(&queue, receiver).await
    }

    async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>> {
        self.writer.check_open()?;
        let queues = Arc::clone(&self.queues);
        let looking = tokio::task::spawn_blocking(move || {
            queues.advance(now);
            queues.with_released(limit)
        });
        let released = looking.await.map_err(StorageError::driver)?;
        Ok(released.into_iter().filter_map(|queue| queue.identity.get().cloned()).collect())
    }

    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        let Some(queue) = self.find(from)? else { return Ok(Vec::new()) };
        loop {
            let (exhausted, receiver) = {
                let mut locked = self.queues.lock_at(&queue, now).here()?;
                let seen = locked.index.released_unseen(MAX_EXHAUSTED);
                if seen.is_empty() {
                    return Ok(Vec::new());
                }
                let is_exhausted = |count| policy.is_some_and(|policy| count >= policy.max_claim_count);
                let exhausted = seen.iter().filter(|(_, count)| is_exhausted(*count));
                let exhausted: Vec<u64> = exhausted.map(|(sequence, _)| *sequence).collect();
                let ids: Vec<_> = exhausted.iter().map(|sequence| locked.index.id_of(*sequence)).collect();
                let mut receiver = None;
                if !exhausted.is_empty() {
                    let record = setting_aside(queue.number, exhausted, now);
                    receiver = Some(self.log(&mut locked, &Record::Claim(Cow::Borrowed(&record)))?);
                    locked.index.claim(&record);
                }
                locked.index.note_seen(seen.into_iter().map(|(sequence, _)| sequence));
                (ids, receiver)
            };
            match receiver {
                Some(receiver) => return answer(receiver).await.map(|()| exhausted),
                None => tokio::task::yield_now().await,
            }
        }
    }

    async fn pop(&self, from: &Destination, pop: &PopRequest, now: Timestamp) -> StorageResult<Vec<Message>> {
        let Some(queue) = self.find(from)? else { return Ok(Vec::new()) };
        let (found, receiver) = {
            let mut locked = self.queues.lock_at(&queue, now).here()?;
            let sequences: Vec<u64> =
                locked.index.available_from(0).take(pop.limit).map(|(sequence, _)| sequence).collect();
            if sequences.is_empty() {
                return Ok(Vec::new());
            }
            let found = self.found(&locked.index, sequences.iter().copied());
            (found, self.remove(&queue, &mut locked, sequences)?)
        };
        let popped = messages(found).await?;
        answer(receiver).await?;
        Ok(popped)
    }
}

impl EmbeddedMessageStore {
    /// What a live claim holds.
    fn held_by(&self, index: &QueueIndex, id: ClaimId) -> Option<Vec<LocatedMessage>> {
        let claim = index.claims.find(id).and_then(|key| index.claims.get(key))?;
        Some(self.found(index, claim.members.iter().copied()))
    }
}

/// A claim that takes no message.
const fn setting_aside(destination: u64, exhausted: Vec<u64>, now: Timestamp) -> ClaimRecord {
    ClaimRecord {
        destination,
        lease: ClaimLease { id: ClaimId::from_u128(0), ttl: TtlSeconds::new(0), renewed: now },
        grace: None,
        taken: Vec::new(),
        dead_lettered: exhausted,
    }
}

/// Selects the first available messages: those to claim, and those that become dead letters.
fn choose(index: &QueueIndex, destination: u64, request: &ClaimRequest, now: Timestamp) -> ClaimRecord {
    let mut record = ClaimRecord {
        destination,
        lease: ClaimLease { id: request.id, ttl: request.terms.ttl, renewed: now },
        grace: request.outlives.then_some(request.terms.grace),
        taken: Vec::with_capacity(request.limit.min(64)),
        dead_lettered: Vec::new(),
    };
    for (sequence, entry) in index.available_from(0) {
        if record.taken.len() >= request.limit || record.dead_lettered.len() >= MAX_EXHAUSTED {
            break;
        }
        if request.dead_letters.is_some_and(|policy| entry.claim_count >= policy.max_claim_count) {
            record.dead_lettered.push(sequence);
        } else {
            record.taken.push((sequence, entry.claim_count.saturating_add(1)));
        }
    }
    record
}
