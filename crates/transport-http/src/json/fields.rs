//! Objects whose members have types and limits, as in upstream's JSON schemas for administrators.

use bytes::Bytes;
use serde_json::{Map, Value};
use zaqar_domain::names::{KnownNames, Warnings};
use zaqar_model::{JsonText, Metadata};

use crate::errors::HttpError;

type Result<T> = std::result::Result<T, HttpError>;

/// Maximum length of a rejected value in an error, in characters.
const MAX_SHOWN_CHARS: usize = 100;

/// The members of a document.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// A missing document is an error.
    pub(crate) fn read(text: Option<Bytes>) -> Result<Self> {
        let unparsable = || HttpError::invalid_body("JSON could not be parsed.");
        let document = JsonText::parse(text.unwrap_or_default()).map_err(|_| unparsable())?;
        match serde_json::from_slice(document.as_bytes()) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(list @ Value::Array(_)) => {
                Err(HttpError::invalid_body(format!("{} is not of type 'object'", quoted(&list))))
            }
            _ => Err(unparsable()),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// An integer of 32 bits: neither a fraction nor a boolean.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<u32>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let Value::Number(number) = value else { return Err(wrong_type(name, value, "integer")) };
        if number.is_f64() {
            return Err(wrong_type(name, value, "integer"));
        }
        match number.as_u64().map(u32::try_from) {
            Some(Ok(integer)) => Ok(Some(integer)),
            Some(Err(_)) => {
                Err(invalid(name, value, &format!("is greater than the maximum of {}", u32::MAX)))
            }
            None => Err(invalid(name, value, "is less than the minimum of 0")),
        }
    }

    /// A text of at most `max_length` characters.
    pub(crate) fn text(&self, name: &str, max_length: usize) -> Result<Option<String>> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= max_length => Ok(Some(text.clone())),
            // Not shown, because a URI may contain a password.
            Some(Value::String(_)) => {
                let text = format!("{name} is too long, the maximum is {max_length} characters");
                Err(HttpError::invalid_body(text))
            }
            Some(value) => Err(wrong_type(name, value, "string")),
        }
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Metadata>> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Metadata::new(members.clone()))),
            Some(value) => Err(wrong_type(name, value, "object")),
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let Value::Array(items) = value else { return Err(wrong_type(name, value, "array")) };
        let texts = items.iter().map(|item| match item {
            Value::String(text) => Ok(text.clone()),
            other => Err(wrong_type(name, other, "string")),
        });
        texts.collect::<Result<_>>().map(Some)
    }

    /// Warns about misspelt members.
    pub(crate) fn check_names(&self, known: &KnownNames<'_>, warnings: &mut Warnings) {
        warnings.check_members(&self.0, known);
    }

    /// Rejects members with other names.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        let unknown: Vec<_> = self.0.keys().filter(|name| !known.contains(&name.as_str())).collect();
        let verb = match unknown.as_slice() {
            [] => return Ok(()),
            [_] => "was",
            _ => "were",
        };
        let names: Vec<_> = unknown.into_iter().map(|name| format!("'{name}'")).collect();
        let names = truncate(&names.join(", "));
        Err(HttpError::invalid_body(format!(
            "Additional properties are not allowed ({names} {verb} unexpected)"
        )))
    }
}

/// The error for a missing member.
pub(crate) fn required(name: &str) -> HttpError {
    HttpError::invalid_body(format!("'{name}' is a required property"))
}

fn wrong_type(name: &str, value: &Value, wanted: &str) -> HttpError {
    invalid(name, value, &format!("is not of type '{wanted}'"))
}

fn invalid(name: &str, value: &Value, why: &str) -> HttpError {
    HttpError::invalid_body(format!("{name}: {} {why}", quoted(value)))
}

fn quoted(value: &Value) -> String {
    truncate(&value.to_string())
}

fn truncate(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::{any, proptest};

    use super::Fields;

    fn fields(text: &'static str) -> Fields {
        Fields::read(Some(Bytes::from_static(text.as_bytes()))).unwrap()
    }

    #[test]
    fn only_an_object_is_a_document() {
        assert!(Fields::read(None).is_err());
        for bad in [
            "",
            " ",
            "5",
            "\"x\"",
            "null",
            "{",
            "[]",
            "[{}]",
            "{\"a\": NaN}",
            "{\"a\": 99999999999999999999}",
        ] {
            assert!(Fields::read(Some(Bytes::from_static(bad.as_bytes()))).is_err(), "{bad}");
        }
        assert!(!fields("{}").has("a"));
    }

    #[test]
    fn members_have_their_types_and_bounds() {
        let good = fields("{\"i\": 4294967295, \"t\": \"éé\", \"o\": {\"a\": 1}, \"l\": [\"x\"]}");
        assert_eq!(good.integer("i").unwrap(), Some(u32::MAX));
        assert_eq!(good.text("t", 2).unwrap().as_deref(), Some("éé"));
        assert_eq!(good.object("o").unwrap().unwrap().get("a"), Some(&1.into()));
        assert_eq!(good.texts("l").unwrap().unwrap(), ["x"]);
        assert_eq!(good.integer("absent").unwrap(), None);
        assert!(good.text("t", 1).is_err());
        for bad in ["null", "true", "1.0", "-1", "4294967296", "\"1\"", "[5]"] {
            let document = format!("{{\"a\": {bad}}}");
            let document = Fields::read(Some(document.into())).unwrap();
            assert!(document.integer("a").is_err() && document.object("a").is_err(), "{bad}");
            assert!(document.texts("a").is_err(), "{bad}");
        }
        assert!(good.text("i", 9).is_err());
    }

    #[test]
    fn members_that_nobody_knows_are_named() {
        let document = fields("{\"a\": 1, \"b\": 2}");
        assert!(document.only(&["b", "a"]).is_ok());
        assert!(document.only(&["a"]).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<Vec<u8>>(), value in "[0-9e.\\-\"\\[\\]{}:a-b ]{0,200}") {
            for text in [Bytes::from(text), Bytes::from(format!("{{\"a\": {value}}}"))] {
                if let Ok(fields) = Fields::read(Some(text)) {
                    let _ = (fields.integer("a"), fields.text("a", 3), fields.object("a"), fields.texts("a"));
                    let _ = fields.only(&["b"]);
                }
            }
        }
    }
}
