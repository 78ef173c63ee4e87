//! Deliveries: notifications that are owed, and how they end.

use std::sync::Arc;

use crate::{Attempt, Destination, LeaseId, Marker, StoredMessage, Subscription, SubscriptionId, Timestamp};

/// A notification that is owed: one message for one subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The same for all deliveries of one lease.
    pub subscription: Arc<Subscription>,
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
pub struct Lease {
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

/// Which attempts of a subscription are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    All,
    /// Those at what was tried before.
    Retries,
}

/// Until when attempts of a subscription are held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldBack {
    pub first_attempts: Timestamp,
    pub retries: Timestamp,
}

impl HeldBack {
    pub const fn all(until: Timestamp) -> Self {
        Self { first_attempts: until, retries: until }
    }

    pub const fn set(&mut self, paused: Paused, until: Timestamp) {
        match paused {
            Paused::All => *self = Self::all(until),
            Paused::Retries => self.retries = until,
        }
    }
}

/// What became of a delivery, with the account of the attempt where there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The subscriber has it: the delivery is done.
    Delivered(Attempt),
    /// It failed and is to be tried again at this time; it does not hold up the deliveries behind it.
    RetryAt(Timestamp, Attempt),
    /// It failed for good: the reason, for the record.
    GivenUp(Excerpt, Attempt),
    /// Its message had expired, so it was not tried in this lease and has failed for good: the reason, for the record.
    /// There is no attempt to put on record, and none is counted.
    Expired(Excerpt),
    /// It was not tried, and is given back: due again at this time. There is no attempt to put on record.
    Postponed(Timestamp),
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
