//! Errors: the table from domain errors to statuses, and the error document.

use std::borrow::Cow;
use std::error::Error as StdError;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use zaqar_domain::{Error, PoolListFault, Refusal};

use crate::falcon::InvalidParameter;
use crate::falcon::accept::{ErrorFormat, error_format};
use crate::python_json::PythonSpacing;

pub(crate) const API: &str = "Invalid API request";
pub(crate) const BODY: &str = "Invalid request body";

/// When a store is away, others may already be replacing it.
const STORE_RETRY_SECONDS: u16 = 1;

/// An error response.
#[derive(Debug)]
pub(crate) struct HttpError {
    status: StatusCode,
    /// Defaults to the status line.
    title: Option<&'static str>,
    description: Option<Cow<'static, str>>,
    allow: Option<String>,
    location: Option<String>,
    /// It is worth another try so soon.
    retry_after_seconds: Option<u16>,
    /// The rest of the request is not read, so the connection is closed after the response.
    closes: bool,
    /// For the log only.
    pub(crate) cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl HttpError {
    pub(crate) const fn status(status: StatusCode) -> Self {
        Self {
            status,
            title: None,
            description: None,
            allow: None,
            location: None,
            retry_after_seconds: None,
            closes: false,
            cause: None,
        }
    }

    pub(crate) fn new(
        status: StatusCode,
        title: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { title: Some(title), description: Some(description.into()), ..Self::status(status) }
    }

    pub(crate) fn bad_request(title: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, title, description)
    }

    pub(crate) fn invalid_body(description: impl Into<Cow<'static, str>>) -> Self {
        Self::bad_request(BODY, description)
    }

    pub(crate) fn describe(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(description.into());
        self
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        let allow = Some(format!("{allowed}, OPTIONS"));
        Self { allow, ..Self::status(StatusCode::METHOD_NOT_ALLOWED) }
    }

    /// Adds the `Location` of a conflicting resource.
    pub(crate) fn with_location(mut self, path: String) -> Self {
        self.location = Some(path);
        self
    }

    pub(crate) fn internal(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error", description)
    }

