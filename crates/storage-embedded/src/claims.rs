//! Claims: messages taken for a while by one consumer.

use zaqar_model::{Claim, ClaimId, ClaimTerms, Destination, Timestamp};
use zaqar_storage::{ClaimRequest, Claimed, Claims, StorageResult};

use crate::EmbeddedMessageStore;
use crate::index::QueueIndex;
use crate::log::{ClaimRecord, Hold, Record};
use crate::read::messages;
use crate::writer::answer;

/// How many exhausted messages one claim sets aside at most; the next one goes on.
const MOST_EXHAUSTED: usize = 1000;

#[async_trait::async_trait]
impl Claims for EmbeddedMessageStore {
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        let Some(queue) = self.find(from)? else { return Ok(Claimed::default()) };
        let (found, exhausted, receiver) = {
            let mut locked = self.queues.lock_at(&queue, now);
            let record = choose(&locked.index, queue.number, request, now);
            if record.taken.is_empty() && record.exhausted.is_empty() {
                return Ok(Claimed::default());
            }
            let record = Record::Claim(record);
            let receiver = self.log(&mut locked, &record)?;
            let Record::Claim(record) = record else { return Ok(Claimed::default()) };
            let exhausted = record.exhausted.iter().map(|sequence| locked.index.id_of(*sequence)).collect();
            locked.index.claim(&record);
            let found = self.found(&locked.index, record.taken.iter().map(|(sequence, _)| *sequence));
            (found, exhausted, receiver)
        };
        let messages = messages(found).await?;
        answer(receiver).await?;
        Ok(Claimed { messages, exhausted })
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        let Some(queue) = self.find(from)? else { return Ok(None) };
        let (hold, found) = {
            let locked = self.queues.lock_at(&queue, now);
            let claims = &locked.index.claims;
            let Some(claim) = claims.find(id).and_then(|key| claims.get(key)) else { return Ok(None) };
            (claim.hold, self.found(&locked.index, claim.members.iter().copied()))
        };
        let messages = messages(found).await?;
        Ok(Some(Claim { id, ttl: hold.ttl, renewed: hold.renewed, messages }))
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
            let mut locked = self.queues.lock_at(&queue, now);
            if locked.index.claims.find(id).is_none() {
                return Ok(false);
            }
            let hold = Hold { renewed: now, ttl: terms.ttl };
            let record = Record::Renew { destination: queue.number, claim: id, hold, grace: terms.grace };
            let receiver = self.log(&mut locked, &record)?;
            locked.index.renew(id, hold, terms.grace);
            receiver
        };
        answer(receiver).await?;
        Ok(true)
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        let Some(queue) = self.find(from)? else { return Ok(()) };
        let receiver = {
            let mut locked = self.queues.lock_at(&queue, now);
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
}

/// What a claim takes, and what it sets aside: the first messages that are free now.
fn choose(index: &QueueIndex, destination: u64, request: &ClaimRequest, now: Timestamp) -> ClaimRecord {
    let mut record = ClaimRecord {
        destination,
        claim: request.id,
        hold: Hold { renewed: now, ttl: request.terms.ttl },
        grace: request.terms.grace,
        taken: Vec::with_capacity(request.limit.min(64)),
        exhausted: Vec::new(),
    };
    for (sequence, entry) in index.available_from(0) {
        if record.taken.len() >= request.limit || record.exhausted.len() >= MOST_EXHAUSTED {
            break;
        }
        if request.dead_letters.is_some_and(|policy| entry.claim_count >= policy.max_claim_count) {
            record.exhausted.push(sequence);
        } else {
            record.taken.push((sequence, entry.claim_count.saturating_add(1)));
        }
    }
    record
}
