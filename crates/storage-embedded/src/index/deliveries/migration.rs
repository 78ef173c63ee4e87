//! Subscriptions of a queue that migrates to this store: their deliveries arrive in pieces.

use zaqar_model::{DeliveryStanding, ExportedDelivery, Lease, SubscriptionId, Timestamp};

use super::cursor::Cursor;
use super::open::OpenDelivery;
use crate::index::QueueIndex;
use crate::log::{DeliveryFailure, DeliveryState};

impl QueueIndex {
    /// Applies the progress of a subscription in another store. Unlike with [`set_state`](Self::set_state), a
    /// state says nothing about the deliveries before it.
    pub(crate) fn resume(
        &mut self,
        id: SubscriptionId,
        reset: bool,
        front: u64,
        states: impl IntoIterator<Item = (u64, DeliveryState)>,
    ) {
        if reset {
            self.reset_cursor(id);
        }
        for (sequence, standing) in states {
            self.put_state(id, sequence, standing);
        }
        self.set_front(id, front);
        self.backlog.changes.woken.push(id);
    }

    /// Takes over a lease from another store, with its end.
    pub(crate) fn lend(&mut self, id: SubscriptionId, sequence: u64, lease: Lease, until: Timestamp) {
        self.change(id, sequence, |cursor| cursor.lease(sequence, lease, until));
        self.backlog.changes.woken.push(id);
    }

    /// Resets a cursor to the beginning, with no open delivery: from then on all messages are retained.
    fn reset_cursor(&mut self, id: SubscriptionId) {
        let Some(before) = self.backlog.cursors.get_mut(&id) else { return };
        let before = std::mem::replace(before, Cursor::at(0));
        // Insert the new front first, so that no message is dropped in between.
        self.backlog.fronts.insert((0, id));
        if before.front > 0 {
            self.backlog.fronts.remove(&(before.front, id));
        }
        before.held().for_each(|sequence| self.let_go(sequence));
        self.backlog.caught_up.remove(&id);
    }
}

/// The state of a delivery as it is logged.
pub(crate) fn logged(delivery: &ExportedDelivery) -> DeliveryState {
    match delivery.standing.clone() {
        DeliveryStanding::Done => DeliveryState::Done,
        DeliveryStanding::Open { attempts, due, lease } => {
            OpenDelivery { attempts, due, lease, expires: Timestamp::default() }.logged(delivery.message)
        }
        DeliveryStanding::Failed { attempts, at, reason } => {
            DeliveryState::Failed(DeliveryFailure { at, attempts, reason })
        }
    }
}
