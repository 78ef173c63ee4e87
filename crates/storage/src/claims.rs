//! Claims: messages taken for a while by one consumer.

use zaqar_model::{
    Claim, ClaimId, ClaimTerms, Destination, GraceSeconds, Message, MessageId, Timestamp, TtlSeconds,
};

use crate::{Guard, Messages, StorageError, StorageResult};

/// How often a pop repeats a deletion whose outcome is unknown.
const DELETIONS_REPEATED: usize = 4;

/// How long the claim of a [`pop`](Claims::pop) lives that could not delete what it took: after that the messages are free
/// again.
pub const POP_CLAIM_TTL: TtlSeconds = TtlSeconds::new(60);

/// What a consumer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// The id of the claim if there will be one: fresh, from the id source.
    pub id: ClaimId,
    pub terms: ClaimTerms,
    /// Maximum number of messages.
    pub limit: usize,
    pub dead_letters: Option<DeadLetterPolicy>,
    /// Whether a message that would expire before the claim lives longer for it.
    pub outlives: bool,
    /// The same request was made before, and its outcome is not known.
    pub is_repeated: bool,
}

/// What is to be popped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PopRequest {
    /// Fresh, from the id source.
    pub id: ClaimId,
    /// Maximum number of messages.
    pub limit: usize,
    /// The same request was made before, and its outcome is not known.
    pub is_repeated: bool,
}

/// When a message has been claimed often enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetterPolicy {
    /// A message that was claimed so often becomes a dead letter when its claim has ended.
    pub max_claim_count: u32,
}

/// What a consumer got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// What the claim holds, in the queue's order. Empty: there is no claim.
    pub messages: Vec<Message>,
    /// The messages that became dead letters on the way.
    pub dead_letters: Vec<MessageId>,
}

/// The claims of all queues.
#[async_trait::async_trait]
pub trait Claims: Messages {
    /// Claims the first free messages, in one atomic step: each one taken is not claimed, not delayed and not expired;
    /// its claim count goes up by one; if it would expire before the claim, its time to live becomes `ttl + grace`
    /// from now, where the request [says so](ClaimRequest::outlives). Messages are taken in the order of posting, passing over
    /// those that another call is just taking.
    ///
    /// A message whose count has reached `max_claim_count`, and that [`set_aside`](Self::set_aside) has not come to yet, is
    /// not claimed but becomes a [dead letter](crate::DeadLetters).
    ///
    /// May be repeated, if the request says so: if there is a live claim with this id already, nothing is taken, and what it
    /// holds is returned. The first attempt may still be on its way: made at the same time through the same handle of the
    /// store, both are one claim. Across servers that is not owed, since a request is repeated where it was made.
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed>;

    /// A live claim with what it still holds. A claim ends with its last message.
    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>>;

    /// Lets a live claim start over with these terms, and its messages live as long as at its creation. Returns
    /// whether there was one. May be repeated.
    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool>;

    /// Ends a claim: its messages are free at once, in their old places. No such claim: nothing to do. May be repeated.
    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()>;

    /// Destinations where claims have ended by `now`, released or expired, and left free messages that
    /// [`set_aside`](Self::set_aside) has not looked at since: at most `limit`, any of them. After the store was opened, and
    /// in a queue that has moved, that may be all free messages that were ever claimed. The cost does not grow with the
    /// number of the other destinations.
    async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>>;

    /// Looks at what ended claims have left. Those messages whose count has reached the maximum become dead letters: some at
    /// a time; an empty result says that all were looked at. Without a policy none do.
    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>>;

    /// Takes the first free messages out of the queue for good. May be repeated, if the request says so.
    ///
    /// An engine that cannot lose its answer on the way does it in one step; for the others this is done: they are claimed
    /// under this id, for which they live no longer, and deleted when they have arrived here. A message whose deletion is in
    /// doubt is returned all the same, and may come again when the claim ends: it is never lost.
    async fn pop(&self, from: &Destination, pop: &PopRequest, now: Timestamp) -> StorageResult<Vec<Message>> {
        let PopRequest { id, limit, is_repeated } = *pop;
        let terms = ClaimTerms { ttl: POP_CLAIM_TTL, grace: GraceSeconds::new(0) };
        let request = ClaimRequest { id, terms, limit, dead_letters: None, outlives: false, is_repeated };
        let mut messages = self.claim(from, &request, now).await?.messages;
        if messages.is_empty() {
            return Ok(messages);
        }
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        let delete = async || self.delete(from, &ids, Guard::HeldBy(&[id]), now).await;
        let mut deleted = delete().await;
        for _ in 0..DELETIONS_REPEATED {
            if !matches!(deleted, Err(StorageError::OutcomeUnknown(_))) {
                break;
            }
            deleted = delete().await;
        }
        // In the end the claim ends by itself.
        if !matches!(deleted, Err(StorageError::OutcomeUnknown(_))) {
            deleted?;
        }
        for message in &mut messages {
            message.claim = None;
            message.claim_count = message.claim_count.saturating_sub(1);
        }
        Ok(messages)
    }
}
