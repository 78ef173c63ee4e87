//! `/v2/queues/{queue}/subscriptions`, one subscription and its confirmation; the same for topics.

use http::StatusCode;
use serde_json::json;
use zaqar_domain::{Error, SubscriptionListing, subscription_document};
use zaqar_model::DestinationName;

use crate::errors::HttpError;
use crate::exchange::{Exchange, Handled};
use crate::falcon::Link;
use crate::json::{read, write, write::PythonSpacing};
use crate::respond;

pub(crate) async fn create(exchange: Exchange<'_>, source: &DestinationName) -> Handled {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let document = exchange.payload.small_json().await?;
    let wish = read::subscription_wish(document.as_ref(), exchange.warnings)?;
    let path = href(source);
    match zaqar.create_subscription(caller, source, &wish).await {
        Ok(id) => {
            let text = PythonSpacing::to_vec(&json!({ "subscription_id": id.to_string() }));
            Ok(respond::located(respond::json(StatusCode::CREATED, text), path))
        }
        Err(error @ Error::Conflict(_)) => Err(HttpError::from(error).located(path)),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn list(exchange: Exchange<'_>, source: &DestinationName) -> Handled {
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
    Ok(respond::document(&json!({ "subscriptions": items, "links": links })))
}

pub(crate) async fn show(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> Handled {
    let found = exchange.zaqar.get_subscription(exchange.caller, source, id).await?;
    Ok(respond::document(&subscription_document(found.subscription, found.endpoint, found.now)))
}

pub(crate) async fn update(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> Handled {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let document = exchange.payload.small_json().await?;
    let wish = read::subscription_wish(document.as_ref(), exchange.warnings)?;
    zaqar.update_subscription(caller, source, id, &wish).await?;
    Ok(respond::located(respond::nothing(), format!("{}/{id}", href(source))))
}

pub(crate) async fn confirm(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> Handled {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let document = exchange.payload.small_json().await?;
    let confirmed = document.and_then(|document| read::confirmed(&document, exchange.warnings));
    zaqar.confirm_subscription(caller, source, id, confirmed.as_ref()).await?;
    Ok(respond::located(respond::nothing(), format!("{}/{id}/confirm", href(source))))
}

pub(crate) async fn delete(exchange: Exchange<'_>, source: &DestinationName, id: &str) -> Handled {
    exchange.zaqar.delete_subscription(exchange.caller, source, id).await?;
    Ok(respond::nothing())
}

pub(super) fn href(source: &DestinationName) -> String {
    format!("{}/{}/subscriptions", write::collection(source.kind), source.name)
}
