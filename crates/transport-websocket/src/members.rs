//! The members of a JSON object, which are parsed on demand.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use zaqar_domain::names::{KnownNames, Warnings};

/// The members by name. The last one of a repeated name wins.
#[derive(Debug, Default)]
pub(crate) struct Members<'a>(BTreeMap<String, &'a RawValue>);

/// The type of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Integer,
    Boolean,
    List,
    Object,
}

impl Type {
    /// The name in the JSON specification, with an article.
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
            // A number with a fraction is not an integer, not even 1.0.
            _ => (!text.contains(['.', 'e', 'E'])).then_some(Self::Integer),
        }
    }
}

impl<'a> Members<'a> {
    /// `None`: the text is not an object.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Warns about misspelt names.
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

    /// The member, if it is of type `T`.
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
