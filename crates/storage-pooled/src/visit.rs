//! A visit: the use of one queue's store by one call.

use std::sync::Arc;

use zaqar_model::{Destination, Marker, MessageId, SubscriptionId};
use zaqar_storage::{MessageStore, StorageError, StorageResult};

use crate::changes::Changed;
use crate::gates::{AtGate, Inside};
use crate::home::Home;
use crate::pooled::Pooled;

/// While it lasts, the queue lives where it does. What it has touched is noted at its end, however it ends: a call that is
/// given up halfway may have had its effect.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) store: Arc<dyn MessageStore>,
    at_gate: AtGate,
    touched: Changed,
    /// The queue was mapped by this visit.
    pub(crate) is_new: bool,
    _inside: Inside,
}

impl Pooled {
    /// Enters a queue that lives somewhere.
    pub(crate) async fn visit(&self, queue: &Destination) -> StorageResult<Option<Visit>> {
        self.pools.check_open()?;
        let at_gate = self.approach(queue.number);
        let inside = Inside::WithOthers { _inside: at_gate.with_others().await };
        self.look_around(queue, at_gate, inside).await
    }

    /// Enters a queue to change a subscription. While the queue is being copied, the copy must hear of a subscription
    /// before it hears of a message that stays for it.
    pub(crate) async fn visit_subscriptions(&self, queue: &Destination) -> StorageResult<Option<Visit>> {
        self.pools.check_open()?;
        let at_gate = self.approach(queue.number);
        let inside = at_gate.in_turn().await;
        self.look_around(queue, at_gate, inside).await
    }

    async fn look_around(
        &self,
        queue: &Destination,
        at_gate: AtGate,
        inside: Inside,
    ) -> StorageResult<Option<Visit>> {
        let Some(home) = self.home_of(queue.number).await? else { return Ok(None) };
        let store = self.store_of(&home).await?;
        Ok(Some(Visit::inside(store, at_gate, inside)))
    }

    /// Enters a queue to put something into it: one that lives nowhere yet gets a pool.
    pub(crate) async fn visit_to_write(&self, queue: &Destination) -> StorageResult<Visit> {
        self.pools.check_open()?;
        let at_gate = self.approach(queue.number);
        let inside = Inside::WithOthers { _inside: at_gate.with_others().await };
        self.settle(queue, at_gate, inside).await
    }

    /// The same, to put subscriptions into it.
    pub(crate) async fn visit_to_subscribe(&self, queue: &Destination) -> StorageResult<Visit> {
        self.pools.check_open()?;
        let at_gate = self.approach(queue.number);
        let inside = at_gate.in_turn().await;
        self.settle(queue, at_gate, inside).await
    }

    async fn settle(&self, queue: &Destination, at_gate: AtGate, inside: Inside) -> StorageResult<Visit> {
        let Found { home, is_new } = self.find_home(queue).await?;
        let store = self.store_of(&home).await?;
        let mut visit = Visit::inside(store, at_gate, inside);
        visit.is_new = is_new;
        Ok(visit)
    }

    /// Where a queue lives, from now on if it lived nowhere. Called inside of its gate.
    pub(crate) async fn find_home(&self, queue: &Destination) -> StorageResult<Found> {
        if let Some(home) = self.home_of(queue.number).await? {
            return Ok(Found { home, is_new: false });
        }
        let pool = self.default_pool(queue).await?.ok_or_else(no_pool)?;
        let pool = self.map_new(queue, &pool).await?;
        Ok(Found { home: Home::Pool(pool), is_new: true })
    }

    /// A queue that was dropped is not kept in the catalogue for a message that came too late.
    pub(crate) async fn forget_if_dropped<T>(
        &self,
        is_new: bool,
        queue: &Destination,
        result: StorageResult<T>,
    ) -> StorageResult<T> {
        if is_new && matches!(result, Err(StorageError::NotFound(_))) {
            self.management.unmap(queue.number).await?;
        }
        result
    }

    /// The end of a visit that has put something into the queue.
    pub(crate) async fn end<T>(
        &self,
        visit: Visit,
        queue: &Destination,
        result: StorageResult<T>,
    ) -> StorageResult<T> {
        self.forget_if_dropped(visit.is_new, queue, result).await
    }
}

/// Where a queue lives, and whether that was decided just now.
pub(crate) struct Found {
    pub(crate) home: Home,
    pub(crate) is_new: bool,
}

/// The refusal of a queue that no pool takes.
pub(crate) fn no_pool() -> StorageError {
    StorageError::unavailable(
        "no pool without a flavor takes queues: register one with a weight above 0, \
         or set [pooling:catalog] enable_virtual_pool",
    )
}

impl Visit {
    pub(crate) fn inside(store: Arc<dyn MessageStore>, at_gate: AtGate, inside: Inside) -> Self {
        Self { store, at_gate, touched: Changed::default(), is_new: false, _inside: inside }
    }

    pub(crate) fn touch(&mut self, messages: impl IntoIterator<Item = MessageId>) {
        self.touched.messages.extend(messages);
    }

    pub(crate) fn touch_subscription(&mut self, subscription: SubscriptionId) {
        self.touched.subscriptions.insert(subscription);
    }

    pub(crate) fn touch_delivery(&mut self, subscription: SubscriptionId, position: Marker) {
        self.touched.deliveries.entry(subscription).or_default().insert(position);
    }

    /// Any delivery to this subscription.
    pub(crate) fn touch_cursor(&mut self, subscription: SubscriptionId) {
        self.touched.cursors.insert(subscription);
    }

    pub(crate) const fn touch_all(&mut self) {
        self.touched.purged = true;
    }

    /// Whether the queue is being copied, so that it matters what is touched.
    pub(crate) fn is_noted(&self) -> bool {
        self.at_gate.changes().is_some()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        // Before the gate is left: a switch that comes next must know.
        if let Some(changes) = self.at_gate.changes() {
            changes.add(std::mem::take(&mut self.touched));
        }
    }
}
