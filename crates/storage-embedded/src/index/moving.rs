//! Subscriptions of a queue that moves here: how they stand comes piece by piece.

use zaqar_model::{DeliveryStanding, LeaseHold, MovingDelivery, SubscriptionId, Timestamp};

use super::QueueIndex;
use super::cursor::{Cursor, Open};
use crate::log::{Failure, Standing};

impl QueueIndex {
    /// Takes up how far a subscription has come elsewhere. Unlike [`set_standing`](Self::set_standing), a standing says
    /// nothing of the deliveries before it.
    pub(crate) fn resume(
        &mut self,
        id: SubscriptionId,
        anew: bool,
        front: u64,
        standings: impl IntoIterator<Item = (u64, Standing)>,
    ) {
        if anew {
            self.begin_anew(id);
        }
        for (sequence, standing) in standings {
            self.stand(id, sequence, standing);
        }
        self.set_front(id, front);
        self.owing.changes.woken.push(id);
    }

    /// Takes over a lease that was given out elsewhere, until the moment that was agreed on there.
    pub(crate) fn lend(&mut self, id: SubscriptionId, sequence: u64, lease: LeaseHold, until: Timestamp) {
        self.change(id, sequence, |cursor| cursor.lease(sequence, lease, until));
        self.owing.changes.woken.push(id);
    }

    /// Puts a cursor before everything, where it holds nothing: from there on all messages stay.
    fn begin_anew(&mut self, id: SubscriptionId) {
        let Some(before) = self.owing.cursors.get_mut(&id) else { return };
        let before = std::mem::replace(before, Cursor::at(0));
        // First the new place, so that no message goes in between.
        self.owing.fronts.insert((0, id));
        if before.front > 0 {
            self.owing.fronts.remove(&(before.front, id));
        }
        before.held().for_each(|sequence| self.let_go(sequence));
        self.owing.caught_up.remove(&id);
    }
}

/// What the log says of a delivery.
pub(crate) fn logged(delivery: &MovingDelivery) -> Standing {
    match delivery.standing.clone() {
        DeliveryStanding::Done => Standing::Done,
        DeliveryStanding::Open { attempts, due, lease } => {
            Open { attempts, due, lease, expires: Timestamp::default() }.logged(delivery.message)
        }
        DeliveryStanding::Failed { attempts, at, reason } => {
            Standing::Failed(Failure { at, attempts, reason })
        }
    }
}
