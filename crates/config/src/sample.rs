//! The sample file: all options with help, type and default, commented out.

use crate::ini;
use crate::kind::Kind;
use crate::option::OptionSpec;
use crate::sections::{Config, SectionSpec};

/// Maximum length of a line of prose, in characters.
const WIDTH: usize = 79;

const PREFACE: &str = "\
# Lines that begin with # are comments. To change an option, remove the #
# before its name and write the value you want. A line that begins with a blank
# continues the value above it. In a value, $name or ${group.name} is replaced
# by the value of another option, and $$ by a dollar sign.
#
# An environment variable OS_<GROUP>__<OPTION> takes precedence over this file:
# OS_DEFAULT__DEBUG, for example, or OS_DRIVERS_TRANSPORT_WSGI__PORT.
";

const COMPLETE: &str = "\
# Configuration of Zaqar, with every option and its default.
#
";

const IN_EFFECT: &str = "\
# Configuration of Zaqar, with every option that this version uses and its
# default. `zaqar config sample --all` also prints the options of OpenStack's
# Zaqar that have no effect.
#
";

/// A commented `zaqar.conf`. Uncommenting its option lines changes nothing: they are the defaults. `all`: includes the
/// options that have no effect. `drivers`: the sections that storage drivers bring.
#[must_use]
pub fn sample(all: bool, drivers: &[SectionSpec]) -> String {
    let mut text = format!("{}{PREFACE}", if all { COMPLETE } else { IN_EFFECT });
    let mut current = "";
    for mut section in Config::sections(drivers) {
        section.options.retain(|option| all || option.has_effect);
        if section.options.is_empty() {
            continue;
        }
        if section.group != current {
            text.push_str(&format!("\n\n[{}]\n", section.group));
            current = section.group;
        }
        text.push('\n');
        push_prose(&mut text, "", &paragraphs(section.about));
        for option in &section.options {
            push_option(&mut text, option);
        }
    }
    text
}

fn push_option(text: &mut String, option: &OptionSpec) {
    text.push('\n');
    push_prose(text, "", &paragraphs(option.help));
    push_kind(text, option);
    for former in &option.deprecated_names {
        text.push_str(&format!("# Deprecated name: {former}\n"));
    }
    if !option.has_effect {
        text.push_str("# (no effect in this version)\n");
    }
    let mut texts = option.default.as_texts(option.is_repeated());
    texts.retain(|text| !text.is_empty() || option.parse(text).is_ok());
    if texts.is_empty() {
        text.push_str(&format!("# Not set by default:\n#     {} = ...\n", option.key.name));
    }
    let can_be_written =
        option.is_repeated() || texts.iter().all(|text| option.parse(text).as_ref() == Ok(&option.default));
    if !can_be_written {
        text.push_str("# The default cannot be written here, where a comma separates pairs:\n");
    }
    let comment = if can_be_written { "#" } else { "#     " };
    for value in texts.iter().filter_map(|text| ini::render(text)) {
        text.push_str(format!("{comment}{} = {value}", option.key.name).trim_end());
        text.push('\n');
    }
}

fn push_kind(text: &mut String, option: &OptionSpec) {
    let not_set = if option.optional && !option.never_empty { "; empty means not set" } else { "" };
    match &option.kind {
        Kind::Choice { choices, .. } if choices.iter().all(|choice| !choice.meaning.is_empty()) => {
            text.push_str("# Value: one of\n");
            for choice in choices {
                push_prose(text, "    ", &[format!("{}: {}", choice.value, choice.meaning)]);
            }
        }
        kind => push_prose(text, "", &[format!("Value: {kind}{not_set}")]),
    }
    if let Some(maximum) = option.maximum {
        push_prose(text, "", &[format!("At most {maximum}.")]);
    }
}

/// Joins the lines of a comment into paragraphs, which empty lines separate.
fn paragraphs(lines: &[&str]) -> Vec<String> {
    let trimmed = lines.iter().map(|line| line.trim()).collect::<Vec<_>>();
    trimmed.split(|line| line.is_empty()).map(|lines| lines.join(" ")).collect()
}

fn push_prose(text: &mut String, indent: &str, paragraphs: &[String]) {
    for paragraph in paragraphs {
        let mut line = format!("# {indent}");
        let mut empty = true;
        for word in paragraph.split_whitespace() {
            if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                text.push_str(&line);
                text.push('\n');
                line = format!("# {indent}");
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        text.push_str(&line);
        text.push('\n');
    }
}
