//! Query strings. Parameters without a value count as absent, values with commas are lists, and the last value of a
//! repeated parameter wins where a single value is expected.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode_str;
use zaqar_model::Timestamp;

const INVALID_TIME: &str = "The value must be a time, for example 2026-11-23T08:00:00Z.";

/// A parameter that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidParameter {
    name: String,
    reason: &'static str,
}

impl fmt::Display for InvalidParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The \"{}\" parameter is invalid. {}", self.name, self.reason)
    }
}

type Result<T> = std::result::Result<T, InvalidParameter>;

/// The parameters of a request.
#[derive(Debug, Default)]
pub(crate) struct Query<'a> {
    given: BTreeMap<Cow<'a, str>, Values<'a>>,
    /// The parameters of the operation.
    pub(crate) known: &'static [&'static str],
}

#[derive(Debug)]
enum Values<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Query<'a> {
    pub(crate) fn parse(text: Option<&'a str>, known: &'static [&'static str]) -> Self {
        let mut parameters = BTreeMap::new();
        for field in text.unwrap_or_default().split('&') {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            if value.is_empty() {
                continue;
            }
            let name = decode(name);
            let mut values: Vec<_> = if value.contains(',') {
                value.split(',').filter(|element| !element.is_empty()).map(decode).collect()
            } else {
                vec![decode(value)]
            };
            match parameters.get_mut(&name) {
                None if !value.contains(',') => {
                    parameters.extend(values.pop().map(|value| (name, Values::One(value))));
                }
                None => {
                    parameters.insert(name, Values::Many(values));
                }
                Some(Values::Many(earlier)) => earlier.append(&mut values),
                Some(earlier @ Values::One(_)) => {
                    let first = std::mem::replace(earlier, Values::Many(Vec::new()));
                    let Values::One(first) = first else { continue };
                    values.insert(0, first);
                    *earlier = Values::Many(values);
                }
            }
        }
        Self { given: parameters, known }
    }

    fn get(&self, name: &str) -> Option<&Values<'a>> {
        debug_assert!(self.known.contains(&name), "{name} is missing in parameters.rs");
        self.given.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Values::One(value)) => Ok(Some(value)),
            Some(Values::Many(values)) => match values.last() {
                Some(value) => Ok(Some(value)),
                None => Err(invalid(name, "It has no value.")),
            },
        }
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>> {
        self.text(name)?
            .map(|text| integer(text).ok_or_else(|| invalid(name, "The value must be an integer.")))
            .transpose()
    }

    /// A time in ISO 8601.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>> {
        let read = |text| Timestamp::from_iso8601(text).ok_or_else(|| invalid(name, INVALID_TIME));
        self.text(name)?.map(read).transpose()
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>> {
        match self.text(name)? {
            None => Ok(None),
            Some("true" | "True" | "t" | "yes" | "y" | "1" | "on") => Ok(Some(true)),
            Some("false" | "False" | "f" | "no" | "n" | "0" | "off") => Ok(Some(false)),
            Some(_) => Err(invalid(name, "The value of the parameter must be \"true\" or \"false\".")),
        }
    }

    /// A comma that is escaped as `%2C`, as most URL builders do, separates items, too. No item contains one.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        let values = match self.get(name)? {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        };
        let items = values.iter().flat_map(|value| value.split(',')).filter(|item| !item.is_empty());
        Some(items.map(str::to_owned).collect())
    }

    fn unknown(&self) -> impl Iterator<Item = (&Cow<'a, str>, &Values<'a>)> {
        self.given.iter().filter(|(name, _)| !self.known.contains(&name.as_ref()))
    }

    pub(crate) fn unknown_names(&self) -> impl Iterator<Item = &str> {
        self.unknown().map(|(name, _)| name.as_ref())
    }

    /// All unknown parameters. Each may have one value.
    pub(crate) fn others(&self) -> Result<Vec<(&str, &str)>> {
        self.unknown()
            .map(|(name, values)| match values {
                Values::One(value) => Ok((name.as_ref(), value.as_ref())),
                Values::Many(_) => Err(invalid(name, "It may not have more than one value.")),
            })
            .collect()
    }
}

