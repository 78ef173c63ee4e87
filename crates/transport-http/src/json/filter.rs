//! The values of metadata that a filter of a listing matches.

use serde_json::Value;
use zaqar_model::JsonText;

/// The values that a text matches: the integer that it denotes, or else the text itself, as in upstream, and the JSON
/// value that it denotes. So `true` matches the text and the boolean, and `"5"`, with quotes, matches the text 5.
pub(crate) fn values(text: &str) -> Vec<Value> {
    if let Some(integer) = integer(text) {
        return vec![integer];
    }
    let spelled = JsonText::parse(text.to_owned().into()).ok();
    let spelled = spelled.and_then(|json| serde_json::from_slice(json.as_bytes()).ok());
    std::iter::once(text.into()).chain(spelled).collect()
}

/// An integer as Python parses it, of any size.
fn integer(text: &str) -> Option<Value> {
    crate::falcon::integer(text)?;
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    serde_json::from_str(&format!("{sign}{digits}")).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};
    use serde_json::json;

    use super::values;

    #[test]
    fn a_text_asks_for_itself_and_for_the_value_that_it_spells() {
        for (text, wanted) in [
            ("red", json!(["red"])),
            ("true", json!(["true", true])),
            ("null", json!(["null", null])),
            ("1.5", json!(["1.5", 1.5])),
            ("1e3", json!(["1e3", 1000.0])),
            ("\"5\"", json!(["\"5\"", "5"])),
            ("\"true\"", json!(["\"true\"", "true"])),
            ("[1, \"a\"]", json!(["[1, \"a\"]", [1, "a"]])),
            ("{\"a\": null}", json!(["{\"a\": null}", {"a": null}])),
            ("True", json!(["True"])),
            ("NaN", json!(["NaN"])),
            ("1e400", json!(["1e400"])),
            ("{", json!(["{"])),
        ] {
            assert_eq!(json!(values(text)), wanted, "{text}");
        }
    }

    #[test]
    fn an_integer_asks_for_the_number_alone() {
        for (text, wanted) in [
            ("5", json!([5])),
            (" +007 ", json!([7])),
            ("-12", json!([-12])),
            ("000", json!([0])),
            ("9223372036854775807", json!([i64::MAX])),
            // Larger than any stored integer: it matches none, not the nearest one.
            ("99999999999999999999", json!([99_999_999_999_999_999_999.0])),
        ] {
            assert_eq!(json!(values(text)), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_asks_for_something(text in any::<String>(), likely in "[-+0-9eE.\"\\[\\]{}:a ]{0,30}") {
            for text in [text, likely] {
                prop_assert!(!values(&text).is_empty());
            }
        }
    }
}
