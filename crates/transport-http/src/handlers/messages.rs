//! `/v2/queues/{queue}/messages` and one message; the same for topics.

use bytes::BytesMut;
use http::StatusCode;
use zaqar_domain::{Listed, MessageListing, Removal, Removed};
use zaqar_model::{DestinationName, MessageId};

use crate::exchange::{Exchange, HandlerResult, body_is_missing};
use crate::falcon::Link;
use crate::json::{read, write};
use crate::respond;

pub(crate) async fn post(exchange: Exchange<'_>, queue: &DestinationName) -> HandlerResult {
    let posting = exchange.zaqar.begin_post(exchange.caller, queue).await?;
    let body = exchange.payload.read(posting.max_size(), || posting.too_large().into()).await?;
    let drafts = read::drafts(&read::document(body.ok_or_else(body_is_missing)?)?, exchange.warnings)?;
    let ids = posting.post(drafts).await?;

    let mut text = BytesMut::with_capacity(32 + ids.len() * 160);
    write::put(&mut text, "{\"resources\": ");
    write::list(&mut text, &ids, |out, id| {
        write::put(out, "\"");
        write::message_href(out, queue, *id);
        write::put(out, "\"");
    });
    write::put(&mut text, "}");
    Ok(respond::with_location(respond::json(StatusCode::CREATED, text), location(queue, &ids)))
}

pub(crate) async fn list(exchange: Exchange<'_>, queue: &DestinationName) -> HandlerResult {
    let query = &exchange.query;
    if let Some(ids) = query.list("ids") {
        let listed = exchange.zaqar.get_messages(exchange.caller, queue, &ids).await?;
        return Ok(respond::json(StatusCode::OK, page(queue, &listed, None)));
    }
    let (marker, limit) = (query.text("marker")?, query.integer("limit")?);
    let (echo, include_claimed) = (query.boolean("echo")?, query.boolean("include_claimed")?);
    let listing = MessageListing {
        marker: marker.map(str::to_owned),
        limit,
        echo: echo == Some(true),
        include_claimed: include_claimed == Some(true),
        include_delayed: query.boolean("include_delayed")?,
    };
    let listed = exchange.zaqar.list_messages(exchange.caller, queue, &listing).await?;
    let next = listed.next.as_ref().map(|next| {
        let position = Some(next.marker.as_str());
        let link = Link::to(format!("{}/{}/messages", write::collection(queue.kind), queue.name))
            .with_some("marker", marker.and(position));
        let link = link.with_integer("limit", limit).with_boolean("echo", echo);
        let link = link.with_boolean("include_claimed", include_claimed);
        let link = link.with_boolean("include_delayed", next.include_delayed);
        link.with_some("marker", position.filter(|_| marker.is_none())).into_text()
    });
    Ok(respond::json(StatusCode::OK, page(queue, &listed, Some(next))))
}

pub(crate) async fn remove(exchange: Exchange<'_>, queue: &DestinationName) -> HandlerResult {
    let query = &exchange.query;
    let (ids, claim_ids) = (query.list("ids"), query.list("claim_ids"));
    let removal = Removal { ids, pop: query.integer("pop")?, claim_ids };
    let (messages, now) = match exchange.zaqar.remove_messages(exchange.caller, queue, &removal).await? {
        Removed::Deleted => return Ok(respond::no_content()),
        Removed::Popped(messages, now) => (messages, now),
    };
    let mut text = write::buffer_for(&messages);
    write::put(&mut text, "{\"messages\": ");
    write::list(&mut text, &messages, |out, message| write::popped_message(out, message, now));
    write::put(&mut text, "}");
    Ok(respond::json(StatusCode::OK, text))
}

pub(crate) async fn show(exchange: Exchange<'_>, queue: &DestinationName, id: &str) -> HandlerResult {
    let (message, now) = exchange.zaqar.get_message(exchange.caller, queue, id).await?;
    let mut text = write::buffer_for(std::slice::from_ref(&message));
    write::message(&mut text, queue, &message, now);
    Ok(respond::json(StatusCode::OK, text))
}

pub(crate) async fn delete(exchange: Exchange<'_>, queue: &DestinationName, id: &str) -> HandlerResult {
    let claim = exchange.query.text("claim_id")?;
    exchange.zaqar.delete_message(exchange.caller, queue, id, claim).await?;
    Ok(respond::no_content())
}

/// `links`: `None` if upstream has no links, else the link to the next page, if there is one.
fn page(queue: &DestinationName, listed: &Listed, links: Option<Option<String>>) -> BytesMut {
    let mut text = write::buffer_for(&listed.messages);
    write::put(&mut text, "{\"messages\": ");
    write::messages(&mut text, queue, &listed.messages, listed.now);
    match links {
        None => {}
        Some(None) => write::put(&mut text, ", \"links\": []"),
        Some(Some(href)) => {
            // A link is percent-encoded, so it needs no escapes in JSON.
            for part in [", \"links\": [{\"rel\": \"next\", \"href\": \"", &href, "\"}]"] {
                write::put(&mut text, part);
            }
        }
    }
    write::put(&mut text, "}");
    text
}

fn location(queue: &DestinationName, ids: &[MessageId]) -> BytesMut {
    let mut path = BytesMut::with_capacity(96 + ids.len() * 37);
    write::queue_href(&mut path, queue);
    write::put(&mut path, "/messages?ids=");
    for (index, id) in ids.iter().enumerate() {
        if index > 0 {
            write::put(&mut path, ",");
        }
        write::id(&mut path, id.as_u128());
    }
    path
}
