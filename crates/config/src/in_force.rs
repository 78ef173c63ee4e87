//! What is in force and where it was written, for people: secrets are blanked.

use std::fmt;

use crate::option::{OptionKey, OptionSpec};
use crate::problem::Origin;
use crate::value::Value;

/// In the place of a secret.
const BLANK: &str = "***";

/// An option with the value that it has. Displayed on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub group: &'static str,
    pub option: &'static str,
    /// As a file would write it, but for line breaks. A secret is three asterisks.
    pub value: String,
    /// Where it was written; several places for an option that may be repeated. None: it is the default.
    pub origins: Vec<Origin>,
    /// Whether this version acts on it.
    pub in_effect: bool,
}

impl InForce {
    /// `holds_secret`: a secret went into the value.
    pub(crate) fn new(option: &OptionSpec, value: &Value, holds_secret: bool, origins: Vec<Origin>) -> Self {
        let OptionKey { group, name } = option.key;
        let text = value.as_texts(option.is_repeated()).join(", ");
        let value = match holds_secret && !text.is_empty() {
            true => BLANK.to_owned(),
            false => on_one_line(&text),
        };
        Self { group, option: name, value, origins, in_effect: option.in_effect }
    }
}

fn on_one_line(text: &str) -> String {
    let shown = |character: char| match character.is_control() {
        true => character.escape_debug().to_string(),
        false => character.to_string(),
    };
    text.chars().map(shown).collect()
}

impl fmt::Display for InForce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, option, value, origins, .. } = self;
        write!(formatter, "[{group}] {option} =")?;
        if !value.is_empty() {
            write!(formatter, " {value}")?;
        }
        match origins.as_slice() {
            [] => write!(formatter, "  (default)"),
            origins => {
                let origins = origins.iter().map(Origin::to_string).collect::<Vec<_>>();
                write!(formatter, "  ({})", origins.join(", "))
            }
        }
    }
}
