//! Markers of listings in the order of names. A marker may be any text.

/// Queues, pools and flavors have names of these.
const ALLOWED: &[u8] = b"-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const MAX_LENGTH: usize = 64;

/// The greatest name that is not behind `text`, so that "behind that name" and "behind the text" are the same names.
/// Empty if there is none.
pub(crate) fn name_before(text: &str) -> String {
    let bytes = text.as_bytes();
    let good = bytes.iter().take_while(|byte| ALLOWED.contains(byte)).count().min(MAX_LENGTH);
    // What was counted is ASCII.
    let mut name = text.get(..good).unwrap_or_default().to_owned();
    if let Some(bad) = bytes.get(good).filter(|_| good < MAX_LENGTH)
        && let Some(last) = ALLOWED.iter().rev().find(|allowed| *allowed < bad)
    {
        name.push(char::from(*last));
        while name.len() < MAX_LENGTH {
            name.push('z');
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::name_before;

    fn is_behind(name: &str, marker: &str) -> bool {
        name > name_before(marker).as_str()
    }

    #[test]
    fn a_marker_that_is_a_name_is_itself() {
        assert_eq!(name_before("q2"), "q2");
        assert_eq!(name_before(""), "");
        assert_eq!(name_before(" "), "");
    }

    proptest! {
        #[test]
        fn behind_the_name_is_behind_the_text(marker in any::<String>(), name in "[a-zA-Z0-9_.-]{1,64}") {
            prop_assert_eq!(is_behind(&name, &marker), name.as_str() > marker.as_str());
        }

        #[test]
        fn behind_a_marker_close_to_the_name(
            name in "[a-c_.-]{1,64}", cut in 0_usize..64, tail in "[-!/:~a\u{e9}]{0,2}"
        ) {
            let marker = format!("{}{tail}", &name[..cut.min(name.len())]);
            prop_assert_eq!(is_behind(&name, &marker), name.as_str() > marker.as_str());
        }
    }
}
