//! How a store fails: small and closed, so that the domain can tell the cases apart.

use std::error::Error;

pub type StorageResult<T> = Result<T, StorageError>;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// What the operation is about does not exist (any more): the queue was deleted meanwhile, for instance.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Something like it exists already, or it was changed by another meanwhile.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// The queue lives in another store now, or is only arriving in this one: nothing was done. Ask the catalogue anew where
    /// it lives, and make the same call there. See [`Migration`](crate::Migration).
    #[error("the queue lives in another store now")]
    Moved,
    /// The engine cannot do this: see [`Capabilities`](crate::Capabilities).
    #[error("this store does not support {0}")]
    Unsupported(&'static str),
    /// Not now: the store is closed, overloaded or unreachable. The same call may succeed later.
    #[error("the store is unavailable: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Perhaps done, perhaps not: the answer was lost on its way. Only a [shared](crate::Capabilities::shared) store
    /// returns it. The same call may be made again, as its documentation says.
    #[error("it is not known whether the store has done it: {0}")]
    OutcomeUnknown(#[source] Box<dyn Error + Send + Sync>),
    /// Anything else, with its cause.
    #[error("the store failed: {0}")]
    Driver(#[source] Box<dyn Error + Send + Sync>),
}

impl StorageError {
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }

    pub fn outcome_unknown(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::OutcomeUnknown(cause.into())
    }

    pub fn driver(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Driver(cause.into())
    }

    /// The same failure for another who has waited for the same call. Of a cause, only the text goes along.
    #[must_use]
    pub fn for_another(&self) -> Self {
        match self {
            Self::NotFound(what) => Self::NotFound(what),
            Self::Conflict(what) => Self::Conflict(what),
            Self::Moved => Self::Moved,
            Self::Unsupported(what) => Self::Unsupported(what),
            Self::Unavailable(cause) => Self::unavailable(cause.to_string()),
            Self::OutcomeUnknown(cause) => Self::outcome_unknown(cause.to_string()),
            Self::Driver(cause) => Self::driver(cause.to_string()),
        }
    }
}
