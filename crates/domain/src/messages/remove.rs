//! Removes several messages at once: those with given ids, or the first ones, which are shown once more (pop).

use std::borrow::Cow;
use std::sync::Arc;

use zaqar_model::{
    Caller, ClaimId, ClientId, Destination, DestinationName, Message, StoredMessage, Timestamp,
};
use zaqar_storage::{Adoption, Guard, PopRequest};

use super::{delete::outcome, get::valid};
use crate::error::OrUnavailable;
use crate::limits::{Limits, MIN_MESSAGE_TTL, count_within};
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::repeat::repeat;
use crate::zaqar::run_detached;
use crate::{Error, Failure, Result, Zaqar};

/// What a client asks to have removed: one of `ids` and `pop`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    pub ids: Option<Vec<String>>,
    /// How many of the first free messages.
    pub pop: Option<i64>,
    /// The claims that hold the messages. If they are given, they are checked.
    pub claim_ids: Option<Vec<String>>,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    Deleted,
    /// These, with the moment at which their ages are taken.
    Popped(Vec<Message>, Timestamp),
}

impl Zaqar {
    pub async fn remove_messages(
        &self,
        caller: &Caller,
        name: &DestinationName,
        removal: &Removal,
    ) -> Result<Removed> {
        self.permit(caller, Rule::MessagesDeleteAll)?;
        let mut removal = Cow::Borrowed(removal);
        let answer =
            pass!(self.pipelines.messages, stage => stage.remove_messages(caller, name, removal.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let claims = removal.claim_ids.as_deref();
        match plan(&removal, claims.is_some(), &self.limits)? {
            Plan::Delete(ids) => {
                self.delete_messages(caller, name, ids, claims).await.map(|()| Removed::Deleted)
            }
            Plan::Pop(count) => self.pop_messages(caller, name, count).await,
        }
    }

    async fn delete_messages(
        &self,
        caller: &Caller,
        name: &DestinationName,
        ids: &[String],
        claims: Option<&[String]>,
    ) -> Result<()> {
        let failure = Failure::DeleteMessages;
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let Some(queue) = found else { return Ok(()) };
        let ids = valid(ids);
        let claims: Option<Vec<ClaimId>> =
            claims.map(|claims| claims.iter().filter_map(|claim| claim.parse().ok()).collect());
        let (store, now) = (&self.stores.messages, self.now());
        let guard = claims.as_deref().map_or(Guard::Any, Guard::HeldBy);
        let deletion = repeat(|_| store.delete(&queue.destination, &ids, guard, now)).await;
        outcome(deletion.or_unavailable(failure)?)
    }

    async fn pop_messages(&self, caller: &Caller, name: &DestinationName, count: usize) -> Result<Removed> {
        let failure = Failure::PopMessages;
        let now = self.now();
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let Some(queue) = found else { return Ok(Removed::Popped(Vec::new(), now)) };
        let store = &self.stores.messages;
        let id = ClaimId::from_u128(self.ids.next_u128());
        let popped = repeat(async |is_repeated| {
            let pop = PopRequest { id, limit: count, is_repeated };
            store.pop(&queue.destination, &pop, now).await
        });
        let mut messages = popped.await.or_unavailable(failure)?;
        if let Err(error) = self.open(&queue.destination, &mut messages, failure) {
            self.put_back(&queue.destination, messages, now).await;
            return Err(error);
        }
        Ok(Removed::Popped(messages, now))
    }

    /// Popped messages that cannot be shown must not be lost: a key that is missing now may be there later. They stand
    /// behind the others afterwards.
    async fn put_back(&self, queue: &Destination, messages: Vec<Message>, now: Timestamp) {
        let stored = messages.into_iter().map(|message| StoredMessage {
            // Who posted it is not known here.
            client: ClientId::new(""),
            // A claim may have lengthened its life beyond this: a while is left for another try.
            expires: message.ttl.after(message.created).max(now.plus_secs(MIN_MESSAGE_TTL.into())),
            delayed_until: message.created,
            is_letter: false,
            message,
        });
        let (store, queue) = (Arc::clone(&self.stores.messages), queue.clone());
        let stored: Vec<StoredMessage> = stored.collect();
        let outcome =
            run_detached(
                async move { repeat(|_| store.adopt(&queue, &stored, Adoption::Return, now)).await },
            )
            .await;
        if let Err(error) = outcome {
            tracing::error!(%error, "popped messages that cannot be decrypted could not be put back and are lost");
        }
    }
}

enum Plan<'a> {
    Delete(&'a [String]),
    Pop(usize),
}

fn plan<'a>(removal: &'a Removal, has_claims: bool, limits: &Limits) -> Result<Plan<'a>> {
    let refused = |text: &str| Err(Error::invalid(text));
    match (&removal.ids, removal.pop) {
        (Some(_), Some(_)) => {
            return refused("pop and id params cannot be present together in the delete request.");
        }
        (None, None) => {
            return refused(
                "The request should have either \"ids\" or \"pop\" parameter in the request, to be able to delete.",
            );
        }
        _ => {}
    }
    if limits.message_delete_with_claim_id && removal.ids.is_some() != has_claims {
        return refused(
            "The request should have both \"ids\" and \"claim_ids\" parameter in the request when \
             message_delete_with_claim_id is True.",
        );
    }
    let max = limits.max_messages_per_claim_or_pop;
    let Some(pop) = count_within(removal.pop, max, 0) else {
        return refused(&format!("Pop value must be at least 1 and may not be greater than {max}."));
    };
    let Some(ids) = &removal.ids else { return Ok(Plan::Pop(pop)) };
    let max = limits.max_messages_per_page;
    if ids.is_empty() || ids.len() > max {
        return refused(&format!("ids parameter should have at least 1 and not greater than {max} values."));
    }
    Ok(Plan::Delete(ids))
}

