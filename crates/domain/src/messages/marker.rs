//! Markers of listings of messages: a place in one life of a queue. A queue that is deleted and made anew has another
//! number, and a marker of its earlier life begins at the start.

use zaqar_model::{Destination, DestinationNumber, Marker, MessageId};
use zaqar_storage::ListStart;

use crate::marker::number_in;

/// Behind the place: delayed messages stay hidden, whatever the link says. Upstream's links say `include_delayed=true` for
/// every queue without a default delay, where it knows no delayed messages; here there may be some, and a client that
/// follows the links must not come to see them.
const DELAYED_STAY_HIDDEN: char = 'd';
/// Between the place and the number of the queue.
const SEPARATOR: char = '-';

/// What a marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    at: Marker,
    /// Markers of the first release do not say it: they are taken for ones of this life.
    queue: Option<DestinationNumber>,
    pub(super) delayed_stay_hidden: bool,
}

/// A marker for clients.
pub(crate) fn write_marker(at: Marker, queue: DestinationNumber, delayed_stay_hidden: bool) -> String {
    let hidden = if delayed_stay_hidden { DELAYED_STAY_HIDDEN.to_string() } else { String::new() };
    format!("{}{hidden}{SEPARATOR}{:x}", at.get(), queue.get())
}

pub(super) fn read_marker(text: &str) -> Option<Place> {
    let (place, queue) = match text.split_once(SEPARATOR) {
        None => (text, None),
        Some((place, queue)) => (place, Some(queue_in(queue)?)),
    };
    let digits = place.strip_suffix(DELAYED_STAY_HIDDEN).unwrap_or(place);
    let at = Marker::new(number_in(digits)?);
    Some(Place { at, queue, delayed_stay_hidden: digits.len() < place.len() })
}

fn queue_in(text: &str) -> Option<DestinationNumber> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let number = u64::from_str_radix(text, 16).ok().filter(|_| text.bytes().all(is_hex));
    number.map(DestinationNumber::new)
}

/// Whether a text may be a marker.
pub(crate) fn is_marker(text: &str) -> bool {
    read_marker(text).is_some() || text.parse::<MessageId>().is_ok()
}

/// Where a listing starts that goes on behind a marker: one that was written here, or the id of a message. One from another
/// life of the queue stands before the first message. `None`: it is neither.
pub(crate) fn start_of(from: &Destination, marker: &str) -> Option<ListStart> {
    if let Some(place) = read_marker(marker) {
        let is_of_this_life = place.queue.is_none_or(|queue| queue == from.number);
        return Some(if is_of_this_life { ListStart::Behind(place.at) } else { ListStart::Start });
    }
    marker.parse().ok().map(ListStart::BehindMessage)
}

#[cfg(test)]
mod tests {
    use zaqar_model::{DestinationNumber, Marker, MessageId};

    use super::{Place, is_marker, read_marker, write_marker};

    #[test]
    fn a_marker_is_read_back() {
        for delayed_stay_hidden in [true, false] {
            for number in [0, 77, u64::MAX] {
                let (at, queue) = (Marker::new(u64::MAX), DestinationNumber::new(number));
                let text = write_marker(at, queue, delayed_stay_hidden);
                assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{text}");
                let expected = Place { at, queue: Some(queue), delayed_stay_hidden };
                assert_eq!(read_marker(&text), Some(expected));
            }
        }
    }

    #[test]
    fn markers_of_the_first_release_are_read() {
        for (text, delayed_stay_hidden) in [("6", false), ("6d", true)] {
            let expected = Place { at: Marker::new(6), queue: None, delayed_stay_hidden };
            assert_eq!(read_marker(text), Some(expected));
        }
    }

    #[test]
    fn an_id_is_a_marker_but_no_place() {
        for id in [0, 1, u128::MAX] {
            let id = MessageId::from_u128(id).to_string();
            assert_eq!(read_marker(&id), None);
            assert!(is_marker(&id));
        }
    }

    #[test]
    fn anything_else_is_no_marker() {
        for text in [
            "",
            "d",
            "x",
            "-1",
            "+1",
            " 1",
            "1_0",
            "1dd",
            "18446744073709551616",
            "١",
            "1-",
            "1d-",
            "-",
            "-a",
            "1-g",
            "1-A",
            "1-+a",
            "1--a",
            "1-a-b",
            "1-10000000000000000",
            "1-a ",
            "d-a",
        ] {
            assert_eq!(read_marker(text), None, "{text}");
        }
    }
}
