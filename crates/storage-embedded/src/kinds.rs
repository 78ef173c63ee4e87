//! The numbers that stand for the kinds of destinations on disk.

use zaqar_model::DestinationKind;

pub(crate) const fn number_of(kind: DestinationKind) -> u8 {
    match kind {
        DestinationKind::Queue => 0,
        DestinationKind::Topic => 1,
        DestinationKind::Confirmations => 2,
    }
}

/// Returns `None` for an unknown number.
pub(crate) const fn kind_of(number: u8) -> Option<DestinationKind> {
    match number {
        0 => Some(DestinationKind::Queue),
        1 => Some(DestinationKind::Topic),
        2 => Some(DestinationKind::Confirmations),
        _ => None,
    }
}
