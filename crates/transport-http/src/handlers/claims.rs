//! `/v2/queues/{queue}/claims` and one claim. Topics have none.

use bytes::BytesMut;
use http::StatusCode;
use zaqar_domain::ClaimWish;
use zaqar_model::DestinationName;

use crate::exchange::{Exchange, Handled, body_is_missing};
use crate::json::{read, write};
use crate::respond;

pub(crate) async fn create(exchange: Exchange<'_>, queue: &DestinationName) -> Handled {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let limit = exchange.query.integer("limit")?;
    let wish = match exchange.payload.small_json().await? {
        Some(document) => read::claim_wish(&document, exchange.warnings)?,
        None => ClaimWish::default(),
    };
    let Some(claim) = zaqar.create_claim(caller, &queue.name, wish, limit).await? else {
        return Ok(respond::nothing());
    };
    let mut text = write::room_for(&claim.messages);
    write::put(&mut text, "{\"messages\": ");
    write::messages(&mut text, queue, &claim.messages, claim.now);
    write::put(&mut text, "}");
    let mut path = BytesMut::with_capacity(128);
    write::claim_href(&mut path, queue, claim.id);
    Ok(respond::located(respond::json(StatusCode::CREATED, text), path))
}

pub(crate) async fn show(exchange: Exchange<'_>, queue: &DestinationName, id: &str) -> Handled {
    let shown = exchange.zaqar.get_claim(exchange.caller, &queue.name, id).await?;
    let claim = &shown.claim;
    let mut text = write::room_for(&claim.messages);
    write::put(&mut text, "{\"age\": ");
    write::integer(&mut text, shown.now.secs_since(claim.renewed));
    write::put(&mut text, ", \"ttl\": ");
    write::integer(&mut text, claim.ttl.get().into());
    write::put(&mut text, ", \"messages\": ");
    write::messages(&mut text, queue, &claim.messages, shown.now);
    write::put(&mut text, ", \"href\": \"");
    write::claim_href(&mut text, queue, claim.id);
    write::put(&mut text, "\"}");
    Ok(respond::json(StatusCode::OK, text))
}

pub(crate) async fn update(exchange: Exchange<'_>, queue: &DestinationName, id: &str) -> Handled {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let body = exchange.payload.small_document().await?.ok_or_else(body_is_missing)?;
    let wish = read::claim_wish(&read::document(body)?, exchange.warnings)?;
    zaqar.update_claim(caller, &queue.name, id, wish).await?;
    Ok(respond::nothing())
}

pub(crate) async fn delete(exchange: Exchange<'_>, queue: &DestinationName, id: &str) -> Handled {
    exchange.zaqar.delete_claim(exchange.caller, &queue.name, id).await?;
    Ok(respond::nothing())
}
