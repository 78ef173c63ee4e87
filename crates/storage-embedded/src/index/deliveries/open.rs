//! A delivery that is not done.

use zaqar_model::{Lease, MessageId, Timestamp};

use crate::log::DeliveryState;

/// A delivery that was taken up once and is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenDelivery {
    pub(crate) attempts: u32,
    /// When it is to be tried; while it is leased, when the lease ends.
    pub(in crate::index) due: Timestamp,
    /// Who had it last, unless that was recorded.
    pub(crate) lease: Option<Lease>,
    /// When it is to be looked at as expired.
    pub(in crate::index) expires: Timestamp,
}

impl OpenDelivery {
    /// What the log says of it, with its message's id. When a lease ends is not in it: with the process at the latest.
    pub(crate) fn logged(&self, message: MessageId) -> DeliveryState {
        let Self { attempts, due, lease, .. } = *self;
        let waiting = DeliveryState::Waiting { due, attempts };
        lease.map_or(waiting, |lease| DeliveryState::UnderWay { message, lease, attempts })
    }
}
