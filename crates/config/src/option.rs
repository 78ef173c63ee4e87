//! One option as its section declares it: the single place that parsing, checking and the sample go by.

use std::fmt;

use crate::ini;
use crate::kind::{Choice, Kind};
use crate::option_type::OptionType;
use crate::value::Value;

/// What tells an option from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct OptionKey {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
}

impl fmt::Display for OptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}] {}", self.group, self.name)
    }
}

#[derive(Debug)]
pub(crate) struct OptionSpec {
    pub(crate) key: OptionKey,
    /// The lines of the comment above the field.
    pub(crate) help: &'static [&'static str],
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    pub(crate) secret: bool,
    pub(crate) in_effect: bool,
    /// The option of the same group that this one may not exceed: its number is this one's upper bound, too.
    pub(crate) maximum: Option<&'static str>,
    /// Whether an empty text is a mistake although the option is optional.
    pub(crate) never_empty: bool,
    pub(crate) default: Value,
    /// Names by which older files know the option, in the same group, the most preferred first.
    pub(crate) former_names: Vec<&'static str>,
}

impl OptionSpec {
    pub(crate) fn new<T: OptionType>(
        key: OptionKey,
        help: &'static [&'static str],
        default: T::Declared,
    ) -> Self {
        Self {
            key,
            help,
            kind: T::kind(),
            optional: T::OPTIONAL,
            secret: T::SECRET,
            in_effect: true,
            maximum: None,
            never_empty: false,
            default: T::declared(default).to_value(),
            former_names: Vec::new(),
        }
    }

    /// The value that `text` says.
    ///
    /// # Errors
    ///
    /// What would have been valid, as it completes "expected …".
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

/// The words that a declaration puts behind the default. One that does not suit the type of the field is a mistake in
/// the declaration, which any test finds.
impl OptionSpec {
    pub(crate) fn at_least(mut self, least: u32) -> Self {
        match &mut self.kind {
            Kind::Integer { at_least, .. } => *at_least = least.into(),
            Kind::Float { at_least } => *at_least = least.into(),
            other => debug_assert!(false, "{}: {other} has no bounds", self.key),
        }
        self
    }

    pub(crate) fn at_most(mut self, most: u32) -> Self {
        match &mut self.kind {
            Kind::Integer { at_most, .. } => *at_most = most.into(),
            other => debug_assert!(false, "{}: {other} has no upper bound", self.key),
        }
        self
    }

    /// No more than another option of the same group says.
    pub(crate) fn not_above(mut self, maximum: &'static str) -> Self {
        debug_assert!(matches!(self.kind, Kind::Integer { .. }), "{}", self.key);
        self.maximum = Some(maximum);
        self
    }

    /// Nobody means an empty text: a variable was not filled in.
    pub(crate) fn never_empty(mut self) -> Self {
        debug_assert!(self.optional, "{}", self.key);
        self.never_empty = true;
        self
    }

    pub(crate) fn one_of(mut self, values: &[&'static str]) -> Self {
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

    pub(crate) fn in_any_case(mut self) -> Self {
        match &mut self.kind {
            Kind::Choice { ignore_case, .. } => *ignore_case = true,
            other => debug_assert!(false, "{}: {other} is no choice", self.key),
        }
        self
    }

    pub(crate) fn host_address(mut self) -> Self {
        debug_assert_eq!(self.kind, Kind::Text, "{}", self.key);
        self.kind = Kind::HostAddress;
        self
    }

    pub(crate) fn repeated(mut self) -> Self {
        debug_assert!(matches!(self.kind, Kind::List { .. }), "{}", self.key);
        self.kind = Kind::Repeated;
        self
    }

    pub(crate) fn formerly(mut self, names: &[&'static str]) -> Self {
        self.former_names.extend(names);
        self
    }

    pub(crate) fn without_effect(mut self) -> Self {
        self.in_effect = false;
        self
    }
}
