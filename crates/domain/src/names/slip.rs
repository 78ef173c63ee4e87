//! Whether a name that is not known looks like a slip.

use super::KnownNames;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slip<'n> {
    /// It is nearly this known name.
    Near(&'n str),
    /// It begins with `_`, where such names are the service's.
    Reserved,
}

/// Of names that are so short, every other one is two letters away.
const SHORT: usize = 4;

/// How many letters may differ, come too many, be left out, or stand in each other's place.
const fn allowed(known: &str) -> usize {
    if known.len() <= SHORT { 1 } else { 2 }
}

/// `None`: it is known, or looks like nothing that is.
pub(super) fn slip<'n>(name: &str, known: &KnownNames<'n>) -> Option<Slip<'n>> {
    if known.has(name) {
        return None;
    }
    let is_reserved = known.underscore_is_reserved && name.starts_with('_');
    nearest(name, known.names).map(Slip::Near).or(is_reserved.then_some(Slip::Reserved))
}

/// Whether letters are large does not count: `TTL` is nearly `ttl`.
fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let length = name.chars().count();
    let fits = |candidate: &&&str| candidate.len().abs_diff(length) <= allowed(candidate);
    // Most names are longer or shorter than all that are known.
    known.iter().find(fits)?;
    let plain = name.to_lowercase();
    known
        .iter()
        .filter(fits)
        .map(|candidate| (strsim::osa_distance(&plain, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= allowed(candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::sample::select;

    use super::{SHORT, Slip, slip};
    use crate::names::{
        CLAIM, CONFIRMATION, FLAVOR, KnownNames, MESSAGE, METADATA, OPTIONS, POOL, POST, PURGE, RETRY_POLICY,
        SUBSCRIPTION,
    };

    const PLACES: [KnownNames<'static>; 11] = [
        METADATA,
        RETRY_POLICY,
        POST,
        MESSAGE,
        CLAIM,
        PURGE,
        SUBSCRIPTION,
        CONFIRMATION,
        OPTIONS,
        POOL,
        FLAVOR,
    ];

    fn known_name() -> impl Strategy<Value = (KnownNames<'static>, &'static str)> {
        let all = PLACES.iter().flat_map(|place| place.names.iter().map(|name| (*place, *name)));
        select(all.collect::<Vec<_>>())
    }

    /// One letter more, less, other, or two in each other's place.
    #[derive(Clone, Copy, Debug)]
    enum Edit {
        Insert(char),
        Delete,
        Replace(char),
        Swap,
    }

    fn edit() -> impl Strategy<Value = (Edit, usize)> {
        let letter = || select("abcdefghijklmnopqrstuvwxyz_0123456789".chars().collect::<Vec<_>>());
        let edit = prop_oneof![
            letter().prop_map(Edit::Insert),
            letter().prop_map(Edit::Replace),
            select(vec![Edit::Delete, Edit::Swap]),
        ];
        (edit, any::<usize>())
    }

    fn edited(part: &str, (edit, place): (Edit, usize)) -> String {
        let mut letters: Vec<char> = part.chars().collect();
        let place = place % letters.len();
        match edit {
            Edit::Insert(letter) => letters.insert(place, letter),
            Edit::Replace(letter) => letters[place] = letter,
            Edit::Delete => drop(letters.remove(place)),
            Edit::Swap => letters.swap(place, place.saturating_sub(1)),
        }
        letters.into_iter().collect()
    }

    #[test]
    fn the_slips_of_the_report_are_told_and_what_is_known_or_free_is_not() {
        for (place, name, near) in [
            (METADATA, "_retry_polcy", "_retry_policy"),
            (METADATA, "_max_claim_cuont", "_max_claim_count"),
            (METADATA, "default_message_ttl", "_default_message_ttl"),
            (MESSAGE, "dealy", "delay"),
            (MESSAGE, "tll", "ttl"),
            (MESSAGE, "TTL", "ttl"),
            (RETRY_POLICY, "retries_with_no_dealy", "retries_with_no_delay"),
            (SUBSCRIPTION, "subcriber", "subscriber"),
            (OPTIONS, "_retry-policy", "_retry_policy"),
            (CLAIM, "garce", "grace"),
        ] {
            assert_eq!(slip(name, &place), Some(Slip::Near(near)), "{name}");
        }
        for name in ["_colour", "_", "__retry", "_\u{e9}"] {
            assert_eq!(slip(name, &METADATA), Some(Slip::Reserved), "{name}");
            assert_eq!(slip(name, &MESSAGE), None, "{name}: nothing is reserved there");
        }
        for name in ["name", "owner", "team", "a", "id", "foo", "", "priority", "trace_id", "content-type"] {
            for place in [METADATA, MESSAGE, OPTIONS, CLAIM] {
                assert_eq!(slip(name, &place), None, "{name} in {}", place.place);
            }
        }
    }

    proptest! {
        #[test]
        fn a_known_name_is_never_told((place, name) in known_name()) {
            prop_assert_eq!(slip(name, &place), None);
        }

        #[test]
        fn a_name_within_two_letters_of_a_known_one_is_told(
            (place, name) in known_name(), first in edit(), second in edit()
        ) {
            // An edit in each half, so that they do not undo or reach into each other.
            let (start, end) = name.split_at(name.len() / 2);
            let end = if name.len() <= SHORT { end.to_owned() } else { edited(end, second) };
            let name = edited(start, first) + &end;
            prop_assert!(place.has(&name) || slip(&name, &place).is_some(), "{name} in {}", place.place);
        }

        #[test]
        fn a_name_far_from_every_known_one_is_not_told(
            place in select(PLACES.to_vec()), text in any::<String>(), likely in "[a-z]{0,20}"
        ) {
            for name in [text, likely] {
                let plain = name.to_lowercase();
                let is_far = |known: &&str| strsim::osa_distance(&plain, known) > 2;
                if !name.starts_with('_') && place.names.iter().all(is_far) {
                    prop_assert_eq!(slip(&name, &place), None);
                }
            }
        }
    }
}
