//! `/v2/queues/{queue}/subscriptions`, one subscription and its confirmation; the same for topics.

use http::StatusCode;
use serde_json::json;
use zaqar_domain::{Error, SubscriptionListing, subscription_document};
use zaqar_model::DestinationName;

use crate::errors::HttpError;
use crate::exchange::{Exchange, HandlerResult};
use crate::falcon::Link;
use crate::json::{read, write};
use crate::python_json::PythonSpacing;
use crate::respond;

pub(crate) async fn create(exchange: Exchange<'_>, source: &DestinationName) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let document = exchange.payload.small_json().await?;
    let params = read::subscription_params(document.as_ref(), exchange.warnings)?;
    let path = href(source);
    match zaqar.create_subscription(caller, source, &params).await {
        Ok(id) => {
            let text = PythonSpacing::to_vec(&json!({ "subscription_id": id.to_string() }));
            Ok(respond::with_location(respond::json(StatusCode::CREATED, text), path))
        }
        Err(error @ Error::Conflict(_)) => Err(HttpError::from(error).with_location(path)),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn list(exchange: Exchange<'_>, source: &DestinationName) -> HandlerResult {
    let query = &exchange.query;
    let (marker, limit) = (query.text("marker")?.map(str::to_owned), query.integer("limit")?);
    let marked = marker.is_some();
    let listing = SubscriptionListing { marker, limit };
    let listed = exchange.zaqar.list_subscriptions(exchange.caller, source, &listing).await?;
    let next = listed.next.map(|next| {
        let next = next.to_string();
        let link = Link::to(href(source)).with_some("marker", marked.then_some(&next));
        let link = link.with_integer("limit", limit).with_some("marker", (!marked).then_some(&next));
        json!({ "rel": "next", "href": link.into_text() })
    });
    let items = listed
        .subscriptions
        .into_iter()
        .map(|subscription| subscription_document(subscription, None, listed.now));
    let (items, links) = (Vec::from_iter(items), Vec::from_iter(next));
    Ok(respond::json_document(&json!({ "subscriptions": items, "links": links })))
}

pub(crate) async fn show(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> HandlerResult {
    let found = exchange.zaqar.get_subscription(exchange.caller, source, id).await?;
    Ok(respond::json_document(&subscription_document(found.subscription, found.endpoint, found.now)))
}

pub(crate) async fn update(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let document = exchange.payload.small_json().await?;
    let params = read::subscription_params(document.as_ref(), exchange.warnings)?;
    zaqar.update_subscription(caller, source, id, &params).await?;
    Ok(respond::with_location(respond::no_content(), format!("{}/{id}", href(source))))
}

pub(crate) async fn confirm(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let document = exchange.payload.small_json().await?;
    let confirmed = document.and_then(|document| read::confirmed(&document, exchange.warnings));
    zaqar.confirm_subscription(caller, source, id, confirmed.as_ref()).await?;
    Ok(respond::with_location(respond::no_content(), format!("{}/{id}/confirm", href(source))))
}

pub(crate) async fn delete(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> HandlerResult {
    exchange.zaqar.delete_subscription(exchange.caller, source, id).await?;
    Ok(respond::no_content())
}

pub(super) fn href(source: &DestinationName) -> String {
    format!("{}/{}/subscriptions", write::collection(source.kind), source.name)
}
