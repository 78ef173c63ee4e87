//! Subscriptions of a queue that moves here: how they stand comes piece by piece.

use zaqar_model::{DeliveryStanding, LeaseId, MessageId, SubscriptionId, Timestamp};

use super::QueueIndex;
use super::cursor::Cursor;
use crate::log::{Failure, ForeignId, Standing};

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

    /// Takes over a lease that was given out elsewhere, also if the message has expired meanwhile: the attempt comes on
    /// record.
    pub(crate) fn lend(
        &mut self,
        id: SubscriptionId,
        (sequence, message, attempts): (u64, MessageId, u32),
        lease: LeaseId,
        until: Timestamp,
    ) {
        if self.cursor(id).is_none() {
            return;
        }
        if self.owed_message(sequence).is_none() {
            self.ids.insert(sequence, ForeignId { id: message, posted: true });
        }
        self.change(id, sequence, |cursor| {
            cursor.put(sequence, until, attempts);
            cursor.lease(sequence, lease, until);
        });
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

/// What the log says of a delivery: of a lease, nothing. It ends with the process.
pub(crate) fn logged(standing: &DeliveryStanding) -> Standing {
    match standing.clone() {
        DeliveryStanding::Done => Standing::Done,
        DeliveryStanding::Open { attempts, due, lease } => {
            let due = if lease.is_none() { due } else { Timestamp::default() };
            Standing::Waiting { due, attempts }
        }
        DeliveryStanding::Failed { attempts, at, reason } => {
            Standing::Failed(Failure { at, attempts, reason })
        }
    }
}
