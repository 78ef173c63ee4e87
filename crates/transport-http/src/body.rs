//! The body of a request, read on demand and up to a limit.

use std::error::Error as StdError;
use std::pin::Pin;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Version, header, request};
use http_body_util::BodyExt;
use hyper::body::Body;
use zaqar_model::JsonText;

use crate::errors::HttpError;
use crate::json::read;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;
type Stream<'a> = Pin<&'a mut (dyn Body<Data = Bytes, Error = BoxError> + Send)>;

/// The length of a body as its request declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// There is no body.
    Absent,
    Known(u64),
    /// The body is chunked, or comes in HTTP/2 frames.
    Unknown,
}

impl BodyLength {
    /// `ended`: whether the request ends after its head.
    pub(crate) fn of(head: &request::Parts, ended: bool) -> Result<Self, HttpError> {
        let headers: &HeaderMap = &head.headers;
        if headers.contains_key(header::TRANSFER_ENCODING) {
            return Ok(Self::Unknown);
        }
        let Some(value) = headers.get(header::CONTENT_LENGTH) else {
            let announced = head.version < Version::HTTP_2;
            return Ok(if announced || ended { Self::Absent } else { Self::Unknown });
        };
        let length = value.to_str().ok().and_then(|text| text.trim().parse().ok());
        length.map(Self::Known).ok_or_else(|| {
            let text =
                "The value provided for the \"Content-Length\" header is invalid. The value of the header must be a number.";
            HttpError::bad_request("Invalid header value", text).closing()
        })
    }
}

/// A body that has not been read yet.
pub(crate) struct Payload<'a> {
    pub(crate) length: BodyLength,
    pub(crate) stream: Stream<'a>,
    pub(crate) timeout: Duration,
}

/// Maximum size of documents other than messages and metadata: that of a subscription, the largest of them.
const MAX_SMALL_DOCUMENT: u64 = zaqar_domain::MAX_SUBSCRIPTION_BYTES as u64;

impl Payload<'_> {
    /// A small document. `None` if there is no body.
    pub(crate) async fn small_document(self) -> Result<Option<Bytes>, HttpError> {
        let too_large =
            || HttpError::invalid_body(format!("Request body is too large. Max size: {MAX_SMALL_DOCUMENT}"));
        self.read(MAX_SMALL_DOCUMENT, too_large).await
    }

    /// A small document, parsed. `None` if the body is missing or empty.
    pub(crate) async fn small_json(self) -> Result<Option<JsonText>, HttpError> {
        let body = self.small_document().await?.filter(|body| !body.is_empty());
        body.map(read::document).transpose()
    }

    /// Rejects a body that declares a larger length.
    pub(crate) fn within(self, limit: u64, too_large: impl FnOnce() -> HttpError) -> Result<Self, HttpError> {
        match self.length {
            BodyLength::Known(length) if length > limit => Err(too_large().closing()),
            _ => Ok(self),
        }
    }

    /// Reads the body. `None` if there is none. Does not read more than the limit, and discards a body that exceeds it.
    pub(crate) async fn read(
        self,
        limit: u64,
        too_large: impl Fn() -> HttpError,
    ) -> Result<Option<Bytes>, HttpError> {
        let Self { length, stream, timeout } = self.within(limit, &too_large)?;
        if length == BodyLength::Absent {
            return Ok(None);
        }
        match tokio::time::timeout(timeout, collect(stream, length, limit)).await {
            Ok(Ok(Some(body))) => Ok(Some(body)),
            Ok(Ok(None)) => Err(too_large().closing()),
            Ok(Err(error)) => {
                let mut response = HttpError::invalid_body("Request body could not be read.").closing();
                response.cause = Some(error);
                Err(response)
            }
            Err(_) => {
                let error = HttpError::status(StatusCode::REQUEST_TIMEOUT);
                Err(error.describe("The request body did not arrive in time.").closing())
            }
        }
    }
}

/// `None`: the body exceeds the limit.
async fn collect(mut stream: Stream<'_>, length: BodyLength, limit: u64) -> Result<Option<Bytes>, BoxError> {
    let fits = |size: usize| u64::try_from(size).is_ok_and(|size| size <= limit);
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(frame) = stream.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let size = first.as_ref().map_or(0, Bytes::len).max(rest.len()) + data.len();
        if !fits(size) {
            return Ok(None);
        }
        match &first {
            // Most bodies come in one piece, which is not copied.
            None => first = Some(data),
            Some(start) => {
                if rest.is_empty() {
                    let expected = match length {
                        BodyLength::Known(length) => usize::try_from(length).unwrap_or(size),
                        _ => size,
                    };
                    rest.reserve(expected.max(size));
                    rest.put_slice(start);
                }
                rest.put_slice(&data);
            }
        }
    }
    Ok(Some(if rest.is_empty() { first.unwrap_or_default() } else { rest.freeze() }))
}
