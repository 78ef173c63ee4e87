//! When messages are sealed and opened.

use zaqar_model::{Destination, Message, NewMessage, ProjectId};

use super::CannotSeal;
use crate::{Error, Failure, Result, Zaqar};

/// What the one who asks for encryption is told where there is no key.
const NEEDS_A_KEY: &str = "_enable_encrypt_messages cannot be true, because this server has no key to encrypt messages \
                           with. Set it to false, or set [transport] message_encryption_key in the server's \
                           configuration.";

impl Zaqar {
    /// A queue may ask for encryption only where it can be done: nothing is stored in the clear that was to be
    /// encrypted.
    pub(crate) fn check_encryption(&self, is_asked_for: bool) -> Result<()> {
        if is_asked_for && !self.keyring.can_seal() {
            return Err(Error::invalid(NEEDS_A_KEY));
        }
        Ok(())
    }

    pub(crate) fn seal(&self, project: &ProjectId, messages: &mut [NewMessage]) -> Result<()> {
        for message in messages {
            self.keyring.seal(project, &*self.ids, message).map_err(|reason| match reason {
                CannotSeal::NoKey => Error::invalid(NEEDS_A_KEY),
                CannotSeal::Failed => {
                    Error::Encryption { failure: Failure::PostMessages, source: Box::new(reason) }
                }
            })?;
        }
        Ok(())
    }

    /// Opens those of the messages that are sealed, all or none. Whether they are has nothing to do with what the queue
    /// asks for now: that may have been changed since, and dead letters come from other queues.
    pub(crate) fn open(&self, from: &Destination, messages: &mut [Message], failure: Failure) -> Result<()> {
        let opened = self.keyring.open(&from.project, messages);
        opened.map_err(|error| Error::Encryption { failure, source: Box::new(error) })
    }
}
