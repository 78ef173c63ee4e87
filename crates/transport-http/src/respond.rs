//! Successful responses, and headers of all responses.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;
use zaqar_domain::names::Warnings;

use crate::python_json::PythonSpacing;

/// A JSON text.
pub(crate) fn json(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A JSON document.
pub(crate) fn json_document(value: &impl Serialize) -> Response<Full<Bytes>> {
    json(StatusCode::OK, PythonSpacing::to_vec(value))
}

/// 204.
pub(crate) fn no_content() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

pub(crate) fn with_location(
    mut response: Response<Full<Bytes>>,
    path: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    if let Ok(path) = HeaderValue::from_maybe_shared(path.into()) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

/// Adds a `Warning` header for each warning, with the code 299 for miscellaneous warnings and `-` for the agent (RFC
/// 7234, section 5.5). Only the other codes, which are for caches, are obsolete.
pub(crate) fn warn(headers: &mut HeaderMap, warnings: &Warnings) {
    for text in warnings.texts() {
        // The text of a warning needs no escapes inside quotation marks.
        if let Ok(value) = HeaderValue::try_from(format!("299 - \"{text}\"")) {
            headers.append(header::WARNING, value);
        }
    }
}

/// Maximum length of a header line in bytes, including name, colon and space. Clients reject responses with longer
/// ones: Python from 64 KiB on, others and proxies from 8 or 4 KiB on.
pub(crate) const MAX_HEADER_LINE: usize = 4096;

/// Removes headers whose lines are too long. All of them repeat what a client sent, and the information is available
/// elsewhere:
///
/// - `Location` after posting many messages. The body contains the link of each, and clients use that (python-zaqarclient,
///   openstacksdk and gophercloud read `resources`). A truncated line would look complete. Without the header, the
///   created resource is identified by the target URI (RFC 9110, section 15.3.2).
/// - `Content-Location` of a long query. It equals the target URI.
/// - `Access-Control-Allow-Headers` for a very long list. Without it, a browser does not send the request.
pub(crate) fn bound_headers(headers: &mut HeaderMap) {
    let too_long = |name: &str, value: &HeaderValue| name.len() + ": ".len() + value.len() > MAX_HEADER_LINE;
    let names = headers.iter().filter(|(name, value)| too_long(name.as_str(), value));
    for name in names.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{MAX_HEADER_LINE, bound_headers};

    #[test]
    fn a_header_whose_line_is_too_long_is_left_out() {
        let longest = HeaderValue::from_str(&"x".repeat(MAX_HEADER_LINE - "a: ".len())).unwrap();
        let (a, bc) = (HeaderName::from_static("a"), HeaderName::from_static("bc"));
        let mut headers = HeaderMap::from_iter([(a.clone(), longest.clone()), (bc, longest)]);
        bound_headers(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), [&a]);
    }
}
