//! What a failure of the server means: whether something was perhaps done, and whether it is worth another try.

use tokio_postgres::error::SqlState;
use zaqar_storage::StorageError;

/// What the schema's own functions fail with.
const MOVED: &str = "ZQ001";

/// Why a piece of work was not done.
#[derive(Debug)]
pub(crate) enum Failed {
    Database(tokio_postgres::Error),
    /// The answer of the contract.
    Contract(StorageError),
    /// The server took longer than a request may; the connection was given up, and what ran on it may go on.
    TookTooLong,
    /// The server said that a commit may be missing on its standbys.
    InDoubt,
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StorageError> for Failed {
    fn from(error: StorageError) -> Self {
        Self::Contract(error)
    }
}

/// What a failure means for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// The line was cut, or the server ended the session: it may have been done.
    PerhapsDone,
    /// It was not done, and the same connection can be used on.
    NotNow,
    /// It was not done, and cannot be on this connection: on another one, perhaps to another server, it may.
    NotHere,
    Broken,
}

fn meaning(error: &tokio_postgres::Error) -> Meaning {
    let Some(code) = error.code() else {
        // Without a code it is the line, or a value that could not be read or written.
        let is_line = error.is_closed() || is_io(error);
        return if is_line { Meaning::PerhapsDone } else { Meaning::Broken };
    };
    match *code {
        // The session was ended while it ran: where a standby is waited for, the commit may have been made.
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::DATABASE_DROPPED => {
            Meaning::PerhapsDone
        }
        SqlState::READ_ONLY_SQL_TRANSACTION
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::IDLE_SESSION_TIMEOUT
        // What was prepared is gone, or does not fit its tables any more.
        | SqlState::INVALID_SQL_STATEMENT_NAME
        | SqlState::FEATURE_NOT_SUPPORTED => Meaning::NotHere,
        SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::QUERY_CANCELED
        | SqlState::LOCK_NOT_AVAILABLE => Meaning::NotNow,
        ref code if code.code().starts_with("08") => Meaning::PerhapsDone,
        // Out of memory, of disk space, of connections.
        ref code if code.code().starts_with("53") => Meaning::NotNow,
        _ => Meaning::Broken,
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>())
}

impl Failed {
    /// It is certain that nothing was done, and another try may do it.
    pub(crate) fn is_worth_another_try(&self, is_write: bool) -> bool {
        match self {
            Self::Database(error) => match meaning(error) {
                Meaning::NotNow | Meaning::NotHere => true,
                Meaning::PerhapsDone => !is_write,
                Meaning::Broken => false,
            },
            Self::Contract(_) | Self::TookTooLong | Self::InDoubt => false,
        }
    }

    /// A queue lives in another store: nothing was done.
    pub(crate) fn is_moved(&self) -> bool {
        match self {
            Self::Database(error) => error.code().is_some_and(|code| code.code() == MOVED),
            Self::Contract(error) => matches!(error, StorageError::Moved),
            Self::TookTooLong | Self::InDoubt => false,
        }
    }

    /// There is another row that this constraint does not allow beside.
    pub(crate) fn violates(&self, constraint: &str) -> bool {
        matches!(self, Self::Database(error)
            if error.as_db_error().and_then(|told| told.constraint()) == Some(constraint))
    }

    /// What was sent may still be under way.
    pub(crate) fn leaves_it_open(&self) -> bool {
        match self {
            Self::Database(error) => meaning(error) == Meaning::PerhapsDone,
            Self::Contract(_) | Self::InDoubt => false,
            Self::TookTooLong => true,
        }
    }

    /// The connection is of no use any more.
    pub(crate) fn ends_the_connection(&self) -> bool {
        match self {
            Self::Database(error) => matches!(meaning(error), Meaning::PerhapsDone | Meaning::NotHere),
            Self::Contract(_) | Self::InDoubt => false,
            Self::TookTooLong => true,
        }
    }

    /// As the contract says it.
    pub(crate) fn told(&self, is_write: bool) -> StorageError {
        match self {
            Self::Contract(error) => error.for_another(),
            Self::TookTooLong if is_write => {
                StorageError::outcome_unknown("PostgreSQL did not answer in time")
            }
            Self::TookTooLong => StorageError::unavailable("PostgreSQL did not answer in time"),
            Self::InDoubt => {
                StorageError::outcome_unknown("the commit may be missing on a synchronous standby")
            }
            Self::Database(_) if self.is_moved() => StorageError::Moved,
            Self::Database(error) => {
                let text = crate::uri::because(error);
                match meaning(error) {
                    Meaning::PerhapsDone if is_write => StorageError::outcome_unknown(text),
                    Meaning::PerhapsDone | Meaning::NotNow | Meaning::NotHere => {
                        StorageError::unavailable(text)
                    }
                    Meaning::Broken => StorageError::driver(text),
                }
            }
        }
    }
}
