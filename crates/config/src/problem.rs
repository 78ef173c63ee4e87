//! Errors and warnings of a configuration, as data and as one line of text each.
//!
//! No text contains the value of a secret option, nor a whole line of a file, which might be one.

use std::fmt;
use std::path::PathBuf;

use crate::sections::Config;

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line of a file, counted from 1.
    File { path: PathBuf, line: usize },
    /// An environment variable.
    Environment { variable: String },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Environment { variable } => write!(formatter, "environment variable {variable}"),
        }
    }
}

/// An error: the service does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A file or directory cannot be read.
    #[error("{}: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    /// A line is not valid INI, or a text is not UTF-8.
    #[error("{origin}: {reason}")]
    Malformed { origin: Origin, reason: String },
    /// The value of an option is not valid. `value` is quoted, shortened, and hidden if it is secret.
    #[error("{origin}: [{group}] {option} = {value} is not valid: expected {expected}")]
    InvalidValue {
        origin: Origin,
        group: &'static str,
        option: &'static str,
        value: String,
        expected: String,
    },
    /// A `$name` in the value of an option cannot be resolved.
    #[error("{origin}: [{group}] {option}: {reason}")]
    Substitution { origin: Origin, group: &'static str, option: &'static str, reason: String },
    /// A default or a minimum is larger than its maximum.
    #[error("{0}")]
    Exceeds(Exceeded),
}

/// Two numbers that contradict each other. An origin of `None` means the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    pub group: &'static str,
    pub option: &'static str,
    pub value: i128,
    pub origin: Option<Origin>,
    pub maximum: &'static str,
    pub maximum_value: i128,
    pub maximum_origin: Option<Origin>,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, option, value, origin, maximum, maximum_value, maximum_origin } = self;
        let place = |origin: &Option<Origin>| match origin {
            Some(origin) => format!("({origin})"),
            None => "(the default)".to_owned(),
        };
        // The place that the operator can edit comes first.
        if let Some(written) = origin.as_ref().or(maximum_origin.as_ref()) {
            write!(formatter, "{written}: ")?;
        }
        write!(
            formatter,
            "[{group}] {option} = {value} {} is more than {maximum} = {maximum_value} {}: set both",
            place(origin),
            place(maximum_origin),
        )
    }
}

/// A warning: the service starts all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The group is unknown; all its options are ignored.
    #[error("{origin}: group [{group}] is unknown and ignored{}", did_you_mean(suggestion.as_deref()))]
    UnknownGroup { origin: Origin, group: String, suggestion: Option<String> },
    /// The option is unknown and ignored; its group is known.
    #[error("{origin}: option [{group}] {option} is unknown and ignored{}", did_you_mean(suggestion.as_deref()))]
    UnknownOption { origin: Origin, group: String, option: String, suggestion: Option<String> },
    /// The name is deprecated and still works.
    #[error("{origin}: [{group}] {option} is deprecated; its name is now {instead}")]
    DeprecatedName { origin: Origin, group: &'static str, option: &'static str, instead: &'static str },
    /// The option is not at its default, and this version does not use it.
    #[error("{origin}: [{group}] {option} is accepted but has no effect in this version")]
    NoEffect { origin: Origin, group: &'static str, option: &'static str },
    /// The same file sets the option twice. The line at `winner` wins; this one is ignored.
    #[error("{origin}: [{group}] {option} is ignored: {winner} sets it again")]
    DuplicateOption { origin: Origin, group: &'static str, option: &'static str, winner: Origin },
    /// The same file has the group twice. Both are used, which is easy to overlook.
    #[error("{origin}: group [{group}] appears again; it first appears at {first}")]
    DuplicateGroup { origin: Origin, group: String, first: Origin },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|suggestion| format!("; did you mean {suggestion}?")).unwrap_or_default()
}

/// All errors and warnings. `Display` writes one line each, errors first, with `error:` or `warning:` in front.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Problems {
    pub errors: Vec<Problem>,
    pub warnings: Vec<Warning>,
    /// The configuration with defaults in place of invalid values, for finding more errors. Not meant to be used.
    pub rest: Box<Config>,
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.errors.iter().map(|error| format!("error: {error}"));
        let warnings = self.warnings.iter().map(|warning| format!("warning: {warning}"));
        formatter.write_str(&errors.chain(warnings).collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for Problems {}

/// Maximum length of a quotation from a file in a message, in characters.
const MAX_EXCERPT_CHARS: usize = 80;

/// `text` as a message quotes it: on one line, without control characters, shortened.
pub(crate) fn excerpt(text: &str) -> String {
    let shown = text.chars().take(MAX_EXCERPT_CHARS).collect::<String>();
    let ellipsis = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{ellipsis}", shown.escape_debug())
}
