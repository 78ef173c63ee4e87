//! What became of the attempts to deliver, and which of them are asked for.

use crate::{Address, ConfirmationKind, Excerpt, MessageId, Timestamp};

/// The account of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
    /// The first bytes of the answer, or the error.
    pub excerpt: Excerpt,
    /// Where it went. `None` if that is not known.
    pub address: Option<Address>,
}

impl Attempt {
    /// The account of an attempt that nobody gave: all that is known is when the delivery was taken up.
    pub fn without_end(at: Timestamp) -> Self {
        let excerpt = "It is not known how this attempt ended, or whether it reached the subscriber: \
                       the server ended while the delivery was under way.";
        Self { at, status: None, latency_ms: 0, excerpt: Excerpt::new(excerpt), address: None }
    }
}

/// An attempt that is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    pub number: AttemptNumber,
    /// What was sent. A request to confirm has an id, too.
    pub message: MessageId,
    /// What the subscriber was asked or told, where it was no notification.
    pub confirmation: Option<ConfirmationKind>,
    pub attempt: Attempt,
    pub end: AttemptEnd,
}

/// What followed from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptEnd {
    Delivered,
    /// It was to be tried again at this time.
    RetryAt(Timestamp),
    /// There was to be no other.
    GivenUp,
    /// Nobody has said how it ended, so the delivery was due again. It does not count against the retry policy.
    Unknown,
}

impl AttemptEnd {
    pub const fn outcome(self) -> AttemptOutcome {
        match self {
            Self::Delivered => AttemptOutcome::Delivered,
            Self::RetryAt(_) => AttemptOutcome::Retry,
            Self::GivenUp => AttemptOutcome::Failed,
            Self::Unknown => AttemptOutcome::Unknown,
        }
    }
}

/// What followed from an attempt, by the names that clients use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    Delivered,
    Retry,
    Failed,
    Unknown,
}

impl AttemptOutcome {
    pub const ALL: [Self; 4] = [Self::Delivered, Self::Retry, Self::Failed, Self::Unknown];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retry => "retry",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// Which attempts of a subscription are meant: those that are all of what is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptFilter {
    /// About this message or request.
    pub message: Option<MessageId>,
    pub outcome: Option<AttemptOutcome>,
    /// Begun at this moment or later.
    pub since: Option<Timestamp>,
}

impl AttemptFilter {
    pub fn admits(&self, kept: &AttemptRecord) -> bool {
        self.admits_begin(kept.message, kept.attempt.at)
            && self.outcome.is_none_or(|outcome| outcome == kept.end.outcome())
    }

    /// Whether an attempt may be meant of which it is not known yet how it ended.
    pub fn admits_begin(&self, message: MessageId, at: Timestamp) -> bool {
        self.message.is_none_or(|id| id == message) && self.since.is_none_or(|since| at >= since)
    }
}

/// Where a listing of a subscription's attempts goes on. A later attempt has a higher number. Opaque to clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptNumber(u64);

impl AttemptNumber {
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    pub const fn get(self) -> u64 {
        self.0
    }
}
