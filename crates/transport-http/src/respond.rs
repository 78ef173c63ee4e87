//! Answers that succeed, and what holds for every answer.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;
use zaqar_domain::names::Warnings;

use crate::json::write::PythonSpacing;

/// A JSON text.
pub(crate) fn json(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A JSON document.
pub(crate) fn document(value: &impl Serialize) -> Response<Full<Bytes>> {
    json(StatusCode::OK, PythonSpacing::to_vec(value))
}

/// 204.
pub(crate) fn nothing() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

pub(crate) fn located(mut response: Response<Full<Bytes>>, path: impl Into<Bytes>) -> Response<Full<Bytes>> {
    if let Ok(path) = HeaderValue::from_maybe_shared(path.into()) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

/// Each warning in a line of its own, in the form that clients of other services know: the code 299 for what is none of
/// the others, and `-` for whoever warns (RFC 7234, section 5.5). It is obsolete for caches only, which wrote the others.
pub(crate) fn warn(headers: &mut HeaderMap, warnings: &Warnings) {
    for text in warnings.texts() {
        // A warning's text needs no escapes between quotation marks.
        if let Ok(value) = HeaderValue::try_from(format!("299 - \"{text}\"")) {
            headers.append(header::WARNING, value);
        }
    }
}

/// The longest line of a header in bytes, with its name, colon and space. Clients refuse longer ones, and with them the
/// whole answer: Python's from 64 KiB on, others and proxies from 8 or 4 KiB on.
pub(crate) const MAX_HEADER_LINE: usize = 4096;

/// Takes headers out whose lines are longer. Those that could be echo what a client sent, and are all told elsewhere:
///
/// - `Location` of a post of many messages. The body names each of them, and that is where the clients look
///   (python-zaqarclient, openstacksdk and gophercloud read `resources`). A line that is cut short would name some and
///   look like all. Where there is none, what was made is at the address of the request (RFC 9110, section 15.3.2).
/// - `Content-Location` of a long query. It is the address of the request.
/// - `Access-Control-Allow-Headers` of an endless wish. A browser that is not told of it sends no request.
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
