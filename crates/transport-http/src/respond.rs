//! Answers that succeed.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;

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
