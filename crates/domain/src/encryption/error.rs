//! Why a message cannot be sealed or opened. These texts are for the log: clients are told less.

use zaqar_model::{MessageId, ProjectId};

use super::KeyId;

/// Why a body was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotSeal {
    #[error("there is no key to encrypt messages with")]
    NoKey,
    #[error("the message could not be encrypted")]
    Failed,
}

/// Why a body was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error(
        "it is encrypted with key {0}, which is not among the keys of this server: \
         add it to [transport] message_encryption_former_keys"
    )]
    UnknownKey(KeyId),
    #[error("what is stored was changed since it was encrypted, or comes from another project")]
    Changed,
}

/// A message that was found and cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message {id} of project {project} cannot be decrypted: {reason}")]
pub struct CannotOpen {
    pub id: MessageId,
    pub project: ProjectId,
    #[source]
    pub reason: Unreadable,
}
