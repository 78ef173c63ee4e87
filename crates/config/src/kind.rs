//! The types of option values: how a text is parsed, and how error messages describe a valid value.
//!
//! The rules are those of oslo.config's types, except that values which the service could not use are rejected: `nan`,
//! and an empty number where the option is not optional.

mod host_address;
mod numbers;

use std::collections::BTreeMap;
use std::fmt;

use crate::ini;
use crate::value::Value;

/// An allowed value of an option, and its meaning if that is not obvious.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    pub value: &'static str,
    pub meaning: &'static str,
}

impl Choice {
    pub(crate) fn without_meaning(value: &&'static str) -> Self {
        Self { value, meaning: "" }
    }
}

/// What values an option takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Text,
    Choice {
        choices: Vec<Choice>,
        ignore_case: bool,
    },
    Boolean,
    /// Both bounds are inclusive.
    Integer {
        at_least: i128,
        at_most: i128,
    },
    Float {
        at_least: f64,
    },
    HostAddress,
    /// Comma-separated. With `choices`, each item must be one of them.
    List {
        choices: Vec<Choice>,
    },
    /// One value per line; the lines of all files are combined.
    Repeated,
    Dictionary,
}

impl Kind {
    /// Parses `text`. `None` if it is not of this kind.
    pub(crate) fn parse(&self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::Text(text.to_owned())),
            Self::Choice { choices, ignore_case } => {
                let is_meant = |choice: &Choice| {
                    choice.value == text
                        || (*ignore_case && choice.value.to_lowercase() == text.to_lowercase())
                };
                choices.iter().any(is_meant).then(|| Value::Text(text.to_owned()))
            }
            Self::Boolean => match text.to_lowercase().as_str() {
                "true" | "1" | "on" | "yes" => Some(Value::Boolean(true)),
                "false" | "0" | "off" | "no" => Some(Value::Boolean(false)),
                _ => None,
            },
            Self::Integer { at_least, at_most } => numbers::integer(text)
                .filter(|number| (at_least..=at_most).contains(&number))
                .map(Value::Integer),
            Self::Float { at_least } => {
                numbers::float(text).filter(|number| number >= at_least).map(Value::Float)
            }
            Self::HostAddress => host_address::parse(text).map(|host| Value::Text(host.to_owned())),
            Self::List { choices } => {
                let items = list_items(text);
                let known =
                    |item: &String| choices.is_empty() || choices.iter().any(|choice| choice.value == item);
                items.iter().all(known).then_some(Value::List(items))
            }
            Self::Repeated => Some(Value::List(vec![text.to_owned()])),
            Self::Dictionary => dictionary(text),
        }
    }
}

/// Trailing commas are ignored; other empty items are kept.
fn list_items(text: &str) -> Vec<String> {
    let text = ini::trim(text).trim_end_matches(',');
    if text.is_empty() {
        Vec::new()
    } else {
        text.split(',').map(|item| ini::trim(item).to_owned()).collect()
    }
}

/// A part without a colon belongs to the next part, so a name may contain a comma and a value may not.
fn dictionary(text: &str) -> Option<Value> {
    let mut pairs = BTreeMap::new();
    let text = ini::trim(text);
    if text.is_empty() {
        return Some(Value::Dictionary(pairs));
    }
    let mut pending = String::new();
    for part in text.split(',') {
        pending.push_str(part);
        let Some((key, value)) = pending.split_once(':') else {
            pending.push(',');
            continue;
        };
        let key = ini::trim(key);
        if key.is_empty() || pairs.insert(key.to_owned(), ini::trim(value).to_owned()).is_some() {
            return None;
        }
        pending.clear();
    }
    pending.is_empty().then_some(Value::Dictionary(pairs))
}

/// Describes valid values, as it completes "expected …".
impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => formatter.write_str("text"),
            Self::Choice { choices, .. } => write!(formatter, "one of {}", listed(choices)),
            Self::Boolean => formatter.write_str("true or false (or yes/no, on/off, 1/0)"),
            Self::Integer { at_least, at_most } => match (bound(*at_least), bound(*at_most)) {
                (Some(least), Some(most)) => write!(formatter, "an integer from {least} to {most}"),
                (Some(least), None) => write!(formatter, "an integer of at least {least}"),
                (None, Some(most)) => write!(formatter, "an integer of at most {most}"),
                (None, None) => formatter.write_str("an integer"),
            },
            Self::Float { at_least } if at_least.is_finite() => {
                write!(formatter, "a number of at least {at_least}")
            }
            Self::Float { .. } => formatter.write_str("a number"),
            Self::HostAddress => formatter.write_str("a host name or an IP address"),
            Self::List { choices } if choices.is_empty() => formatter.write_str("a list separated by commas"),
            Self::List { choices } => {
                write!(formatter, "a list, separated by commas, of {}", listed(choices))
            }
            Self::Repeated => formatter.write_str("text; the line may be repeated"),
            Self::Dictionary => formatter.write_str("name:value pairs separated by commas, each name once"),
        }
    }
}

