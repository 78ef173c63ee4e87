//! Migration: a queue goes to another store with everything in it, while it stays in use.

use zaqar_model::{Destination, Marker, MessageId, MovingMessage, Timestamp};

use crate::StorageResult;

/// Reads a queue out of one store and puts it into another, message by message. Whoever moves a queue sees to it that
/// only one of the two is in use: `zaqar-storage-pooled` says how. Subscriptions go over by
/// [`Subscriptions`](crate::Subscriptions).
#[async_trait::async_trait]
pub trait Migration: Send + Sync {
    /// The first messages behind a position, in their order and as they are now: claimed, delayed and exhausted ones
    /// among them.
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

    /// The last position that a message of this queue was ever given, here or where it came from.
    async fn last_position(&self, from: &Destination) -> StorageResult<Marker>;

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
}
