//! Delayed messages of a live subscription that respects delays: they wait aside, and hold up none of those behind them.

use std::collections::{BTreeMap, BTreeSet};

use zaqar_model::{Marker, MessageId, Timestamp};

/// A connection costs memory for so many delayed messages. Where there are more, those behind them wait, too.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Delayed {
    by_time: BTreeMap<(Timestamp, Marker), MessageId>,
    places: BTreeSet<Marker>,
}

impl Delayed {
    pub(super) fn is_full(&self) -> bool {
        self.by_time.len() >= MOST
    }

    pub(super) fn put(&mut self, until: Timestamp, place: Marker, id: MessageId) {
        self.by_time.insert((until, place), id);
        self.places.insert(place);
    }

    /// When the first one comes within reach.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.by_time.first_key_value().map(|((until, _), _)| *until)
    }

    /// The first one, if it is within reach.
    pub(super) fn due(&self, now: Timestamp) -> Option<MessageId> {
        let first = self.by_time.first_key_value().filter(|((until, _), _)| *until <= now);
        first.map(|(_, id)| *id)
    }

    pub(super) fn remove_first(&mut self) {
        if let Some(((_, place), _)) = self.by_time.pop_first() {
            self.places.remove(&place);
        }
    }

    /// Where whoever comes back misses nothing, if all but these was read up to `behind`.
    pub(super) fn safe_marker(&self, behind: Marker) -> Marker {
        self.places.first().map_or(behind, |first| Marker::new(first.get().saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use zaqar_model::{Marker, MessageId, Timestamp};

    use super::Delayed;

    #[test]
    fn they_come_by_their_time_and_the_marker_stays_before_the_first() {
        let (at, id) = (Timestamp::from_secs, MessageId::from_u128);
        let mut delayed = Delayed::default();
        assert_eq!((delayed.next(), delayed.safe_marker(Marker::new(9))), (None, Marker::new(9)));
        delayed.put(at(30), Marker::new(3), id(3));
        delayed.put(at(20), Marker::new(5), id(5));
        assert_eq!(
            (delayed.next(), delayed.due(at(19)), delayed.due(at(20))),
            (Some(at(20)), None, Some(id(5)))
        );
        assert_eq!(delayed.safe_marker(Marker::new(9)), Marker::new(2));
        delayed.remove_first();
        assert_eq!((delayed.due(at(30)), delayed.safe_marker(Marker::new(9))), (Some(id(3)), Marker::new(2)));
        delayed.remove_first();
        assert_eq!(delayed.safe_marker(Marker::new(9)), Marker::new(9));
    }
}
