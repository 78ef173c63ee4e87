//! Deletes one message.

use zaqar_model::{Caller, DestinationName};
use zaqar_storage::{Deletion, Guard};

use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::{Error, Failure, Refusal, Result, Zaqar};

impl Zaqar {
    /// Deletes a message; a claimed one only for who knows its claim. So may who knows a claim that has expired, until
    /// somebody else claims the message. No such message: nothing to do.
    pub async fn delete_message(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
        claim: Option<&str>,
    ) -> Result<()> {
        self.permit(caller, Rule::MessagesDelete)?;
        let answer = pass!(self.pipelines.messages, stage => stage.delete_message(caller, name, id, claim));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::DeleteMessage;
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let (Some(queue), Ok(id)) = (found, id.parse()) else { return Ok(()) };
        let store = &self.stores.messages;
        let claim = match claim.map(str::parse) {
            None => None,
            Some(Ok(claim)) => Some(claim),
            Some(Err(_)) => {
                // A claim that cannot exist: refused like one that does not, but only if there is something to refuse.
                let there = store.get(&queue.destination, &[id], self.now()).await.or_unavailable(failure)?;
                return if there.is_empty() {
                    Ok(())
                } else {
                    Err(Error::NotDeleted(Refusal::ClaimDoesNotExist))
                };
            }
        };
        let (ids, held, now) = ([id], claim.as_slice(), self.now());
        let guard = if claim.is_some() { Guard::HeldBy(held) } else { Guard::Unclaimed };
        let deletion = repeat(|_| store.delete(&queue.destination, &ids, guard, now)).await;
        outcome(deletion.or_unavailable(failure)?)
    }
}

pub(super) const fn outcome(deletion: Deletion) -> Result<()> {
    match deletion {
        Deletion::Done => Ok(()),
        Deletion::MessageIsClaimed => Err(Error::NotDeleted(Refusal::MessageIsClaimed)),
        Deletion::MessageNotClaimed => Err(Error::NotDeleted(Refusal::MessageNotClaimed)),
        Deletion::ClaimedByAnother => Err(Error::NotDeleted(Refusal::ClaimedByAnother)),
        Deletion::ClaimDoesNotExist => Err(Error::NotDeleted(Refusal::ClaimDoesNotExist)),
    }
}
