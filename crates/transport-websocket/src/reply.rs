//! Replies, and the table from domain errors to statuses.

use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use zaqar_domain::{Error, Refusal};

/// A status as in HTTP, and a JSON document.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Box<RawValue>,
    /// The internal cause, for the log only.
    pub(crate) cause: Option<Error>,
}

pub(crate) type HandlerResult = Result<Reply, Reply>;

impl Reply {
    pub(crate) fn new(status: u16, body: &impl Serialize) -> Self {
        // Writing texts, numbers, lists and objects with string keys cannot fail.
        Self { status, body: to_raw_value(body).unwrap_or_default(), cause: None }
    }

    /// A reply without content.
    pub(crate) fn empty() -> Self {
        Self::new(204, &json!({}))
    }

    /// An error of the interface itself.
    pub(crate) fn error(status: u16, text: impl AsRef<str>) -> Self {
        Self::new(status, &json!({ "error": text.as_ref() }))
    }

    /// An error of an action: the text of the exception in upstream, and an explanation, if upstream has one.
    pub(crate) fn exception(status: u16, exception: impl AsRef<str>, error: Option<&str>) -> Self {
        Self::new(status, &json!({ "exception": exception.as_ref(), "error": error }))
    }

    pub(crate) fn bad_request(text: impl AsRef<str>) -> Self {
        Self::exception(400, text, None)
    }
}

impl From<Error> for Reply {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let status = match &error {
            Error::Invalid(_) | Error::NothingToUpdate { .. } => 400,
            Error::CannotConnect { .. } | Error::PoolMismatch | Error::BadPoolList(_) => 400,
            Error::NotDeleted(Refusal::MessageNotClaimed | Refusal::ClaimDoesNotExist) => 400,
            Error::Forbidden | Error::Refused(_) | Error::PoolInUse(_) => 403,
            Error::NotDeleted(Refusal::MessageIsClaimed | Refusal::ClaimedByAnother) => 403,
            Error::NotFound(_) => 404,
            Error::Conflict(_) => 409,
            Error::AskedTooOften(_) => 429,
            Error::Unavailable { .. } | Error::Encryption { .. } | Error::StageFailed { .. } => 503,
            Error::KeystoneUnavailable { .. } => 503,
            Error::Internal { .. } => 500,
        };
        if status < 500 {
            return Self::exception(status, text, None);
        }
        Self { cause: Some(error), ..Self::exception(status, &text, Some(&text)) }
    }
}

#[cfg(test)]
mod tests {
    use zaqar_domain::{Error, Refusal};

    use super::Reply;

    #[test]
    fn each_kind_of_error_has_its_status() {
        for (error, status) in [
            (Error::Forbidden, 403),
            (Error::Invalid(String::new()), 400),
            (Error::Conflict(String::new()), 409),
            (Error::AskedTooOften(1), 429),
            (Error::NotDeleted(Refusal::MessageIsClaimed), 403),
            (Error::NotDeleted(Refusal::ClaimedByAnother), 403),
            (Error::NotDeleted(Refusal::MessageNotClaimed), 400),
            (Error::NotDeleted(Refusal::ClaimDoesNotExist), 400),
        ] {
            assert_eq!(Reply::from(error).status, status);
        }
    }
}
