//! An option value independent of the Rust type of its field: parsed, compared, substituted, printed.

use std::collections::BTreeMap;

/// A parsed value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// An optional value that is not set.
    Unset,
    Text(String),
    Boolean(bool),
    Integer(i128),
    Float(f64),
    List(Vec<String>),
    Dictionary(BTreeMap<String, String>),
}

impl Value {
    /// The text that replaces `$name`: the result of Python's `str()`, since oslo.config substitutes values and not
    /// texts. A boolean `1` becomes `True`, and a list has brackets.
    pub(crate) fn as_substituted(&self) -> String {
        match self {
            Self::Unset => String::new(),
            Self::Text(text) => text.clone(),
            Self::Boolean(true) => "True".to_owned(),
            Self::Boolean(false) => "False".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => format!("{number:?}"),
            Self::List(items) => {
                let items = items.iter().map(|item| quoted_as_in_python(item)).collect::<Vec<_>>();
                format!("[{}]", items.join(", "))
            }
            Self::Dictionary(pairs) => {
                let pair = |(key, value): (&String, &String)| {
                    format!("{}: {}", quoted_as_in_python(key), quoted_as_in_python(value))
                };
                format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The texts that parse to this value: one, or one per line for a repeatable option.
    pub(crate) fn as_texts(&self, repeated: bool) -> Vec<String> {
        match self {
            Self::Unset => vec![String::new()],
            Self::Text(text) => vec![text.clone()],
            Self::Boolean(value) => vec![value.to_string()],
            Self::Integer(number) => vec![number.to_string()],
            Self::Float(number) => vec![format!("{number:?}")],
            Self::List(items) if repeated => items.clone(),
            Self::List(items) => vec![items.join(",")],
            Self::Dictionary(pairs) => {
                vec![pairs.iter().map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(",")]
            }
        }
    }
}

fn quoted_as_in_python(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if character == quote => quoted.extend(['\\', quote]),
            _ if (character.is_control() || character.is_whitespace()) && character != ' ' => {
                quoted.push_str(&match u32::from(character) {
                    code @ ..0x100 => format!("\\x{code:02x}"),
                    code => format!("\\u{code:04x}"),
                });
            }
            _ => quoted.push(character),
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Value;

    #[test]
    fn a_value_is_substituted_as_python_prints_it() {
        let list = ["a", "it's", "\\", "\u{a0}\u{2028}"].map(str::to_owned).to_vec();
        let dictionary = BTreeMap::from([("a".to_owned(), "b:c".to_owned())]);
        for (value, text) in [
            (Value::Unset, ""),
            (Value::Boolean(true), "True"),
            (Value::Float(60.0), "60.0"),
            (Value::Integer(-1), "-1"),
            (Value::List(list), r#"['a', "it's", '\\', '\xa0\u2028']"#),
            (Value::Dictionary(dictionary), "{'a': 'b:c'}"),
        ] {
            assert_eq!(value.as_substituted(), text);
        }
    }
}
