//! `message_*`: messages of a queue or of a topic.

use bytes::Bytes;
use serde_json::json;
use serde_json::value::RawValue;
use zaqar_domain::names::{MESSAGE, Warnings};
use zaqar_domain::{Draft, Error, MessageListing, Refusal, Removal, Removed};
use zaqar_model::JsonText;

use super::{Request, wrong_type};
use crate::members::{Members, Type};
use crate::reply::{HandlerResult, Reply};
use crate::write;

pub(crate) async fn post(request: &Request<'_>, warnings: &mut Warnings) -> HandlerResult {
    let destination = request.destination()?;
    let posting = request.zaqar.begin_post(request.caller, destination).await?;
    let size = request.body.raw("messages").map_or(0, |messages| messages.get().len());
    if u64::try_from(size).is_ok_and(|size| size > posting.max_size()) {
        return Err(posting.too_large().into());
    }
    let messages: Vec<&RawValue> = request.body.get("messages").unwrap_or_default();
    let drafts = messages.into_iter().map(|message| draft(message, warnings)).collect::<Result<_, _>>()?;
    let ids = posting.post(drafts).await?;
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    Ok(Reply::new(201, &json!({ "message_ids": ids })))
}

fn draft(message: &RawValue, warnings: &mut Warnings) -> Result<Draft, Reply> {
    let refused = || Reply::bad_request("Bad request. Each item of the \"messages\" field must be a dict.");
    let members = Members::read(message.get()).ok_or_else(refused)?;
    members.check_names(&MESSAGE, warnings);
    let integer = |name: &str| match members.raw(name) {
        None => Ok(None),
        Some(_) if members.has_type(name, Type::Integer) => Ok(members.get(name)),
        Some(_) => Err(wrong_type(name, "int")),
    };
    let ttl = integer("ttl")?;
    let body =
        members.raw("body").ok_or_else(|| Reply::bad_request("Bad request. Missing \"body\" field."))?;
    // The whole request has been validated.
    let body = JsonText::from_checked(Bytes::copy_from_slice(body.get().as_bytes()));
    // Upstream ignores the delay here, so its clients may send `null`.
    let delay = if members.raw("delay").is_some_and(|delay| delay.get() == "null") {
        None
    } else {
        integer("delay")?
    };
    Ok(Draft { ttl, delay, body })
}

pub(crate) async fn list(request: &Request<'_>) -> HandlerResult {
    let listing = MessageListing {
        marker: request.body.text("marker"),
        limit: request.integer("limit")?,
        echo: request.boolean("echo") == Some(true),
        include_claimed: request.boolean("include_claimed") == Some(true),
        include_delayed: request.boolean("include_delayed"),
    };
    let listed = request.zaqar.list_messages(request.caller, request.destination()?, &listing).await?;
    let messages = write::messages(&listed.messages, None, listed.now);
    // Upstream returns no marker, so its clients cannot get the next page.
    let marker = listed.next.map(|next| next.marker);
    Ok(Reply::new(200, &write::MessagePage { messages, marker }))
}

pub(crate) async fn get(request: &Request<'_>) -> HandlerResult {
    let id = request.text("message_id");
    let (message, now) = request.zaqar.get_message(request.caller, request.destination()?, &id).await?;
    Ok(Reply::new(200, &write::SingleMessage { messages: write::message(&message, None, now) }))
}

pub(crate) async fn get_many(request: &Request<'_>) -> HandlerResult {
    let ids = request.texts("message_ids")?.unwrap_or_default();
    match request.zaqar.get_messages(request.caller, request.destination()?, &ids).await {
        Ok(listed) => {
            let messages = write::messages(&listed.messages, None, listed.now);
            Ok(Reply::new(200, &write::MessagePage { messages, marker: None }))
        }
        Err(Error::NotFound(_)) => Ok(Reply::new(200, &json!({ "messages": [] }))),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn delete(request: &Request<'_>) -> HandlerResult {
    let destination = request.destination()?;
    let (id, claim) = (request.text("message_id"), request.body.text("claim_id"));
    match request.zaqar.delete_message(request.caller, destination, &id, claim.as_deref()).await {
        Ok(()) => Ok(Reply::empty()),
        Err(Error::NotDeleted(refusal)) => {
            let (claim, project) = (claim.unwrap_or_default(), &request.caller.project);
            let (status, exception) = match refusal {
                Refusal::MessageIsClaimed => (403, format!("Message {id} is claimed")),
                Refusal::ClaimedByAnother => (403, format!("Message {id} is not claimed by {claim}")),
                Refusal::MessageNotClaimed => (400, format!("Message {id} is no longer claimed")),
                Refusal::ClaimDoesNotExist => (
                    400,
                    format!(
                        "Claim {claim} does not exist in queue {} for project {project}",
                        destination.name
                    ),
                ),
            };
            Err(Reply::exception(status, exception, Some(&refusal.to_string())))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn delete_many(request: &Request<'_>) -> HandlerResult {
    let removal = Removal {
        ids: request.texts("message_ids")?,
        pop: request.integer("pop")?,
        claim_ids: request.texts("claim_ids")?,
    };
    Ok(match request.zaqar.remove_messages(request.caller, request.destination()?, &removal).await? {
        Removed::Deleted => Reply::empty(),
        Removed::Popped(messages, now) => Reply::new(200, &write::popped(&messages, now)),
    })
}
