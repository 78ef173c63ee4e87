//! What a handler gets: the request, sorted.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use http_body_util::Full;
use zaqar_authentication::SigningKeys;
use zaqar_domain::Zaqar;
use zaqar_domain::names::Warnings;
use zaqar_model::Caller;

use crate::body::Payload;
use crate::errors::HttpError;
use crate::falcon::Query;

/// What a handler answers.
pub(crate) type Handled = Result<Response<Full<Bytes>>, HttpError>;

/// A request that may be served, and the service that does it.
pub(crate) struct Exchange<'a> {
    pub(crate) zaqar: &'a Zaqar,
    pub(crate) caller: &'a Caller,
    pub(crate) signing_keys: &'a SigningKeys,
    pub(crate) query: Query<'a>,
    /// The same as it was sent.
    pub(crate) query_text: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) payload: Payload<'a>,
    /// What the answer says of names in the request that nobody knows.
    pub(crate) warnings: &'a mut Warnings,
}

impl Exchange<'_> {
    pub(crate) fn content_type(&self) -> Option<&[u8]> {
        self.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes)
    }
}

/// The text of a header, several of one name joined. As UTF-8, or else as the Latin-1 that HTTP once was.
pub(crate) fn header_text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Cow<'h, str>> {
    let mut values = headers.get_all(name).iter().map(|value| match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    });
    let mut text = values.next()?;
    for value in values {
        text.to_mut().extend([",", &value]);
    }
    Some(text)
}

/// The answer to a request without a body that needs one.
pub(crate) fn body_is_missing() -> HttpError {
    HttpError::invalid_body("Request body can not be empty")
}