#[cfg(test)]
mod tests {
    use super::{Plan, Removal, plan};
    use crate::Limits;

    fn refusal(removal: &Removal, limits: &Limits) -> Option<String> {
        let has_claims = removal.claim_ids.is_some();
        plan(removal, has_claims, limits).err().map(|error| error.to_string())
    }

    #[test]
    fn either_ids_or_pop_within_the_limits() {
        let limits = Limits::default();
        let ids = |count| Some(vec!["a".to_owned(); count]);
        for (removal, text) in [
            (Removal::default(), "The request should have either"),
            (Removal { ids: ids(1), pop: Some(1), ..Removal::default() }, "pop and id params cannot be"),
            (Removal { pop: Some(0), ..Removal::default() }, "Pop value must be at least 1"),
            (Removal { pop: Some(21), ..Removal::default() }, "Pop value must be at least 1"),
            (Removal { ids: ids(0), ..Removal::default() }, "ids parameter should have at least 1"),
            (Removal { ids: ids(21), ..Removal::default() }, "ids parameter should have at least 1"),
        ] {
            assert!(refusal(&removal, &limits).unwrap().starts_with(text));
        }
        let pop = Removal { pop: Some(20), ..Removal::default() };
        assert!(matches!(plan(&pop, false, &limits), Ok(Plan::Pop(20))));
        let ids = Removal { ids: ids(20), ..Removal::default() };
        assert!(matches!(plan(&ids, false, &limits), Ok(Plan::Delete(_))));
    }

    #[test]
    fn a_site_can_demand_claim_ids() {
        let limits = Limits { message_delete_with_claim_id: true, ..Limits::default() };
        let list = Some(vec!["a".to_owned()]);
        let without = Removal { ids: list.clone(), ..Removal::default() };
        assert!(refusal(&without, &limits).unwrap().contains("claim_ids"));
        let with = Removal { ids: list.clone(), claim_ids: list, ..Removal::default() };
        assert_eq!(refusal(&with, &limits), None);
        let pop = Removal { pop: Some(1), ..Removal::default() };
        assert_eq!(refusal(&pop, &limits), None);
    }
}
