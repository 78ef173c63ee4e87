//! Effective values and their origins, for people. Secrets are redacted.

use std::fmt;

use crate::option::{OptionKey, OptionSpec};
use crate::problem::Origin;
use crate::value::Value;

/// Replaces a secret.
const REDACTED: &str = "***";

/// An option with its effective value. `Display` writes one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveOption {
    pub group: &'static str,
    pub option: &'static str,
    /// As a file would write it, with line breaks escaped. A secret is shown as three asterisks.
    pub value: String,
    /// Where it was set; several places for a repeatable option. Empty for a default.
    pub origins: Vec<Origin>,
    /// Whether this version uses it.
    pub has_effect: bool,
}

impl EffectiveOption {
    /// `holds_secret`: the value contains a secret.
    pub(crate) fn new(option: &OptionSpec, value: &Value, holds_secret: bool, origins: Vec<Origin>) -> Self {
        let OptionKey { group, name } = option.key;
        let text = value.as_texts(option.is_repeated()).join(", ");
        let value = match holds_secret && !text.is_empty() {
            true => REDACTED.to_owned(),
            false => on_one_line(&text),
        };
        Self { group, option: name, value, origins, has_effect: option.has_effect }
    }
}

fn on_one_line(text: &str) -> String {
    let shown = |character: char| match character.is_control() {
        true => character.escape_debug().to_string(),
        false => character.to_string(),
    };
    text.chars().map(shown).collect()
}

impl fmt::Display for EffectiveOption {
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
