//! A request's body, read only on demand and never beyond a limit.

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

/// What a request says of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// There is none.
    Absent,
    Known(u64),
    /// It comes in chunks, or in HTTP/2's frames.
    Unknown,
}

impl Length {
    /// `ended`: whether the request has ended with its head.
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
    pub(crate) length: Length,
    pub(crate) stream: Stream<'a>,
    pub(crate) timeout: Duration,
}

/// Documents that only steer an operation may have so many bytes: as many as a subscription, the largest of them.
const SMALL_DOCUMENT: u64 = zaqar_domain::MAX_SUBSCRIPTION_BYTES as u64;

impl Payload<'_> {
    /// A small document; `None` if there is no body.
    pub(crate) async fn small_document(self) -> Result<Option<Bytes>, HttpError> {
        let too_large =
            || HttpError::invalid_body(format!("Request body is too large. Max size: {SMALL_DOCUMENT}"));
        self.read(SMALL_DOCUMENT, too_large).await
    }

    /// A small document, checked; `None` if there is no body or an empty one.
    pub(crate) async fn small_json(self) -> Result<Option<JsonText>, HttpError> {
        let body = self.small_document().await?.filter(|body| !body.is_empty());
        body.map(read::document).transpose()
    }

    /// Refuses a body that is known to be larger.
    pub(crate) fn within(self, limit: u64, too_large: impl FnOnce() -> HttpError) -> Result<Self, HttpError> {
        match self.length {
            Length::Known(length) if length > limit => Err(too_large().closing()),
            _ => Ok(self),
        }
    }

    /// The body; `None` if there is none. Of one that is larger nothing is kept, and no more than the limit is read.
    pub(crate) async fn read(
        self,
        limit: u64,
        too_large: impl Fn() -> HttpError,
    ) -> Result<Option<Bytes>, HttpError> {
        let Self { length, stream, timeout } = self.within(limit, &too_large)?;
        if length == Length::Absent {
            return Ok(None);
        }
        match tokio::time::timeout(timeout, collect(stream, length, limit)).await {
            Ok(Ok(Some(body))) => Ok(Some(body)),
            Ok(Ok(None)) => Err(too_large().closing()),
            Ok(Err(error)) => {
                let mut answer = HttpError::invalid_body("Request body could not be read.").closing();
                answer.cause = Some(error);
                Err(answer)
            }
            Err(_) => {
                let answer = HttpError::status(StatusCode::REQUEST_TIMEOUT);
                Err(answer.describe("The request body did not arrive in time.").closing())
            }
        }
    }
}

/// `None`: there is more than the limit.
async fn collect(mut stream: Stream<'_>, length: Length, limit: u64) -> Result<Option<Bytes>, BoxError> {
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
            // Nearly every body comes in one piece: it is kept as it is.
            None => first = Some(data),
            Some(start) => {
                if rest.is_empty() {
                    let expected = match length {
                        Length::Known(length) => usize::try_from(length).unwrap_or(size),
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