fn listed(choices: &[Choice]) -> String {
    choices.iter().map(|choice| format!("\"{}\"", choice.value)).collect::<Vec<_>>().join(", ")
}

/// A bound that only comes from the width of a 64-bit number is not mentioned.
fn bound(number: i128) -> Option<i128> {
    (i128::from(i64::MIN) < number && number < i128::from(i64::MAX)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{Choice, Kind};
    use crate::value::Value;

    fn list(items: &[&str]) -> Option<Value> {
        Some(Value::List(items.iter().map(|item| (*item).to_owned()).collect()))
    }

    #[test]
    fn booleans_are_known_by_eight_words_in_any_case() {
        for text in ["true", "1", "On", "YES"] {
            assert_eq!(Kind::Boolean.parse(text), Some(Value::Boolean(true)), "{text}");
        }
        for text in ["False", "0", "off", "no"] {
            assert_eq!(Kind::Boolean.parse(text), Some(Value::Boolean(false)), "{text}");
        }
        for text in ["", "t", "y", "2", " true", "enabled"] {
            assert_eq!(Kind::Boolean.parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_integer_keeps_its_bounds() {
        let kind = Kind::Integer { at_least: 1, at_most: 10 };
        assert_eq!(kind.parse("1"), Some(Value::Integer(1)));
        assert_eq!(kind.parse("10"), Some(Value::Integer(10)));
        assert_eq!(kind.parse("0"), None);
        assert_eq!(kind.parse("11"), None);
        assert_eq!(kind.to_string(), "an integer from 1 to 10");
    }

    #[test]
    fn a_list_keeps_empty_items_but_those_at_its_end() {
        let kind = Kind::List { choices: Vec::new() };
        assert_eq!(kind.parse(""), list(&[]));
        assert_eq!(kind.parse(" , ,"), list(&["", ""]));
        assert_eq!(kind.parse(",,"), list(&[]));
        assert_eq!(kind.parse("a, b ,,\"c,d\","), list(&["a", "b", "", "\"c", "d\""]));
        assert_eq!(kind.parse("a,\nb"), list(&["a", "b"]));
    }

    #[test]
    fn each_item_of_a_list_is_one_of_the_choices() {
        let kind = Kind::List { choices: vec![Choice { value: "1.1", meaning: "" }] };
        assert_eq!(kind.parse("1.1, 1.1"), list(&["1.1", "1.1"]));
        assert_eq!(kind.parse("1.1,2"), None);
    }

    #[test]
    fn a_dictionary_takes_each_name_once() {
        let parse = |text: &str| match Kind::Dictionary.parse(text) {
            Some(Value::Dictionary(pairs)) => Some(pairs.into_iter().collect::<Vec<_>>()),
            _ => None,
        };
        let pairs = |pairs: &[(&str, &str)]| {
            Some(
                pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>(),
            )
        };
        assert_eq!(parse(""), pairs(&[]));
        assert_eq!(parse("a:b,c:d:e, f : g h"), pairs(&[("a", "b"), ("c", "d:e"), ("f", "g h")]));
        assert_eq!(parse("a,b:c"), pairs(&[("a,b", "c")]));
        assert_eq!(parse("a:"), pairs(&[("a", "")]));
        for text in ["a", "a:b,c", "a:b,", "a:b,a:c", ":x"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn choices_count_case_unless_they_say_otherwise() {
        let choices = vec![Choice { value: "Days", meaning: "" }];
        let strict = Kind::Choice { choices: choices.clone(), ignore_case: false };
        let lenient = Kind::Choice { choices, ignore_case: true };
        assert_eq!(strict.parse("days"), None);
        assert_eq!(lenient.parse("days"), Some(Value::Text("days".to_owned())));
        assert_eq!(strict.to_string(), "one of \"Days\"");
    }
}
