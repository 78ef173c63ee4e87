//! Claims messages.

use std::sync::Arc;

use zaqar_model::{Caller, ClaimId, Destination, Message, QueueName, Timestamp};
use zaqar_storage::ClaimRequest;

use super::ClaimParams;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::zaqar::run_detached;
use crate::{Failure, Result, Zaqar};

/// A claim that was just made, and the moment at which its messages' ages are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClaim {
    pub id: ClaimId,
    pub messages: Vec<Message>,
    pub now: Timestamp,
}

impl Zaqar {
    /// Claims the first free messages. `None`: there are none, or no such queue.
    pub async fn create_claim(
        &self,
        caller: &Caller,
        name: &QueueName,
        mut wish: ClaimParams,
        mut limit: Option<i64>,
    ) -> Result<Option<NewClaim>> {
        self.permit(caller, Rule::ClaimsCreate)?;
        let answer =
            pass!(self.pipelines.claims, stage => stage.create_claim(caller, name, &mut wish, &mut limit));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let (terms, limit) = wish.for_creation(limit, &self.limits)?;
        let failure = Failure::CreateClaim;
        let found = self.find_queue(&caller.project, name).await.or_unavailable(failure)?;
        let Some(queue) = found else { return Ok(None) };
        let id = ClaimId::from_u128(self.ids.next_u128());
        let dead_letters = self.dead_letter_policy(&queue);
        loop {
            let now = self.now();
            let claimed = repeat(async |is_repeated| {
                let request = ClaimRequest { id, terms, limit, dead_letters, outlives: true, is_repeated };
                self.stores.messages.claim(&queue.destination, &request, now).await
            });
            let mut claimed = claimed.await.or_unavailable(failure)?;
            if !claimed.dead_letters.is_empty() {
                self.move_dead_letters(&queue).await;
            }
            if let Err(error) = self.open(&queue.destination, &mut claimed.messages, failure) {
                self.give_back(&queue.destination, id).await;
                return Err(error);
            }
            if !claimed.messages.is_empty() {
                return Ok(Some(NewClaim { id, messages: claimed.messages, now }));
            }
            // A store sets only so many messages aside at once: there may be others behind them.
            if claimed.dead_letters.is_empty() {
                return Ok(None);
            }
        }
    }

    /// A claim that nobody comes to know of must not keep its messages from others.
    async fn give_back(&self, queue: &Destination, claim: ClaimId) {
        let (store, queue, now) = (Arc::clone(&self.stores.messages), queue.clone(), self.now());
        let outcome = run_detached(async move { repeat(|_| store.release(&queue, claim, now)).await }).await;
        if let Err(error) = outcome {
            tracing::warn!(%error, "a claim of messages that cannot be decrypted lasts until it expires");
        }
    }
}
