//! A delivery that is not done.

use zaqar_model::{Lease, MessageId, Timestamp};

use crate::log::DeliveryState;

/// A delivery that was considered and is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenDelivery {
    pub(crate) attempts: u32,
    /// When it is due. While it is leased, when the lease ends.
    pub(in crate::index) due: Timestamp,
    /// The last lease, unless its outcome was recorded.
    pub(crate) lease: Option<Lease>,
    /// When it counts as expired.
    pub(in crate::index) expires: Timestamp,
}

impl OpenDelivery {
    /// Its state in the log, with the id of its message. The log does not have the end of a lease: with the process
    /// at the latest.
    pub(crate) fn logged(&self, message: MessageId) -> DeliveryState {
        let Self { attempts, due, lease, .. } = *self;
        let waiting = DeliveryState::Waiting { due, attempts };
        lease.map_or(waiting, |lease| DeliveryState::UnderWay { message, lease, attempts })
    }
}
