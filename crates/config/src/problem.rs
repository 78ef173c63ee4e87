//! What can be wrong with a configuration, as data and as one line of text each.
//!
//! No text here holds the value of a secret option, nor a whole line of a file, which may be one.

use std::fmt;
use std::path::PathBuf;

use crate::sections::Config;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line of a file; lines count from 1.
    File { path: PathBuf, line: usize },
    /// A variable of the environment.
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

/// Something that keeps the service from starting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A file or directory cannot be read.
    #[error("{}: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    /// A line is not of the INI form, or a text is not UTF-8.
    #[error("{origin}: {reason}")]
    Malformed { origin: Origin, reason: String },
    /// An option's value is not one that it takes. `value` is quoted, shortened, and hidden when it is secret.
    #[error("{origin}: [{group}] {option} = {value} is not valid: expected {expected}")]
    InvalidValue {
        origin: Origin,
        group: &'static str,
        option: &'static str,
        value: String,
        expected: String,
    },
    /// A `$name` in an option's value leads nowhere.
    #[error("{origin}: [{group}] {option}: {reason}")]
    Substitution { origin: Origin, group: &'static str, option: &'static str, reason: String },
    /// A default above its maximum, or a minimum.
    #[error("{0}")]
    Exceeds(Exceeded),
}

/// Two numbers that do not go together. `None` as a place: the default.
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
        // What the operator has written comes first: that is where to look.
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

/// Something that the operator should know and that the service can live with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// No version of the service knows this group; everything in it is ignored.
    #[error("{origin}: group [{group}] is unknown and ignored{}", did_you_mean(suggestion.as_deref()))]
    UnknownGroup { origin: Origin, group: String, suggestion: Option<String> },
    /// The group is known, the option is not; it is ignored.
    #[error("{origin}: option [{group}] {option} is unknown and ignored{}", did_you_mean(suggestion.as_deref()))]
    UnknownOption { origin: Origin, group: String, option: String, suggestion: Option<String> },
    /// The option still works by this name; it has a better one.
    #[error("{origin}: [{group}] {option} is deprecated; its name is now {instead}")]
    FormerName { origin: Origin, group: &'static str, option: &'static str, instead: &'static str },
    /// The option is set to something other than its default, and this version does not act on it.
    #[error("{origin}: [{group}] {option} is accepted but has no effect in this version")]
    NoEffect { origin: Origin, group: &'static str, option: &'static str },
    /// The same file gives the option twice. This line does not count; the one in `winner` does.
    #[error("{origin}: [{group}] {option} does not count: {winner} gives it again")]
    GivenTwice { origin: Origin, group: &'static str, option: &'static str, winner: Origin },
    /// The same file has the group twice. Both count, which is easily overlooked.
    #[error("{origin}: group [{group}] stands here again; it begins at {first}")]
    GroupTwice { origin: Origin, group: String, first: Origin },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|suggestion| format!("; did you mean {suggestion}?")).unwrap_or_default()
}

/// Everything that was found in one go. Displayed one line each, errors before warnings, with a word that says which.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Problems {
    pub errors: Vec<Problem>,
    pub warnings: Vec<Warning>,
    /// The configuration with defaults in the place of what is wrong: to look for more that is wrong, not to be used.
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

/// The longest piece of a file, in characters, that a message repeats.
const EXCERPT: usize = 80;

/// `text` as a message may repeat it: on one line, without control characters, not longer than a line.
pub(crate) fn excerpt(text: &str) -> String {
    let shown = text.chars().take(EXCERPT).collect::<String>();
    let ellipsis = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{ellipsis}", shown.escape_debug())
}
