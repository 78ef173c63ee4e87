//! Why there was no answer, in words for the tenant whose endpoint it is.

use std::error::Error;

use super::target::BadUrl;
use crate::guard::Refusal;
use crate::notice::Answer;
use crate::retry::Verdict;

#[derive(Debug, thiserror::Error)]
pub enum HttpFailure {
    #[error("nothing can be sent to the subscriber's URL: {0}")]
    BadUrl(#[from] BadUrl),
    #[error("it is not connected to: {0}")]
    Guarded(#[from] Refusal),
    #[error("no connection: {0}")]
    NotReached(String),
    #[error("the connection broke off: {0}")]
    BrokenOff(String),
    #[error("no answer within {0} seconds")]
    NoAnswer(u64),
}

impl HttpFailure {
    pub(super) fn of(error: &hyper_util::client::legacy::Error) -> Self {
        if let Some(refusal) = chain(error).find_map(|cause| cause.downcast_ref::<Refusal>()) {
            return Self::Guarded(*refusal);
        }
        if error.is_connect() { Self::NotReached(deepest(error)) } else { Self::BrokenOff(deepest(error)) }
    }
}

/// An error and its causes, one after the other.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The cause of all causes: the others say little.
fn deepest(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An attempt that got no answer.
impl From<HttpFailure> for Answer {
    fn from(failure: HttpFailure) -> Self {
        let verdict = match failure {
            HttpFailure::BadUrl(_) | HttpFailure::Guarded(_) => Verdict::Refused,
            HttpFailure::NotReached(_) | HttpFailure::BrokenOff(_) | HttpFailure::NoAnswer(_) => {
                Verdict::TryAgain
            }
        };
        Self { verdict, status: None, excerpt: failure.to_string(), retry_after: None }
    }
}
