//! What goes along when a queue moves to another store: its messages and subscriptions, and how the deliveries stand.

use crate::{
    AttemptRecord, BatchId, ClaimLease, Excerpt, HeldBack, Lease, Marker, MessageId, StoredMessage,
    Subscription, SubscriptionId, Timestamp,
};

/// A piece of a queue on its way to another store. Each takes the place of what the other store knows of the same thing, so
/// it does no harm if it comes twice.
#[derive(Clone, Debug, PartialEq)]
pub enum ExportedItem {
    /// Takes the place of the subscription with this id. Of two with one subscriber the later holds.
    Subscription(Subscription),
    /// The subscription is gone, with all that was owed to it and its attempts.
    SubscriptionGone(SubscriptionId),
    /// Takes the place of the message at this position.
    Message(ExportedMessage),
    /// Nothing is left of the message at this position.
    MessageGone(Marker),
    /// How the delivery to a subscription stands.
    Delivery(SubscriptionId, ExportedDelivery),
    /// An attempt of a subscription, which keeps its number.
    Attempt(SubscriptionId, AttemptRecord),
    /// A batch that is recognised if it is posted again.
    Batch(ExportedBatch),
    /// How far a subscription has come that is notified.
    Cursor(ExportedCursor),
    /// The last item: the last position that was given out in this queue, whether or not a message stands there.
    End(Marker),
}

/// A message on its way to another store together with its whole queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedMessage {
    /// Its place in the queue, which it keeps.
    pub position: Marker,
    pub stored: StoredMessage,
    /// The claim that holds it, or held it last and has expired.
    pub hold: Option<ClaimLease>,
    /// Whether it is a dead letter: set aside as claimed too often.
    pub exhausted: bool,
    /// Whether it was posted to this queue or has arrived here, so that subscribers are owed it; otherwise it has returned.
    pub posted: bool,
    /// Whether it is out of the queue, and stays for its subscribers alone.
    pub kept: bool,
}

/// What was posted together, by the id that the post had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedBatch {
    pub id: BatchId,
    pub posted: Timestamp,
    pub messages: Vec<MessageId>,
}

/// How far a subscription has come with the deliveries that it is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedCursor {
    pub subscription: SubscriptionId,
    /// The first position that was not taken up. What lies before it is done, but for the deliveries that are open or
    /// have failed.
    pub front: Marker,
    pub held_back: HeldBack,
}

/// A delivery that was taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedDelivery {
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
