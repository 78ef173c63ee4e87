//! Members of a JSON object, each kept as the piece of text that it is until somebody asks for it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use zaqar_domain::names::{KnownNames, Warnings};

/// The members by name; of two with one name the last.
#[derive(Debug, Default)]
pub(crate) struct Members<'a>(BTreeMap<String, &'a RawValue>);

/// The types that the actions' members are declared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Integer,
    Boolean,
    List,
    Object,
}

impl Type {
    /// As JSON's specification names it.
    pub(crate) const fn with_article(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Integer => "an integer",
            Self::Boolean => "a boolean",
            Self::List => "an array",
            Self::Object => "an object",
        }
    }

    pub(crate) fn of(value: &RawValue) -> Option<Self> {
        let text = value.get();
        match text.as_bytes().first()? {
            b'"' => Some(Self::Text),
            b't' | b'f' => Some(Self::Boolean),
            b'[' => Some(Self::List),
            b'{' => Some(Self::Object),
            b'n' => None,
            // A fraction is no integer, not even 1.0.
            _ => (!text.contains(['.', 'e', 'E'])).then_some(Self::Integer),
        }
    }
}

impl<'a> Members<'a> {
    /// `None`: the text is no object.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Looks for slips among names that nobody knows.
    pub(crate) fn check_names(&self, known: &KnownNames<'_>, warnings: &mut Warnings) {
        for name in self.names() {
            warnings.check(name, known);
        }
    }

    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied()
    }

    pub(crate) fn has_type(&self, name: &str, wanted: Type) -> bool {
        self.raw(name).and_then(Type::of) == Some(wanted)
    }

    /// The member, if it is of the type that is asked for.
    pub(crate) fn get<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Members, Type};

    #[test]
    fn types_are_those_of_a_schema() {
        let members = Members::read(
            "{\"t\": \"\", \"i\": -1, \"b\": true, \"l\": [], \"o\": {}, \"n\": null, \"f\": 1.0, \"e\": 1e3}",
        );
        let members = members.unwrap();
        let types = ["t", "i", "b", "l", "o", "n", "f", "e", "absent"]
            .map(|name| members.raw(name).and_then(Type::of));
        let expected = [Type::Text, Type::Integer, Type::Boolean, Type::List, Type::Object].map(Some);
        assert_eq!(types[..5], expected);
        assert_eq!(types[5..], [None; 4]);
    }

    #[test]
    fn of_two_with_one_name_the_last_counts() {
        let members = Members::read("{\"a\": 1, \"\\u0061\": \"x\"}").unwrap();
        assert_eq!(members.text("a"), Some("x".to_owned()));
        assert!(Members::read("[]").is_none());
    }
}
