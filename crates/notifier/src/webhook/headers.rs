//! The headers of a webhook: those of the subscription's `post_headers`, and the service's own.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::Value;
use zaqar_domain::names::option::POST_HEADERS;
use zaqar_model::Metadata;

use super::sender::WrongOption;
use crate::http::Headers;

const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What a subscription may not set: it belongs to the connection, says where a request ends or goes to, or is the
/// service's word.
const RESERVED: [&str; 14] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// `application/json`, unless the subscription says otherwise, and what else it wants.
pub(super) fn wanted(options: &Metadata) -> Result<Headers, WrongOption> {
    let mut headers = Headers::default();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"))?;
    let wanted = match options.get(POST_HEADERS) {
        None | Some(Value::Null) => return Ok(headers),
        Some(Value::Object(wanted)) => wanted,
        Some(_) => return Err(WrongOption("post_headers must be an object of texts".to_owned())),
    };
    for (name, value) in wanted {
        let wrong = |reason: &str| WrongOption(format!("post_headers: the header {name:?} {reason}"));
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("has no valid name"))?;
        if RESERVED.contains(&known.as_str()) || known.as_str().starts_with("proxy-") {
            return Err(wrong("cannot be set"));
        }
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        let mut value = value.ok_or_else(|| wrong("has no valid value"))?;
        // It may be a password: no log shows it.
        value.set_sensitive(true);
        headers.insert_as(name, known, value)?;
    }
    Ok(headers)
}

/// The id of the notice, and the signature if there is one.
pub(super) fn add_own(
    headers: &mut Headers,
    id: &str,
    signed: Option<crate::signature::SignedHeaders>,
) -> Result<(), WrongOption> {
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|_| WrongOption("the notice's id cannot be sent".to_owned()))
    };
    headers.insert(WEBHOOK_ID, value(id)?)?;
    if let Some(signed) = signed {
        headers.insert(WEBHOOK_TIMESTAMP, value(&signed.timestamp)?)?;
        headers.insert(WEBHOOK_SIGNATURE, value(&signed.signature)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use zaqar_model::Metadata;

    use super::wanted;

    fn headers_of(post_headers: Value) -> Result<Vec<(String, String)>, String> {
        let options = Metadata::new(Map::from_iter([("post_headers".to_owned(), post_headers)]));
        wanted(&options).map(|headers| headers.pairs()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_subscription_adds_and_replaces_headers() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(headers_of(json!(null)), Ok(vec![pair("content-type", "application/json")]));
        assert_eq!(
            headers_of(json!({"CONTENT-type": "text/plain", "X-Auth": "a b"})),
            Ok(vec![pair("CONTENT-type", "text/plain"), pair("X-Auth", "a b")])
        );
    }

    #[test]
    fn headers_that_would_break_the_request_or_lie_are_refused() {
        for name in
            ["Host", "Transfer-Encoding", "content-length", "Connection", "Proxy-Authorization", "Webhook-Id"]
        {
            let refusal = headers_of(json!({ name: "x" })).unwrap_err();
            assert!(refusal.ends_with("cannot be set"), "{refusal}");
        }
        for bad in [json!({"a b": "x"}), json!({"": "x"}), json!({"a:b": "x"}), json!({"a\r\nb": "x"})] {
            assert!(headers_of(bad).unwrap_err().ends_with("has no valid name"));
        }
        for bad in [json!({"a": "x\r\nhost: b"}), json!({"a": 1}), json!({"a": "\u{0}"}), json!({"a": null})]
        {
            assert!(headers_of(bad).unwrap_err().ends_with("has no valid value"));
        }
        assert!(headers_of(json!(["a"])).is_err());
    }
}
