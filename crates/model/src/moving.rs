//! What goes along when a queue moves to another store: messages, and how the deliveries of its subscriptions stand.

use crate::{
    ClaimLease, Excerpt, HeldBack, Lease, Marker, MessageId, StoredMessage, SubscriptionId, Timestamp,
};

/// A message on its way to another store together with its whole queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovingMessage {
    /// Its place in the queue, which it keeps.
    pub position: Marker,
    pub stored: StoredMessage,
    /// The claim that holds it, or held it last and has expired.
    pub hold: Option<ClaimLease>,
    /// Whether it is set aside as claimed too often.
    pub exhausted: bool,
    /// Whether it was posted to this queue, so that subscribers are owed it; otherwise the queue has adopted it.
    pub posted: bool,
    /// Whether it is out of the queue, and stays for its subscribers alone.
    pub kept: bool,
}

/// How far a subscription has come with the deliveries that it is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovingCursor {
    pub subscription: SubscriptionId,
    /// The first position that was not taken up. What lies before it is done, but for the deliveries that are open or
    /// have failed.
    pub front: Marker,
    pub held_back: HeldBack,
    /// Those that were leased and not recorded since, as they were at the same moment; and those that were taken up to wait
    /// for the end of a delay.
    pub leased: Vec<MovingDelivery>,
}

/// A delivery that was taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovingDelivery {
    /// Of its message.
    pub position: Marker,
    pub message: MessageId,
    pub standing: DeliveryStanding,
}

/// How a delivery that was taken up stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryStanding {
    /// Nothing is owed.
    Done,
    /// It is to be tried.
    Open {
        attempts: u32,
        /// When; while it is leased, when the lease ends.
        due: Timestamp,
        /// Who had it last, unless that was recorded.
        lease: Option<Lease>,
    },
    /// It was given up.
    Failed { attempts: u32, at: Timestamp, reason: Excerpt },
}
