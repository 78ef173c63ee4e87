//! Migration: a queue goes to another store with everything in it, while it stays in use.

use zaqar_model::{
    Destination, KeptAttempt, Marker, MessageId, MovingCursor, MovingDelivery, MovingMessage, Page,
    PageRequest, Subscription, SubscriptionId, Timestamp,
};

use crate::StorageResult;

/// Reads a queue out of one store and puts it into another, message by message. Whoever moves a queue sees to it that
/// only one of the two is in use: `zaqar-storage-pooled` says how.
///
/// Subscriptions go first: then no message is let go that one of them needs. Deliveries and attempts go behind the
/// messages that they are about, the cursors last. Until its cursor comes, a subscription is leased nothing.
#[async_trait::async_trait]
pub trait Migration: Send + Sync {
    /// The first messages behind a position, in their order and as they are now: claimed, delayed and exhausted ones
    /// among them, and those that stay for subscribers alone.
    async fn export(
        &self,
        from: &Destination,
        behind: Marker,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>>;

    /// Those of the messages that exist.
    async fn export_some(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>>;

    /// Puts messages in their places, under their claims, each in place of what is known of it here. What is posted
    /// later comes behind them and behind `last`, so that markers and ids stay good. A destination that was dropped here
    /// comes back: this is the one way.
    async fn import(
        &self,
        to: &Destination,
        messages: Vec<MovingMessage>,
        last: Marker,
        now: Timestamp,
    ) -> StorageResult<()>;

    /// Puts subscriptions in the place of those with their ids, and forgets how deliveries to them stood. Of two with one
    /// subscriber the later holds. All messages are kept for those that are notified, and nothing is leased to them, until
    /// their cursors come.
    async fn import_subscriptions(
        &self,
        to: &Destination,
        subscriptions: Vec<Subscription>,
        now: Timestamp,
    ) -> StorageResult<()>;

    /// The first deliveries to a subscription behind a position that are open or have failed, in the order of posting.
    async fn export_deliveries(
        &self,
        from: &Destination,
        subscription: SubscriptionId,
        behind: Marker,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<MovingDelivery>>;

    /// How the deliveries at these positions stand.
    async fn export_some_deliveries(
        &self,
        from: &Destination,
        subscription: SubscriptionId,
        positions: &[Marker],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingDelivery>>;

    /// Sets how deliveries to a subscription stand, and puts attempts on record under their numbers. What is about a
    /// message that is not there is passed over; but the attempt that a lease is for can still come on record when it
    /// has expired.
    async fn import_deliveries(
        &self,
        to: &Destination,
        subscription: SubscriptionId,
        deliveries: Vec<MovingDelivery>,
        attempts: Vec<KeptAttempt>,
        now: Timestamp,
    ) -> StorageResult<()>;

    /// How far the subscriptions have come that are notified, in the order of their ids.
    async fn export_cursors(
        &self,
        from: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<MovingCursor, SubscriptionId>>;

    /// The end of a move: from now on these subscriptions are owed what lies behind their cursors, and what is open. What
    /// is under way here and not with them was ended where they come from.
    async fn import_cursors(
        &self,
        to: &Destination,
        cursors: Vec<MovingCursor>,
        now: Timestamp,
    ) -> StorageResult<()>;
}
