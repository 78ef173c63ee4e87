//! Claims: messages taken for a while by one consumer.

use zaqar_model::{Claim, ClaimId, ClaimTerms, Destination, Message, MessageId, Timestamp};

use crate::StorageResult;

/// What a consumer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// The id of the claim if there will be one: fresh, from the id source.
    pub id: ClaimId,
    pub terms: ClaimTerms,
    /// At most so many messages.
    pub limit: usize,
    pub dead_letters: Option<DeadLetterPolicy>,
}

/// When a message has been claimed often enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetterPolicy {
    /// A message that was claimed so often is exhausted: it is set aside when its claim has ended.
    pub max_claim_count: u32,
}

/// What a consumer got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// What the claim holds, in the queue's order. Empty: there is no claim.
    pub messages: Vec<Message>,
    /// The messages that were set aside as exhausted on the way.
    pub exhausted: Vec<MessageId>,
}

/// The claims of all queues.
#[async_trait::async_trait]
pub trait Claims: Send + Sync {
    /// Claims the first free messages, in one atomic step: each one taken is not claimed, not delayed and not expired;
    /// its claim count goes up by one; if it would expire before the claim, its time to live becomes `ttl + grace`
    /// from now. A message whose count has reached `max_claim_count`, and that [`set_aside`](Self::set_aside) has not
    /// come to yet, is not claimed but set aside as exhausted: invisible to everything but
    /// [`Messages::exhausted`](crate::Messages::exhausted), and kept until it was discarded or expires.
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

    /// Lets a live claim begin anew with these terms, and its messages live as long as at its creation. Answers
    /// whether there was one.
    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool>;

    /// Ends a claim: its messages are free at once, in their old places. No such claim: nothing to do.
    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()>;

    /// Destinations where claims have ended by `now`, released or expired, and left free messages that
    /// [`set_aside`](Self::set_aside) has not looked at since. After the store was opened, and in a queue that has moved,
    /// that may be all free messages that were ever claimed. The cost does not grow with the number of the other
    /// destinations.
    async fn with_ended_claims(&self, now: Timestamp) -> StorageResult<Vec<Destination>>;

    /// Looks at what ended claims have left, and sets those messages aside as exhausted whose count has reached the
    /// maximum: some at a time; an empty answer says that all were looked at. Without a policy none are set aside.
    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>>;
}