/// An integer as Python parses it, but with plain digits only; surrounding spaces and a sign are allowed. A number
/// beyond 64 bits exceeds every limit, so it is clamped.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let beyond = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(beyond))
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        Cow::Borrowed(text)
    } else if text.contains('+') {
        let spaced = text.replace('+', " ");
        Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
    } else {
        percent_decode_str(text).decode_utf8_lossy()
    }
}

fn invalid(name: &str, reason: &'static str) -> InvalidParameter {
    InvalidParameter { name: name.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Query, integer};

    fn query(text: &str) -> Query<'_> {
        Query::parse(
            Some(text),
            &["a", "absent", "b", "c", "d", "ids", "limit", "name", "none", "one", "text"],
        )
    }

    #[test]
    fn parameters_without_a_value_are_absent() {
        let query = query("a=&b&&c=1");
        assert_eq!(query.text("a").unwrap(), None);
        assert_eq!(query.list("b"), None);
        assert_eq!(query.text("c").unwrap(), Some("1"));
    }

    #[test]
    fn the_last_of_several_values_holds_and_a_list_has_them_all() {
        let query = query("limit=5&limit=3&ids=a,,b&ids=c&ids=d,e&one=x");
        assert_eq!(query.integer("limit").unwrap(), Some(3));
        assert_eq!(query.list("ids").unwrap(), ["a", "b", "c", "d", "e"]);
        assert_eq!(query.list("one").unwrap(), ["x"]);
        let others = |known| Query::parse(Some("limit=5&limit=3&ids=a&one=x"), known);
        assert_eq!(others(&["limit", "ids"]).others().unwrap(), [("one", "x")]);
        assert!(others(&["ids"]).others().is_err());
    }

    #[test]
    fn a_list_of_nothing_is_a_list_but_no_value() {
        let query = query("ids=,&limit=,");
        assert_eq!(query.list("ids").unwrap(), Vec::<String>::new());
        assert!(query.integer("limit").is_err());
    }

    #[test]
    fn an_escaped_comma_divides_a_list_too() {
        let query = query("ids=a%2Cb%2c%2Cc&ids=d,e%2Cf&none=%2C&text=a%2Cb");
        assert_eq!(query.list("ids").unwrap(), ["a", "b", "c", "d", "e", "f"]);
        assert_eq!(query.list("none").unwrap(), Vec::<String>::new());
        assert_eq!(query.text("text").unwrap(), Some("a,b"));
    }

    #[test]
    fn escapes_are_resolved_after_the_commas() {
        let query = query("%6eame=a%2Cb+c%zz%C3%A9%ff");
        assert_eq!(query.text("name").unwrap(), Some("a,b c%zz\u{e9}\u{fffd}"));
    }

    #[test]
    fn booleans_are_certain_words() {
        let query = query("a=true&b=no&c=TRUE&d=2");
        assert_eq!(query.boolean("a").unwrap(), Some(true));
        assert_eq!(query.boolean("b").unwrap(), Some(false));
        assert_eq!(query.boolean("absent").unwrap(), None);
        assert!(query.boolean("c").is_err());
        assert!(query.boolean("d").is_err());
    }

    #[test]
    fn integers_are_plain_digits() {
        for (text, value) in [("5", 5), ("+5", 5), (" -5 ", -5), ("007", 7), ("-0", 0)] {
            assert_eq!(integer(text), Some(value));
        }
        assert_eq!(integer("99999999999999999999"), Some(i64::MAX));
        assert_eq!(integer("-99999999999999999999"), Some(i64::MIN));
        for bad in ["", " ", "1_0", "0x10", "1.0", "1e3", "--1", "+", "١"] {
            assert_eq!(integer(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_query_panics(text in any::<String>(), likely in "[a-c=&,%+0-9]{0,40}") {
            for text in [text, likely] {
                let query = query(&text);
                let _ = (query.text("a"), query.integer("b"), query.boolean("c"), query.list("a"), query.others());
            }
        }
    }
}
