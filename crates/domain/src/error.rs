//! How an operation fails, told apart so that each transport can answer in its own way. The texts are upstream's, and
//! none shows more than the caller asked about.

use std::fmt;

use zaqar_model::{DestinationKind, DestinationName, FlavorName, ProjectId, QueueName};
use zaqar_storage::{OpenFault, StorageError};

pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("You are not authorized to complete this action.")]
    Forbidden,
    /// A stage of a pipeline does not let the caller do this, and says why.
    #[error("{0}")]
    Refused(String),
    /// What was asked for breaks a rule or a limit.
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    NotFound(Absent),
    /// What was asked for does not fit what is there.
    #[error("{0}")]
    Conflict(String),
    /// A change of a subscription that names nothing which could be changed.
    #[error("Subscription {id} could not be updated.")]
    NothingToUpdate { id: String },
    /// A subscriber was asked to confirm as often as may be.
    #[error("This subscriber was asked {0} times within an hour to confirm a subscription. Try again later.")]
    AskedTooOften(u32),
    /// A message was not deleted.
    #[error("{0}")]
    NotDeleted(Refusal),
    /// The store of a pool cannot be used.
    #[error("cannot connect to {uri}: {fault}")]
    CannotConnect { uri: String, fault: OpenFault },
    /// A pool's store has other abilities than those of its flavor.
    #[error("The pool being added does not support the minimum set of capabilities")]
    PoolMismatch,
    /// A pool that is needed is not removed.
    #[error("{0}")]
    PoolInUse(PoolUse),
    /// A flavor cannot have these pools.
    #[error("{0}")]
    BadPoolList(PoolListFault),
    /// The store could not do it now.
    #[error("{failure}")]
    Unavailable { failure: Failure, source: StorageError },
    /// A message cannot be encrypted or decrypted, for want of the right key for instance.
    #[error("{failure} A message cannot be encrypted or decrypted: the server's log says why.")]
    Encryption { failure: Failure, source: Box<dyn std::error::Error + Send + Sync> },
    /// A stage of a pipeline could not do its part.
    #[error("A stage of the service's pipeline failed: the server's log says which and why.")]
    StageFailed { source: Box<dyn std::error::Error + Send + Sync> },
    /// Keystone is needed for it, and could not be asked.
    #[error("{failure} Keystone cannot be asked now. Please try again in a few seconds.")]
    KeystoneUnavailable { failure: Failure, source: Box<dyn std::error::Error + Send + Sync> },
    /// Something failed where upstream, too, has no better answer.
    #[error("{failure}")]
    Internal { failure: Failure, source: StorageError },
}

impl Error {
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }
}

/// What does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    Queue {
        queue: DestinationName,
        project: ProjectId,
    },
    Message {
        id: String,
        queue: DestinationName,
        project: ProjectId,
    },
    /// None of these messages.
    Messages {
        ids: Vec<String>,
        queue: DestinationName,
        project: ProjectId,
    },
    Claim {
        id: String,
        queue: QueueName,
        project: ProjectId,
    },
    Subscription {
        id: String,
    },
    Pool {
        name: String,
    },
    Flavor {
        name: String,
    },
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue { queue, project } => {
                write!(f, "{} {} does not exist for project {project}", title(queue.kind), queue.name)
            }
            Self::Message { id, queue, project } => {
                let (noun, name) = (noun(queue.kind), &queue.name);
                write!(f, "Message {id} does not exist in {noun} {name} for project {project}")
            }
            Self::Messages { ids, queue, project } => {
                write!(f, "No messages with IDs: {} ", PythonList(ids))?;
                write!(f, "found in the {} {} for project {project}.", noun(queue.kind), queue.name)
            }
            Self::Claim { id, queue, project } => {
                write!(f, "Claim {id} does not exist in queue {queue} for project {project}")
            }
            Self::Subscription { id } => write!(f, "Subscription {id} does not exist"),
            Self::Pool { name } => write!(f, "Pool {name} does not exist"),
            Self::Flavor { name } => write!(f, "Flavor {name} does not exist"),
        }
    }
}

/// Why a message was not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    MessageIsClaimed,
    MessageNotClaimed,
    ClaimedByAnother,
    ClaimDoesNotExist,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MessageIsClaimed | Self::ClaimedByAnother => {
                "This message is claimed; it cannot be deleted without a valid claim ID."
            }
            Self::MessageNotClaimed => "A claim was specified, but the message is not currently claimed.",
            Self::ClaimDoesNotExist => "The specified claim does not exist or has expired.",
        })
    }
}

/// Why a pool is not removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolUse {
    /// It is the last one of this flavor.
    Flavor(FlavorName),
    /// Queues are kept in it.
    Queues,
}

impl fmt::Display for PoolUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flavor(flavor) => {
                write!(f, "This pool is used by flavors {flavor}; It cannot be deleted.")
            }
            Self::Queues => f.write_str("This pool holds queues; It cannot be deleted."),
        }
    }
}

/// Why a flavor cannot have these pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolListFault {
    Empty,
    /// A new flavor is to have a pool that does not exist.
    AbsentAtCreation {
        flavor: FlavorName,
        pool: String,
    },
    /// A flavor is to get a pool that does not exist.
    AbsentAtUpdate {
        flavor: FlavorName,
        pool: String,
    },
}

impl fmt::Display for PoolListFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("A flavor needs at least one pool in `pool_list`."),
            Self::AbsentAtCreation { flavor, pool } => {
                write!(f, "Flavor {flavor} could not be created, error:Pool {pool} does not exist")
            }
            Self::AbsentAtUpdate { flavor, pool } => {
                write!(f, "Flavor {flavor} cant be updated, error:Pool {pool} does not exist")
            }
        }
    }
}

