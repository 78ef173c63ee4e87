//! The declaration of one option. Parsing, checking and the sample file all use it.

use std::fmt;

use crate::ini;
use crate::kind::{Choice, Kind};
use crate::option_type::OptionType;
use crate::value::Value;

/// Identifies an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OptionKey {
    pub group: &'static str,
    pub name: &'static str,
}

impl fmt::Display for OptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}] {}", self.group, self.name)
    }
}

/// An option as it is declared.
#[derive(Clone, Debug)]
pub struct OptionSpec {
    pub(crate) key: OptionKey,
    /// The lines of the doc comment of the field.
    pub(crate) help: &'static [&'static str],
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    pub(crate) secret: bool,
    pub(crate) has_effect: bool,
    /// An option of the same group whose value is an upper bound for this one.
    pub(crate) maximum: Option<&'static str>,
    /// Whether an empty text is an error although the option is optional.
    pub(crate) never_empty: bool,
    pub(crate) default: Value,
    /// Deprecated names of the option in the same group, the most preferred first.
    pub(crate) deprecated_names: Vec<&'static str>,
}

impl OptionSpec {
    pub fn new<T: OptionType>(key: OptionKey, help: &'static [&'static str], default: T::Declared) -> Self {
        Self {
            key,
            help,
            kind: T::kind(),
            optional: T::OPTIONAL,
            secret: T::SECRET,
            has_effect: true,
            maximum: None,
            never_empty: false,
            default: T::declared(default).to_value(),
            deprecated_names: Vec::new(),
        }
    }

    /// Parses `text`.
    ///
    /// # Errors
    ///
    /// A description of valid values, as it completes "expected …".
    pub(crate) fn parse(&self, text: &str) -> Result<Value, String> {
        if self.optional && ini::trim(text).is_empty() {
            return if self.never_empty {
                Err("a text; leave the option out where there is none".to_owned())
            } else {
                Ok(Value::Unset)
            };
        }
        self.kind.parse(text).ok_or_else(|| self.kind.to_string())
    }

    pub(crate) fn is_repeated(&self) -> bool {
        self.kind == Kind::Repeated
    }
}

/// The modifiers that a declaration may put after the default. A modifier that does not fit the type of the field is a
/// mistake in the declaration, which any test finds.
impl OptionSpec {
    pub fn at_least(mut self, least: u32) -> Self {
        match &mut self.kind {
            Kind::Integer { at_least, .. } => *at_least = least.into(),
            Kind::Float { at_least } => *at_least = least.into(),
            other => debug_assert!(false, "{}: {other} has no bounds", self.key),
        }
        self
    }

    pub fn at_most(mut self, most: u32) -> Self {
        match &mut self.kind {
            Kind::Integer { at_most, .. } => *at_most = most.into(),
            other => debug_assert!(false, "{}: {other} has no upper bound", self.key),
        }
        self
    }

    /// At most the value of another option of the same group.
    pub fn not_above(mut self, maximum: &'static str) -> Self {
        debug_assert!(matches!(self.kind, Kind::Integer { .. }), "{}", self.key);
        self.maximum = Some(maximum);
        self
    }

    /// Rejects an empty text, which probably comes from a variable that was not set.
    pub fn never_empty(mut self) -> Self {
        debug_assert!(self.optional, "{}", self.key);
        self.never_empty = true;
        self
    }

    pub fn one_of(mut self, values: &[&'static str]) -> Self {
        let choices = values.iter().map(Choice::without_meaning).collect();
        self.kind = match self.kind {
            Kind::List { .. } => Kind::List { choices },
            other => {
                debug_assert_eq!(other, Kind::Text, "{}", self.key);
                Kind::Choice { choices, ignore_case: false }
            }
        };
        self
    }

    pub fn ignore_case(mut self) -> Self {
        match &mut self.kind {
            Kind::Choice { ignore_case, .. } => *ignore_case = true,
            other => debug_assert!(false, "{}: {other} is no choice", self.key),
        }
        self
    }

    pub fn host_address(mut self) -> Self {
        debug_assert_eq!(self.kind, Kind::Text, "{}", self.key);
        self.kind = Kind::HostAddress;
        self
    }

    pub fn repeated(mut self) -> Self {
        debug_assert!(matches!(self.kind, Kind::List { .. }), "{}", self.key);
        self.kind = Kind::Repeated;
        self
    }

    pub fn deprecated_names(mut self, names: &[&'static str]) -> Self {
        self.deprecated_names.extend(names);
        self
    }

    pub fn without_effect(mut self) -> Self {
        self.has_effect = false;
        self
    }
}
