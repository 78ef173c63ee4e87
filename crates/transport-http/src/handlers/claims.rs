//! `/v2/queues/{queue}/claims` and one claim. Topics have none.

use bytes::BytesMut;
use http::StatusCode;
use zaqar_domain::ClaimParams;
use zaqar_model::DestinationName;

use crate::exchange::{Exchange, HandlerResult, body_is_missing};
use crate::json::{read, write};
use crate::respond;

pub(crate) async fn create(exchange: Exchange<'_>, queue: &DestinationName) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let limit = exchange.query.integer("limit")?;
    let params = match exchange.payload.small_json().await? {
        Some(document) => read::claim_params(&document, exchange.warnings)?,
        None => ClaimParams::default(),
    };
    let Some(claim) = zaqar.create_claim(caller, &queue.name, params, limit).await? else {
        return Ok(respond::no_content());
    };
    let mut text = write::buffer_for(&claim.messages);
    write::put(&mut text, "{\"messages\": ");
    write::messages(&mut text, queue, &claim.messages, claim.now);
    write::put(&mut text, "}");
    let mut path = BytesMut::with_capacity(128);
    write::claim_href(&mut path, queue, claim.id);
    Ok(respond::with_location(respond::json(StatusCode::CREATED, text), path))
}

pub(crate) async fn show(exchange: Exchange<'_>, queue: &DestinationName, id: &str) -> HandlerResult {
    let found = exchange.zaqar.get_claim(exchange.caller, &queue.name, id).await?;
    let claim = &found.claim;
    let mut text = write::buffer_for(&claim.messages);
    write::put(&mut text, "{\"age\": ");
    write::integer(&mut text, found.now.secs_since(claim.renewed));
    write::put(&mut text, ", \"ttl\": ");
    write::integer(&mut text, claim.ttl.get().into());
    write::put(&mut text, ", \"messages\": ");
    write::messages(&mut text, queue, &claim.messages, found.now);
    write::put(&mut text, ", \"href\": \"");
    write::claim_href(&mut text, queue, claim.id);
    write::put(&mut text, "\"}");
    Ok(respond::json(StatusCode::OK, text))
}

pub(crate) async fn update(exchange: Exchange<'_>, queue: &DestinationName, id: &str) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let body = exchange.payload.small_document().await?.ok_or_else(body_is_missing)?;
    let params = read::claim_params(&read::document(body)?, exchange.warnings)?;
    zaqar.update_claim(caller, &queue.name, id, params).await?;
    Ok(respond::no_content())
}

pub(crate) async fn delete(exchange: Exchange<'_>, queue: &DestinationName, id: &str) -> HandlerResult {
    exchange.zaqar.delete_claim(exchange.caller, &queue.name, id).await?;
    Ok(respond::no_content())
}
