//! oslo.config's INI grammar: text to sections and assignments, and a value back to text.
//!
//! A line is a `[section]`, a comment (`#` or `;` in the first column), or an assignment, `name = value` or
//! `name: value`, whichever sign comes first. A line that begins with a blank continues the value above it; a blank line
//! ends that value, and so does a comment. Quotes around the whole first line of a value are removed. There are no
//! comments behind a value, and no escapes.
//!
//! What the names and values mean is not known here. After an error, reading goes on, so that all of a file's errors
//! are found at once.

/// A file that is wrong throughout is no configuration; its later errors tell nothing new.
const MOST_ERRORS: usize = 50;

/// What a file says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) sections: Vec<Section>,
    pub(crate) errors: Vec<SyntaxError>,
}

/// A header and what stands below it. The same name may head several sections.
#[derive(Debug, PartialEq)]
pub(crate) struct Section {
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

/// Reads a file's bytes. Text that is not UTF-8, or that holds a NUL byte (as files do after a power cut), is not read
/// at all.
pub(crate) fn parse(bytes: &[u8]) -> Document {
    let (readable, reason) = match std::str::from_utf8(bytes) {
        Ok(text) => match text.split_once('\0') {
            None => return Reader::default().read(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Some((readable, _)) => (readable.as_bytes(), "the file holds a NUL byte"),
        },
        Err(error) => (bytes.get(..error.valid_up_to()).unwrap_or_default(), "the file is not UTF-8"),
    };
    let line = lines(&String::from_utf8_lossy(readable)).count();
    Document { sections: Vec::new(), errors: vec![SyntaxError { line, reason }] }
}

/// Text without the blanks around it, by Python's notion of a blank.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// The text behind `name = ` that [`parse`] and the substitution of `$` names turn into `value` again, or nothing when
/// there is none: no line can hold a line break, and a backslash before a dollar sign always escapes it.
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

/// What stands above the line that is being read.
#[derive(Default)]
enum Above {
    #[default]
    Nothing,
    Value(Assignment),
    /// Its continuation is as wrong as itself and not worth another error.
    BrokenLine,
}

/// Where an assignment goes.
#[derive(Default)]
enum Destination {
    #[default]
    NoSectionYet,
    LastSection,
    BrokenSection,
}

#[derive(Default)]
struct Reader {
    document: Document,
    above: Above,
    destination: Destination,
}

impl Reader {
    fn read(mut self, text: &str) -> Document {
        for (index, line) in lines(text).enumerate() {
            self.line(index + 1, line.trim_end_matches(is_blank));
            if self.document.errors.len() >= MOST_ERRORS {
                self.error(index + 1, "too many errors; the rest of the file is not read");
                break;
            }
        }
        self.finish_value();
        self.document
    }

    fn line(&mut self, number: usize, line: &str) {
        if line.starts_with([' ', '\t']) {
            match &mut self.above {
                Above::Value(assignment) => {
                    assignment.value.push('\n');
                    assignment.value.push_str(line.trim_start_matches(is_blank));
                }
                Above::Nothing => {
                    self.error(
                        number,
                        "the line begins with a blank but there is no value above that it continues",
                    );
                    self.above = Above::BrokenLine;
                }
                Above::BrokenLine => {}
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
        self.destination = Destination::BrokenSection;
        match header.strip_suffix(']') {
            None => self.error(number, "the name of a section must end with ] at the end of the line"),
            Some("") => self.error(number, "the name of the section is missing"),
            Some(name) => {
                self.destination = Destination::LastSection;
                let section = Section { name: name.to_owned(), line: number, assignments: Vec::new() };
                self.document.sections.push(section);
            }
        }
    }

    fn assignment(&mut self, number: usize, line: &str) {
        self.above = Above::BrokenLine;
        let Some((name, value)) = line.split_once(['=', ':']) else {
            return self.error(number, "the line is neither a [section] nor name = value");
        };
        let name = trim(name);
        if name.is_empty() {
            return self.error(number, "the name before the = or : is missing");
        }
        let value = unquoted(trim(value)).to_owned();
        self.above = Above::Value(Assignment { name: name.to_owned(), value, line: number });
    }

    fn finish_value(&mut self) {
        let Above::Value(assignment) = std::mem::take(&mut self.above) else { return };
        match self.destination {
            Destination::LastSection => {
                if let Some(section) = self.document.sections.last_mut() {
                    section.assignments.push(assignment);
                }
            }
            Destination::NoSectionYet => {
                self.error(assignment.line, "a [section] must come before the first value");
                self.destination = Destination::BrokenSection;
            }
            Destination::BrokenSection => {}
        }
    }

    fn error(&mut self, line: usize, reason: &'static str) {
        self.document.errors.push(SyntaxError { line, reason });
    }
}

#[cfg(test)]
#[path = "ini_tests.rs"]
mod tests;