/// What a failing store kept from being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    CreateQueue(DestinationKind),
    GetQueue(DestinationKind),
    UpdateQueue(DestinationKind),
    DeleteQueue(DestinationKind),
    ListQueues(DestinationKind),
    QueueStats(DestinationKind),
    PurgeQueue(DestinationKind),
    FindQueue(DestinationKind),
    PostMessages,
    ListMessages,
    GetMessage,
    DeleteMessage,
    DeleteMessages,
    PopMessages,
    CreateClaim,
    GetClaim,
    UpdateClaim,
    DeleteClaim,
    CreateSubscription,
    GetSubscription,
    UpdateSubscription,
    ConfirmSubscription,
    DeleteSubscription,
    ListSubscriptions,
    ListAttempts,
    ListFailures,
    Resend,
    CreatePool,
    GetPool,
    UpdatePool,
    DeletePool,
    ListPools,
    CreateFlavor,
    GetFlavor,
    UpdateFlavor,
    DeleteFlavor,
    ListFlavors,
    Health,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreateQueue(kind) => return write!(f, "{} could not be created.", title(*kind)),
            Self::GetQueue(kind) => return write!(f, "{} metadata could not be retrieved.", title(*kind)),
            Self::UpdateQueue(kind) => return write!(f, "{} could not be updated.", title(*kind)),
            Self::DeleteQueue(kind) => return write!(f, "{} could not be deleted.", title(*kind)),
            Self::ListQueues(kind) => return write!(f, "{}s could not be listed.", title(*kind)),
            Self::QueueStats(kind) => return write!(f, "{} stats could not be read.", title(*kind)),
            Self::PurgeQueue(kind) => return write!(f, "{} could not be purged.", title(*kind)),
            Self::FindQueue(kind) => return write!(f, "The {} could not be looked up.", noun(*kind)),
            Self::PostMessages => "Messages could not be enqueued.",
            Self::ListMessages => "Messages could not be listed.",
            Self::GetMessage => "Message could not be retrieved.",
            Self::DeleteMessage => "Message could not be deleted.",
            Self::DeleteMessages => "Messages could not be deleted.",
            Self::PopMessages => "Messages could not be popped.",
            Self::CreateClaim => "Claim could not be created.",
            Self::GetClaim => "Claim could not be queried.",
            Self::UpdateClaim => "Claim could not be updated.",
            Self::DeleteClaim => "Claim could not be deleted.",
            Self::CreateSubscription => "Subscription could not be created.",
            Self::GetSubscription => "Subscription could not be retrieved.",
            Self::UpdateSubscription => "Subscription could not be updated.",
            Self::ConfirmSubscription => "Subscription could not be confirmed.",
            Self::DeleteSubscription => "Subscription could not be deleted.",
            Self::ListSubscriptions => "Subscriptions could not be listed.",
            Self::ListAttempts => "Attempts could not be listed.",
            Self::ListFailures => "Failed deliveries could not be listed.",
            Self::Resend => "Nothing could be sent again.",
            Self::CreatePool => "Pool could not be created.",
            Self::GetPool => "Pool could not be retrieved.",
            Self::UpdatePool => "Pool could not be updated.",
            Self::DeletePool => "Pool could not be deleted.",
            Self::ListPools => "Pools could not be listed.",
            Self::CreateFlavor => "Flavor could not be created.",
            Self::GetFlavor => "Flavor could not be retrieved.",
            Self::UpdateFlavor => "Flavor could not be updated.",
            Self::DeleteFlavor => "Flavor could not be deleted.",
            Self::ListFlavors => "Flavors could not be listed.",
            Self::Health => "Health status could not be read.",
        })
    }
}

/// `store.call().await.or_unavailable(Failure::…)?`
pub(crate) trait OrUnavailable<T> {
    fn or_unavailable(self, failure: Failure) -> Result<T>;
}

impl<T> OrUnavailable<T> for std::result::Result<T, StorageError> {
    fn or_unavailable(self, failure: Failure) -> Result<T> {
        self.map_err(|source| Error::Unavailable { failure, source })
    }
}

pub(crate) const fn noun(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Queue => "queue",
        DestinationKind::Topic => "topic",
        DestinationKind::Confirmations => "list of confirmations",
    }
}

/// The noun at the beginning of a sentence.
const fn title(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Queue => "Queue",
        DestinationKind::Topic => "Topic",
        DestinationKind::Confirmations => "List of confirmations",
    }
}

/// Shows a list of strings as Python does: some of upstream's texts hold one.
pub(crate) struct PythonList<'a>(pub(crate) &'a [String]);

impl fmt::Display for PythonList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, text) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
            write!(f, "{quote}")?;
            for c in text.chars() {
                match c {
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    '\r' => f.write_str("\\r")?,
                    '\t' => f.write_str("\\t")?,
                    c if c == quote => write!(f, "\\{c}")?,
                    c if c.is_control() && u32::from(c) < 0x100 => write!(f, "\\x{:02x}", u32::from(c))?,
                    c => write!(f, "{c}")?,
                }
            }
            write!(f, "{quote}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::PythonList;

    #[test]
    fn a_list_reads_as_in_python() {
        let list = ["a", "it's", "\"", "'\"", "\\\n\u{1}\u{7f}", "é"].map(String::from);
        // What python3 prints for the same list.
        let python = r#"['a', "it's", '"', '\'"', '\\\n\x01\x7f', 'é']"#;
        assert_eq!(PythonList(&list).to_string(), python);
    }
}
