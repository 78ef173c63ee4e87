//! One policy file: YAML, of which JSON is a part. It holds names of rules with what they demand, as text or in lists.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};
use zaqar_domain::RuleText;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) text: RuleText,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// What makes a file unreadable; line and column count from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) reason: String,
}

pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { parser: Parser::new_from_str(text) };
    let (first, place) = reader.next_in_document()?;
    let entries = match first {
        Event::StreamEnd => return Ok(Vec::new()),
        Event::Scalar(text, style, ..) if is_null(&text, style) => Vec::new(),
        Event::MappingStart(..) => reader.entries()?,
        _ => return Err(fault(place, "a policy is a mapping from names of rules to rules")),
    };
    match reader.next_in_document()? {
        (Event::StreamEnd, _) => Ok(entries),
        (_, place) => Err(fault(place, "a policy is one document, and here begins another")),
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(malformed(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The next event that is not the begin or end of something around the document.
    fn next_in_document(&mut self) -> Result<(Event<'a>, Span), Fault> {
        loop {
            match self.next()? {
                (Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd, _) => {}
                other => return Ok(other),
            }
        }
    }

    fn entries(&mut self) -> Result<Vec<Entry>, Fault> {
        let mut entries = Vec::new();
        loop {
            let (name, line) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(entries),
                (Event::Scalar(name, ..), place) => (name.into_owned(), place.start.line()),
                (_, place) => return Err(fault(place, "the name of a rule must be a text")),
            };
            let text = match self.next()? {
                (Event::Scalar(text, style, ..), place) => RuleText::Expression(scalar(&text, style, place)?),
                (Event::SequenceStart(..), _) => RuleText::Lists(self.lists()?),
                (_, place) => return Err(fault(place, "a rule must be a text or a list")),
            };
            entries.push(Entry { name, text, line });
        }
    }

    fn lists(&mut self) -> Result<Vec<Vec<String>>, Fault> {
        let mut lists = Vec::new();
        loop {
            lists.push(match self.next()? {
                (Event::SequenceEnd, _) => return Ok(lists),
                (Event::Scalar(text, style, ..), place) => vec![scalar(&text, style, place)?],
                (Event::SequenceStart(..), _) => self.list()?,
                (_, place) => return Err(fault(place, "a list of a rule holds texts, or lists of texts")),
            });
        }
    }

    fn list(&mut self) -> Result<Vec<String>, Fault> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(list),
                (Event::Scalar(text, style, ..), place) => list.push(scalar(&text, style, place)?),
                (_, place) => return Err(fault(place, "a list within a list of a rule holds texts")),
            }
        }
    }
}

/// Nothing at all is no rule: oslo.policy would open the operation to everybody.
fn scalar(text: &str, style: ScalarStyle, place: Span) -> Result<String, Fault> {
    if is_null(text, style) {
        return Err(fault(
            place,
            "here is no text; write \"\" for what everybody may do, and \"!\" in quotes",
        ));
    }
    Ok(text.to_owned())
}

fn is_null(text: &str, style: ScalarStyle) -> bool {
    style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn malformed(error: &ScanError) -> Fault {
    at(*error.marker(), error.info())
}

fn fault(place: Span, reason: &str) -> Fault {
    at(place.start, reason)
}

fn at(place: Marker, reason: &str) -> Fault {
    Fault { line: place.line(), column: place.col() + 1, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};
    use zaqar_domain::RuleText;

    use super::parse;

    fn rules(text: &str) -> Vec<(String, RuleText)> {
        parse(text).unwrap().into_iter().map(|entry| (entry.name, entry.text)).collect()
    }

    fn text(name: &str, rule: &str) -> (String, RuleText) {
        (name.to_owned(), RuleText::Expression(rule.to_owned()))
    }

    #[test]
    fn yaml_and_json_are_read() {
        let expected = [text("queues:get", "role:a or role:b"), text("health:get", "")];
        for file in [
            "queues:get: role:a or role:b\nhealth:get: ''\n",
            "---\n# a comment\n\"queues:get\": \"role:a or role:b\" # another\n\"health:get\": \"\"\n...\n",
            "queues:get: >-\n  role:a or\n  role:b\nhealth:get: ''",
            "{\"queues:get\": \"role:a or role:b\", \"health:get\": \"\"}",
            "\u{feff}{\n    \"queues:get\":\n        \"role:a or role:b\",\n\n    \"health:get\": \"\"\n}\n",
        ] {
            assert_eq!(rules(file), expected, "{file}");
        }
    }

    #[test]
    fn lists_are_read() {
        let lists = RuleText::Lists(vec![vec!["role:a".into(), "role:b".into()], vec!["@".into()], vec![]]);
        assert_eq!(rules("{\"x\": [[\"role:a\", \"role:b\"], \"@\", []]}"), [("x".to_owned(), lists)]);
        assert_eq!(rules("x: []"), [("x".to_owned(), RuleText::Lists(vec![]))]);
    }

    #[test]
    fn a_file_without_rules_changes_nothing() {
        for file in ["", "\n", "# only a comment\n", "---\n", "{}", "~"] {
            assert_eq!(rules(file), [], "{file}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (file, line, column) in [
            ("a: '@'\nb: @\n", 2, 4),
            ("a: '@'\nb: !\n", 2, 4),
            ("a: '@'\nb:\n", 2, 2),
            ("a: null", 1, 4),
            ("- a", 1, 1),
            ("text", 1, 1),
            ("a: {b: c}", 1, 4),
            ("a: [{b: c}]", 1, 5),
            ("a: [[[b]]]", 1, 6),
            ("a: &x '@'\nb: *x", 2, 4),
            ("a: '@'\n---\nb: '@'", 3, 1),
        ] {
            let fault = parse(file).unwrap_err();
            assert_eq!((fault.line, fault.column), (line, column), "{file}: {}", fault.reason);
        }
    }

    #[test]
    fn nesting_is_no_danger() {
        for text in ["[", "{", "- ", "a: [", "? "] {
            assert!(parse(&text.repeat(100_000)).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_does_harm(text in r#"\PC{0,60}|([\[\]{}:,"'!&*#|>%@?\-~\\ \t\r\n]|a: |- |\n  |é){0,60}"#) {
            let _ = parse(&text);
        }
    }
}
