//! oslo.config's INI grammar: text to sections and assignments, and a value back to text.
//!
//! A line is a `[section]`, a comment (`#` or `;` in the first column), or an assignment, `name = value` or
//! `name: value`, whichever sign comes first. A line that begins with a blank continues the value above it; a blank line
//! ends that value, and so does a comment. Quotes around the whole first line of a value are removed. There are no
//! trailing comments and no escapes.
//!
//! This module does not know what names and values mean. After an error the parser continues, so that it finds all
//! errors of a file at once.

/// A file with more errors is not a configuration file; parsing stops.
const MAX_ERRORS: usize = 50;

/// A parsed file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct IniDocument {
    pub(crate) sections: Vec<IniSection>,
    pub(crate) errors: Vec<SyntaxError>,
}

/// A header and its assignments. Several sections may have the same name.
#[derive(Debug, PartialEq)]
pub(crate) struct IniSection {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) assignments: Vec<Assignment>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    /// Lines are joined by a line feed.
    pub(crate) value: String,
    pub(crate) line: usize,
}

#[derive(Debug, PartialEq)]
pub(crate) struct SyntaxError {
    pub(crate) line: usize,
    pub(crate) reason: &'static str,
}

/// Parses a file. Text that is not UTF-8, or that contains a NUL byte (as files may after a power cut), is not parsed
/// at all.
pub(crate) fn parse(bytes: &[u8]) -> IniDocument {
    let (readable, reason) = match std::str::from_utf8(bytes) {
        Ok(text) => match text.split_once('\0') {
            None => return Parser::default().read(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Some((readable, _)) => (readable.as_bytes(), "the file holds a NUL byte"),
        },
        Err(error) => (bytes.get(..error.valid_up_to()).unwrap_or_default(), "the file is not UTF-8"),
    };
    let line = lines(&String::from_utf8_lossy(readable)).count();
    IniDocument { sections: Vec::new(), errors: vec![SyntaxError { line, reason }] }
}

/// Removes leading and trailing whitespace, as Python defines whitespace.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// The text after `name = ` that [`parse`] and substitution turn back into `value`. `None` if there is none: a line
/// cannot contain a line break, and a backslash before a dollar sign always escapes it.
pub(crate) fn render(value: &str) -> Option<String> {
    if value.contains(['\n', '\r', '\0']) || value.contains("\\$") {
        return None;
    }
    let escaped = value.replace('$', "$$");
    let would_change = trim(&escaped) != escaped || unquoted(&escaped) != escaped;
    Some(if would_change { format!("\"{escaped}\"") } else { escaped })
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// Line feed, carriage return, or both end a line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return if rest.is_empty() { rest } else { rest.strip_suffix(quote).unwrap_or(value) };
        }
    }
    value
}

/// The value that the next line may continue.
#[derive(Default)]
enum Pending {
    #[default]
    Nothing,
    Value(Assignment),
    /// Its continuation lines are not reported again.
    BrokenLine,
}

/// The section that assignments go to.
#[derive(Default)]
enum CurrentSection {
    #[default]
    None,
    Valid,
    Broken,
}

#[derive(Default)]
struct Parser {
    document: IniDocument,
    pending: Pending,
    current: CurrentSection,
}

impl Parser {
    fn read(mut self, text: &str) -> IniDocument {
        for (index, line) in lines(text).enumerate() {
            self.line(index + 1, line.trim_end_matches(is_blank));
            if self.document.errors.len() >= MAX_ERRORS {
                self.error(index + 1, "too many errors; the rest of the file is not read");
                break;
            }
        }
        self.finish_value();
        self.document
    }

    fn line(&mut self, number: usize, line: &str) {
        if line.starts_with([' ', '\t']) {
            match &mut self.pending {
                Pending::Value(assignment) => {
                    assignment.value.push('\n');
                    assignment.value.push_str(line.trim_start_matches(is_blank));
                }
                Pending::Nothing => {
                    self.error(
                        number,
                        "the line begins with a blank but there is no value above that it continues",
                    );
                    self.pending = Pending::BrokenLine;
                }
                Pending::BrokenLine => {}
            }
            return;
        }
        self.finish_value();
        if let Some(header) = line.strip_prefix('[') {
            self.header(number, header);
        } else if !line.is_empty() && !line.starts_with(['#', ';']) {
            self.assignment(number, line);
        }
    }

    fn header(&mut self, number: usize, header: &str) {
        self.current = CurrentSection::Broken;
        match header.strip_suffix(']') {
            None => self.error(number, "the name of a section must end with ] at the end of the line"),
            Some("") => self.error(number, "the name of the section is missing"),
            Some(name) => {
                self.current = CurrentSection::Valid;
                let section = IniSection { name: name.to_owned(), line: number, assignments: Vec::new() };
                self.document.sections.push(section);
            }
        }
    }

    fn assignment(&mut self, number: usize, line: &str) {
        self.pending = Pending::BrokenLine;
        let Some((name, value)) = line.split_once(['=', ':']) else {
            return self.error(number, "the line is neither a [section] nor name = value");
        };
        let name = trim(name);
        if name.is_empty() {
            return self.error(number, "the name before the = or : is missing");
        }
        let value = unquoted(trim(value)).to_owned();
        self.pending = Pending::Value(Assignment { name: name.to_owned(), value, line: number });
    }

    fn finish_value(&mut self) {
        let Pending::Value(assignment) = std::mem::take(&mut self.pending) else { return };
        match self.current {
            CurrentSection::Valid => {
                if let Some(section) = self.document.sections.last_mut() {
                    section.assignments.push(assignment);
                }
            }
            CurrentSection::None => {
                self.error(assignment.line, "a [section] must come before the first value");
                self.current = CurrentSection::Broken;
            }
            CurrentSection::Broken => {}
        }
    }

    fn error(&mut self, line: usize, reason: &'static str) {
        self.document.errors.push(SyntaxError { line, reason });
    }
}

#[cfg(test)]
#[path = "ini_tests.rs"]
mod tests;
