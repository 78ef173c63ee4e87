//! Deliveries: notifications that are owed, and what became of the attempts to make them.

use crate::{
    ConfirmationKind, Destination, LeaseId, Marker, MessageId, StoredMessage, Subscription, SubscriptionId,
    Timestamp,
};

/// A notification that is owed: one message for one subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub subscription: Subscription,
    /// The message as it was posted: no claim on it shows.
    pub message: StoredMessage,
    /// Where the message stands in its queue.
    pub position: Marker,
    /// How often it has been tried so far.
    pub attempts: u32,
}

impl Delivery {
    /// What is recorded once it is known how this delivery ended.
    pub fn report(&self, outcome: DeliveryOutcome) -> DeliveryReport {
        DeliveryReport {
            source: self.subscription.source.clone(),
            subscription: self.subscription.id,
            position: self.position,
            outcome,
        }
    }
}

/// The lease that a delivery is under, or was under last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseHold {
    pub id: LeaseId,
    /// When it took the delivery.
    pub since: Timestamp,
}

/// How a delivery that was leased ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    pub source: Destination,
    pub subscription: SubscriptionId,
    pub position: Marker,
    pub outcome: DeliveryOutcome,
}

/// What became of a delivery, with the account of the attempt where there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The subscriber has it: the delivery is done.
    Delivered(Attempt),
    /// It failed and is to be tried again at this time; it does not hold up the deliveries behind it.
    RetryAt(Timestamp, Attempt),
    /// It failed for good: the reason, for the record.
    Exhausted(Excerpt, Attempt),
    /// Its message had expired, so it was not tried in this lease and has failed for good: the reason, for the record.
    /// There is no attempt to put on record, and none is counted.
    Expired(Excerpt),
    /// It was not tried, and is given back: due again at this time. There is no attempt to put on record.
    Postponed(Timestamp),
}

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
}

impl Attempt {
    /// The account of an attempt that nobody gave: all that is known is when the delivery was taken up.
    pub fn without_end(at: Timestamp) -> Self {
        let excerpt = "It is not known how this attempt ended, or whether it reached the subscriber: \
                       the server ended while the delivery was under way.";
        Self { at, status: None, latency_ms: 0, excerpt: Excerpt::new(excerpt) }
    }
}

/// An attempt that is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAttempt {
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
    Exhausted,
    /// Nobody has said how it ended, so the delivery was due again. It does not count against the retry policy.
    Unknown,
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

/// A delivery that failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedDelivery {
    pub message: StoredMessage,
    /// Where the message stands in its queue.
    pub position: Marker,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub failed: Timestamp,
    pub reason: Excerpt,
}

/// A text of at most [`Excerpt::MAX_BYTES`]: what is longer is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt(Box<str>);

impl Excerpt {
    pub const MAX_BYTES: usize = 512;

    pub fn new(text: &str) -> Self {
        Self(text[..text.floor_char_boundary(Self::MAX_BYTES)].into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Excerpt;

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let long = "é".repeat(400);
        let excerpt = Excerpt::new(&format!("x{long}"));
        assert_eq!(excerpt.as_str().len(), Excerpt::MAX_BYTES - 1);
        assert_eq!(Excerpt::new("short").as_str(), "short");
    }
}
