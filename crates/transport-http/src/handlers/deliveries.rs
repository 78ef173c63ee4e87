//! `/v2/queues/{queue}/subscriptions/{subscription}/attempts`, `…/failures` and `…/resend`; the same for topics.

use http::StatusCode;
use serde_json::{Value, json};
use zaqar_domain::{AttemptListing, FailureListing};
use zaqar_model::{
    Address, AttemptEnd, AttemptRecord, ConfirmationKind, DestinationName, FailedDelivery, Timestamp,
};

use super::subscriptions;
use crate::exchange::{Exchange, HandlerResult};
use crate::falcon::Link;
use crate::json::{fields::Fields, resend};
use crate::python_json::PythonSpacing;
use crate::respond;

pub(crate) async fn attempts(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> HandlerResult {
    let query = &exchange.query;
    let text = |name| query.text(name).map(|text| text.map(str::to_owned));
    let listing = AttemptListing {
        message_id: text("message_id")?,
        outcome: text("outcome")?,
        since: query.time("since")?,
        marker: text("marker")?,
        limit: query.integer("limit")?,
    };
    let since = text("since")?;
    let listed = exchange.zaqar.list_attempts(exchange.caller, source, id, &listing).await?;
    let next = listed.next.map(|next| {
        let link = Link::to(href(source, id, "attempts")).with_integer("limit", listing.limit);
        let link = link.with_some("message_id", listing.message_id.as_ref());
        let link = link.with_some("outcome", listing.outcome.as_ref()).with_some("since", since.as_ref());
        next_page(link.with("marker", next.get().to_string()))
    });
    let items: Vec<_> = listed.attempts.iter().map(attempt).collect();
    Ok(respond::json_document(&json!({ "attempts": items, "links": Vec::from_iter(next) })))
}

pub(crate) async fn failures(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> HandlerResult {
    let query = &exchange.query;
    let listing =
        FailureListing { marker: query.text("marker")?.map(str::to_owned), limit: query.integer("limit")? };
    let listed = exchange.zaqar.list_failures(exchange.caller, source, id, &listing).await?;
    let next = listed.next.map(|next| {
        let link = Link::to(href(source, id, "failures")).with_integer("limit", listing.limit);
        next_page(link.with("marker", next.get().to_string()))
    });
    let items: Vec<_> = listed.failures.iter().map(|failed| failure(failed, listed.now)).collect();
    Ok(respond::json_document(&json!({ "failures": items, "links": Vec::from_iter(next) })))
}

pub(crate) async fn resend(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let params = resend::params(&Fields::read(exchange.payload.small_document().await?)?)?;
    let resent = zaqar.resend(caller, source, id, &params).await?;
    // The notifier delivers them later.
    Ok(respond::json(StatusCode::ACCEPTED, PythonSpacing::to_vec(&json!({ "resent": resent }))))
}

fn attempt(record: &AttemptRecord) -> Value {
    let retry_at = match record.end {
        AttemptEnd::RetryAt(time) => Some(time.to_iso8601()),
        AttemptEnd::Delivered | AttemptEnd::GivenUp | AttemptEnd::Unknown => None,
    };
    let attempt = &record.attempt;
    let has_ended = record.end != AttemptEnd::Unknown;
    json!({
        "message_id": record.message.to_string(),
        "message_type": record.confirmation.map_or("Notification", ConfirmationKind::message_type),
        "attempted_at": attempt.at.to_iso8601(),
        "address": attempt.address.as_ref().map(Address::as_str),
        "status": attempt.status,
        "latency_ms": has_ended.then_some(attempt.latency_ms),
        "response": attempt.excerpt.as_str(),
        "outcome": record.end.outcome().name(),
        "retry_at": retry_at,
    })
}

fn failure(failed: &FailedDelivery, now: Timestamp) -> Value {
    let message = &failed.message.message;
    json!({
        "message_id": message.id.to_string(),
        "failed_at": failed.failed.to_iso8601(),
        "attempts": failed.attempts,
        "reason": failed.reason.as_str(),
        "ttl": message.ttl.get(),
        "age": now.secs_since(message.created),
    })
}

fn next_page(link: Link) -> Value {
    json!({ "rel": "next", "href": link.into_text() })
}

/// The id is that of an existing subscription, so it needs no escapes.
fn href(source: &DestinationName, id: &str, listing: &str) -> String {
    format!("{}/{id}/{listing}", subscriptions::href(source))
}
