//! Claims: messages taken for a while by one consumer.

use crate::{ClaimId, GraceSeconds, Message, Timestamp, TtlSeconds};

/// For how long messages are claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimTerms {
    /// How long the claim lives, from its creation or last renewal.
    pub ttl: TtlSeconds,
    /// How much longer than the claim its messages live, if they would end before it.
    pub grace: GraceSeconds,
}

/// A live claim, without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimLease {
    pub id: ClaimId,
    pub ttl: TtlSeconds,
    /// When it was created or last renewed.
    pub renewed: Timestamp,
}

impl ClaimLease {
    pub const fn ends(self) -> Timestamp {
        self.ttl.after(self.renewed)
    }
}

/// A live claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub id: ClaimId,
    pub ttl: TtlSeconds,
    /// When it was created or last renewed: its age counts from here.
    pub renewed: Timestamp,
    /// What it still holds, in the queue's order.
    pub messages: Vec<Message>,
}