    pub(crate) const fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(crate) fn into_response(self, accept: &str) -> Response<Full<Bytes>> {
        let (content_type, text) = match error_format(accept) {
            ErrorFormat::Json => ("application/json", self.json()),
            ErrorFormat::Xml(content_type) => (content_type, self.xml()),
            ErrorFormat::Nothing => ("application/json", String::new()),
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        if let Some(allow) = self.allow.and_then(|allow| HeaderValue::try_from(allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        if let Some(location) = self.location.and_then(|path| HeaderValue::try_from(path).ok()) {
            headers.insert(header::LOCATION, location);
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.closes {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn title(&self) -> Cow<'static, str> {
        let line =
            || format!("{} {}", self.status.as_str(), self.status.canonical_reason().unwrap_or_default());
        self.title.map_or_else(|| line().into(), Cow::Borrowed)
    }

    /// A link to more information, which only upstream's 406 has.
    const fn link(&self) -> Option<[(&'static str, &'static str); 3]> {
        if self.status.as_u16() != StatusCode::NOT_ACCEPTABLE.as_u16() {
            return None;
        }
        Some([
            ("text", "14.1 Accept, Hypertext Transfer Protocol -- HTTP/1.1"),
            ("href", "http://www.w3.org/Protocols/rfc2616/rfc2616-sec14.html"),
            ("rel", "help"),
        ])
    }

    fn json(&self) -> String {
        let mut document = serde_json::Map::new();
        document.insert("title".into(), self.title().into());
        if let Some(description) = &self.description {
            document.insert("description".into(), description.as_ref().into());
        }
        if let Some(link) = self.link() {
            let members = link.map(|(name, text)| (name.to_owned(), text.into()));
            document.insert("link".into(), serde_json::Map::from_iter(members).into());
        }
        PythonSpacing::to_string(&document)
    }

    fn xml(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><error>");
        element(&mut text, "title", &self.title());
        if let Some(description) = &self.description {
            element(&mut text, "description", description);
        }
        if let Some(link) = self.link() {
            text.push_str("<link>");
            for (name, value) in link {
                element(&mut text, name, value);
            }
            text.push_str("</link>");
        }
        text.push_str("</error>");
        text
    }
}

fn element(text: &mut String, name: &str, value: &str) {
    text.extend(["<", name, ">"]);
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            // XML cannot contain them, not even escaped.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => text.push('\u{fffd}'),
            c => text.push(c),
        }
    }
    text.extend(["</", name, ">"]);
}

impl From<InvalidParameter> for HttpError {
    fn from(error: InvalidParameter) -> Self {
        Self::bad_request("Invalid parameter", error.to_string())
    }
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Forbidden => Self::new(StatusCode::FORBIDDEN, "Not authorized", text),
            Error::Refused(_) => Self::new(StatusCode::FORBIDDEN, "Forbidden", text),
            Error::Invalid(_) => Self::bad_request(API, text),
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "Not found", text),
            Error::Conflict(_) => Self::new(StatusCode::CONFLICT, "Resource conflict", text),
            Error::AskedTooOften(_) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many confirmations", text)
            }
            Error::NothingToUpdate { .. } => Self::bad_request("Unable to update subscription", text),
            Error::NotDeleted(Refusal::MessageIsClaimed | Refusal::ClaimedByAnother) => {
                Self::new(StatusCode::FORBIDDEN, "Unable to delete", text)
            }
            Error::NotDeleted(Refusal::MessageNotClaimed | Refusal::ClaimDoesNotExist) => {
                Self::bad_request("Unable to delete", text)
            }
            Error::CannotConnect { .. } => Self::bad_request(BODY, text),
            Error::PoolMismatch => Self::bad_request("Unable to create pool", text),
            Error::PoolInUse(_) => Self::new(StatusCode::FORBIDDEN, "Unable to delete", text),
            Error::BadPoolList(PoolListFault::AbsentAtUpdate { .. }) => Self::bad_request("updatefail", text),
            Error::BadPoolList(_) => Self::bad_request("Unable to create", text),
            Error::Unavailable { source, .. } => {
                let title = "Service temporarily unavailable";
                let text = text + " Please try again in a few seconds.";
                Self {
                    retry_after_seconds: Some(STORE_RETRY_SECONDS),
                    cause: Some(Box::new(source)),
                    ..Self::new(StatusCode::SERVICE_UNAVAILABLE, title, text)
                }
            }
            Error::Encryption { source, .. }
            | Error::KeystoneUnavailable { source, .. }
            | Error::StageFailed { source } => {
                let title = "Service temporarily unavailable";
                Self { cause: Some(source), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, title, text) }
            }
            Error::Internal { source, .. } => Self { cause: Some(Box::new(source)), ..Self::internal(text) },
        }
    }
}

/// As [`From`], for errors in the request body.
pub(crate) fn body_error(error: Error) -> HttpError {
    match error {
        Error::Invalid(text) => HttpError::invalid_body(text),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use zaqar_domain::{Error, Refusal};

    use super::HttpError;

    #[test]
    fn a_document_has_a_title_and_a_description() {
        let error = HttpError::bad_request("T", "a \"b\" \u{e9}");
        assert_eq!(error.json(), "{\"title\": \"T\", \"description\": \"a \\\"b\\\" \u{e9}\"}");
        assert_eq!(HttpError::status(StatusCode::NOT_FOUND).json(), "{\"title\": \"404 Not Found\"}");
    }

    #[test]
    fn xml_is_escaped() {
        let error = HttpError::bad_request("<&>", "\u{0}");
        let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error><title>&lt;&amp;&gt;</title>";
        assert_eq!(error.xml(), format!("{start}<description>\u{fffd}</description></error>"));
    }

    #[test]
    fn a_claimed_message_is_forbidden_and_a_dead_claim_a_bad_request() {
        let status = |refusal| HttpError::from(Error::NotDeleted(refusal)).status;
        assert_eq!(status(Refusal::MessageIsClaimed), StatusCode::FORBIDDEN);
        assert_eq!(status(Refusal::ClaimedByAnother), StatusCode::FORBIDDEN);
        assert_eq!(status(Refusal::MessageNotClaimed), StatusCode::BAD_REQUEST);
        assert_eq!(status(Refusal::ClaimDoesNotExist), StatusCode::BAD_REQUEST);
    }
}
