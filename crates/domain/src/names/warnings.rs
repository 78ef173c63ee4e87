//! The warnings of one request.

use std::fmt;

use super::KnownNames;
use super::slip::{Slip, slip};

/// What a client is told of the names in its request. Each text is a sentence of a few hundred bytes at most, of visible
/// ASCII and spaces without quotation marks and backslashes, whatever the names hold. A request whose names are all known
/// costs nothing.
#[derive(Debug, Default)]
pub struct Warnings {
    texts: Vec<String>,
    has_more: bool,
    unknown: usize,
}

/// More are not told of one request.
const MOST_TEXTS: usize = 5;
const MORE: &str = "There are more unknown names.";
/// More unknown names of one request are not looked at.
const MOST_UNKNOWN: usize = 1000;
/// A name is shown with so many bytes at most.
const MOST_SHOWN: usize = 64;

impl Warnings {
    /// Looks at a name that a request has in this place. Answers whether it looks like a slip.
    pub fn check(&mut self, name: &str, known: &KnownNames<'_>) -> bool {
        if known.has(name) || self.unknown >= MOST_UNKNOWN {
            return false;
        }
        self.unknown += 1;
        let Some(slip) = slip(name, known) else { return false };
        self.add(name, known.place, format_args!("{slip}"));
        true
    }

    /// A name that only other requests have in this place.
    pub fn belongs_elsewhere(&mut self, name: &str, place: &str) {
        self.add(name, place, format_args!("other requests have it, this one does not."));
    }

    fn add(&mut self, name: &str, place: &str, hint: fmt::Arguments<'_>) {
        let text = format!("Unknown name '{}' in {place}: {hint}", shown(name));
        if self.texts.contains(&text) {
            return;
        }
        if self.texts.len() < MOST_TEXTS {
            self.texts.push(text);
        } else {
            self.has_more = true;
        }
    }

    pub const fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str).chain(self.has_more.then_some(MORE))
    }
}

/// For the log.
impl fmt::Display for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, text) in self.texts().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}{text}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Slip<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Near(known) => write!(f, "did you mean '{known}'?"),
            Self::Reserved => f.write_str("names that begin with '_' are reserved."),
        }
    }
}

/// A name as it can stand anywhere. What is not visible ASCII is escaped as in a URL; what is too long is cut.
fn shown(name: &str) -> String {
    let mut shown = String::new();
    for byte in name.bytes() {
        let is_plain = byte.is_ascii_graphic() && !matches!(byte, b'\'' | b'"' | b'\\' | b'%');
        let piece = if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        if shown.len() + piece.len() > MOST_SHOWN {
            shown.push_str("...");
            break;
        }
        shown.push_str(&piece);
    }
    shown
}

#[cfg(test)]
mod tests {
    use allocation_counter::measure;
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{MOST_TEXTS, MOST_UNKNOWN, Warnings, shown};
    use crate::names::{MESSAGE, METADATA};

    #[test]
    fn a_warning_names_the_name_its_place_and_what_was_meant() {
        let mut warnings = Warnings::default();
        assert!(warnings.check("dealy", &MESSAGE));
        assert!(warnings.check("_colour", &METADATA));
        assert!(!warnings.check("team", &METADATA));
        warnings.belongs_elsewhere("outcome", "the query");
        let expected = [
            "Unknown name 'dealy' in a message: did you mean 'delay'?",
            "Unknown name '_colour' in the metadata: names that begin with '_' are reserved.",
            "Unknown name 'outcome' in the query: other requests have it, this one does not.",
        ];
        assert_eq!(warnings.texts().collect::<Vec<_>>(), expected);
        assert_eq!(warnings.to_string(), expected.join(" "));
    }

    #[test]
    fn each_warning_is_told_once_and_only_a_handful_of_them() {
        let mut warnings = Warnings::default();
        for _ in 0..100 {
            warnings.check("dealy", &MESSAGE);
        }
        assert_eq!(warnings.texts().count(), 1);
        for number in 0..100 {
            warnings.check(&format!("_name_{number}"), &METADATA);
        }
        let texts: Vec<_> = warnings.texts().collect();
        assert_eq!((texts.len(), texts[MOST_TEXTS]), (MOST_TEXTS + 1, "There are more unknown names."));
    }

    #[test]
    fn however_many_names_a_request_has_only_so_many_are_looked_at() {
        let mut warnings = Warnings::default();
        for number in 0..MOST_UNKNOWN {
            warnings.check(&number.to_string(), &METADATA);
        }
        assert!(!warnings.check("_retry_polcy", &METADATA));
    }

    #[test]
    fn names_that_are_known_or_far_from_every_known_one_cost_nothing() {
        let mut warnings = Warnings::default();
        let counted = measure(|| {
            for name in ["ttl", "body", "delay", "priority", "content-type"] {
                warnings.check(name, &MESSAGE);
            }
        });
        assert_eq!(counted.count_total, 0);
    }

    #[test]
    fn a_name_is_shown_as_a_header_and_a_log_can_hold_it() {
        assert_eq!(shown("_d\u{e9}lai \"x\\'%\n"), "_d%C3%A9lai%20%22x%5C%27%25%0A");
        assert_eq!(shown(&"x".repeat(70)), format!("{}...", "x".repeat(64)));
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_bounds(name in any::<String>(), long in "_.{0,2000}") {
            let mut warnings = Warnings::default();
            for name in [name, long] {
                warnings.check(&name, &METADATA);
                warnings.belongs_elsewhere(&name, "the query");
            }
            for text in warnings.texts() {
                let is_plain = |byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
                prop_assert!(text.len() <= 300 && text.bytes().all(is_plain), "{text}");
            }
        }
    }
}
