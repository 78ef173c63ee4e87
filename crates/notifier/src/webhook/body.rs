//! The body of a webhook: the notice's document, or the subscription's `post_data` with the document in it.

use bytes::Bytes;
use serde_json::Value;
use zaqar_domain::names::option::POST_DATA;
use zaqar_model::Metadata;

use super::sender::WrongOption;

/// What stands in `post_data` for the document. The quotes belong to it.
const PLACE: &str = "\"$zaqar_message$\"";

/// A document can be asked for many times over.
const LONGEST: usize = 1 << 20;

pub(super) fn body(options: &Metadata, document: &Bytes) -> Result<Bytes, WrongOption> {
    let template = match options.get(POST_DATA) {
        None | Some(Value::Null) => return Ok(document.clone()),
        Some(Value::String(template)) => template,
        Some(_) => return Err(WrongOption("post_data must be a text".to_owned())),
    };
    let places = template.matches(PLACE).count();
    if template.len().saturating_add(document.len().saturating_mul(places)) > LONGEST {
        return Err(WrongOption(format!("post_data makes a request of more than {LONGEST} bytes")));
    }
    let document = String::from_utf8_lossy(document);
    Ok(Bytes::from(template.replace(PLACE, &document)))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Map, Value, json};
    use zaqar_model::Metadata;

    use super::body;

    fn body_with(post_data: Value) -> Result<Bytes, String> {
        let options = Metadata::new(Map::from_iter([("post_data".to_owned(), post_data)]));
        body(&options, &Bytes::from_static(b"{\"ttl\": 60}")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_document_takes_its_place_in_the_text_of_the_subscription() {
        let text = r#"{"a": "$zaqar_message$", "b": ["$zaqar_message$", "$zaqar_message$!"]}"#;
        let filled = r#"{"a": {"ttl": 60}, "b": [{"ttl": 60}, "$zaqar_message$!"]}"#;
        assert_eq!(body_with(json!(text)), Ok(Bytes::from_static(filled.as_bytes())));
        assert_eq!(body_with(json!("no place")), Ok(Bytes::from_static(b"no place")));
        assert_eq!(body_with(json!(null)), Ok(Bytes::from_static(b"{\"ttl\": 60}")));
    }

    #[test]
    fn what_is_no_text_or_grows_too_much_is_refused() {
        assert_eq!(body_with(json!({"a": 1})), Err("post_data must be a text".to_owned()));
        let many = "\"$zaqar_message$\"".repeat(500_000);
        assert_eq!(
            body_with(json!(many)),
            Err("post_data makes a request of more than 1048576 bytes".to_owned())
        );
    }
}
