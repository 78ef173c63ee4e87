//! The document of a resend request.

use zaqar_domain::Resend;
use zaqar_model::Timestamp;

use super::fields::Fields;
use crate::errors::HttpError;

/// Maximum length of a message id, in characters. Real ids are shorter.
pub(crate) const MAX_MESSAGE_ID: usize = 64;
const MAX_TIME: usize = 64;

/// Either `{"message_id": …}` or `{"failed_since": …}`.
pub(crate) fn params(fields: &Fields) -> Result<Resend, HttpError> {
    let message = fields.text("message_id", MAX_MESSAGE_ID)?;
    let since = fields.text("failed_since", MAX_TIME)?;
    fields.only(&["message_id", "failed_since"])?;
    match (message, since) {
        (Some(message), None) => Ok(Resend::Message(message)),
        (None, Some(since)) => Timestamp::from_iso8601(&since).map(Resend::FailedSince).ok_or_else(|| {
            HttpError::invalid_body(
                "The value of the \"failed_since\" field must be a time, for example 2026-11-23T08:00:00Z.",
            )
        }),
        _ => Err(HttpError::invalid_body(
            "Either \"message_id\" or \"failed_since\" must be given, and not both.",
        )),
    }
}
