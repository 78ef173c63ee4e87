//! The input and the result of handlers.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::Full;
use zaqar_authentication::SigningKeys;
use zaqar_domain::Zaqar;
use zaqar_domain::names::Warnings;
use zaqar_model::Caller;

use crate::body::Payload;
use crate::errors::HttpError;
use crate::falcon::Query;

/// The result of a handler.
pub(crate) type HandlerResult = Result<Response<Full<Bytes>>, HttpError>;

/// An authenticated request, and the service that it is for.
pub(crate) struct Exchange<'a> {
    pub(crate) zaqar: &'a Zaqar,
    pub(crate) caller: &'a Caller,
    pub(crate) signing_keys: &'a SigningKeys,
    pub(crate) query: Query<'a>,
    /// The query string, verbatim.
    pub(crate) query_text: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) payload: Payload<'a>,
    /// Warnings about unknown names in the request.
    pub(crate) warnings: &'a mut Warnings,
}

impl Exchange<'_> {
    pub(crate) fn content_type(&self) -> Option<&[u8]> {
        self.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes)
    }
}

/// The error for a missing body.
pub(crate) fn body_is_missing() -> HttpError {
    HttpError::invalid_body("Request body can not be empty")
}
