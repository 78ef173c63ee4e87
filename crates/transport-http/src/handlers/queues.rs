//! `/v2/queues`, a queue, its stats and its purge; the same for topics.

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use serde_json::{Map, Value, json};
use zaqar_domain::{ListedQueues, Patch, PurgeScope, QueueCreation, QueueListing, StatsEdge};
use zaqar_model::{DestinationKind, DestinationName, Metadata};

use crate::errors::{API, BODY, HttpError, body_error};
use crate::exchange::{Exchange, HandlerResult};
use crate::falcon::Link;
use crate::json::{filter, read, write};
use crate::parameters::check_names_and_filters;
use crate::respond;

const PATCH_TYPE: &str = "application/openstack-messaging-v2.0-json-patch";

pub(crate) async fn create(exchange: Exchange<'_>, name: &DestinationName) -> HandlerResult {
    let max = exchange.zaqar.limits().max_queue_metadata;
    let body = exchange.payload.read(max, || metadata_too_large(API, max)).await?;
    let metadata = match body.filter(|body| !body.is_empty()) {
        Some(body) => read::metadata(&read::document(body)?, exchange.warnings)?,
        None => Metadata::default(),
    };
    let response = match exchange.zaqar.create_queue(exchange.caller, name, metadata).await? {
        QueueCreation::Created => respond::json(StatusCode::CREATED, Bytes::new()),
        QueueCreation::Existed => respond::no_content(),
    };
    Ok(respond::with_location(response, href(name)))
}

pub(crate) async fn show(exchange: Exchange<'_>, name: &DestinationName) -> HandlerResult {
    let metadata = exchange.zaqar.get_queue(exchange.caller, name).await?;
    Ok(respond::json_document(metadata.members()))
}

pub(crate) async fn update(exchange: Exchange<'_>, name: &DestinationName) -> HandlerResult {
    let max = exchange.zaqar.limits().max_queue_metadata;
    let is_patch =
        exchange.content_type().is_some_and(|given| given.eq_ignore_ascii_case(PATCH_TYPE.as_bytes()));
    let too_large = || metadata_too_large(BODY, max);
    let payload = exchange.payload.within(max, too_large)?;
    if !is_patch {
        let text = format!("Accepted media type for PATCH: {{'Accept-Patch': '{PATCH_TYPE}'}}.");
        return Err(HttpError::status(StatusCode::UNSUPPORTED_MEDIA_TYPE).describe(text));
    }
    let body = payload.read(max, too_large).await?.filter(|body| !body.is_empty());
    let body = body.ok_or_else(|| HttpError::invalid_body("PATCH body could not be empty for update."))?;
    let patch = Patch::new(read::operations(&read::document(body)?)?).map_err(body_error)?;
    exchange.warnings.check_patch(&patch);
    let metadata = exchange.zaqar.update_queue(exchange.caller, name, &patch).await.map_err(body_error)?;
    Ok(respond::json_document(metadata.members()))
}

pub(crate) async fn delete(exchange: Exchange<'_>, name: &DestinationName) -> HandlerResult {
    exchange.zaqar.delete_queue(exchange.caller, name).await?;
    Ok(respond::no_content())
}

pub(crate) async fn list(exchange: Exchange<'_>, kind: DestinationKind) -> HandlerResult {
    let query = &exchange.query;
    let text = |name| query.text(name).map(|text| text.map(str::to_owned));
    let (marker, limit) = (text("marker")?, query.integer("limit")?);
    let detailed = query.boolean("detailed")?;
    let name = text("name")?;
    let with_count = if kind.is_topic() { None } else { query.boolean("with_count")? };
    let others = query.others()?;
    let metadata = others.into_iter().map(|(name, value)| (name.to_owned(), filter::values(value))).collect();
    let marked = marker.is_some();
    let listing = QueueListing { marker, limit, name, metadata, with_count: with_count == Some(true) };
    let listed = exchange.zaqar.list_queues(exchange.caller, kind, &listing).await?;
    if listed.queues.is_empty() {
        // A name that some queue has is not misspelt.
        check_names_and_filters(query, exchange.warnings);
    }
    let next = listed.next.as_ref().map(|next| {
        let link =
            Link::to(write::collection(kind).into()).with_some("marker", marked.then_some(next.as_str()));
        let link = link.with_integer("limit", limit).with_boolean("detailed", detailed);
        let link = link.with_some("name", listing.name.as_ref()).with_boolean("with_count", with_count);
        link.with_some("marker", (!marked).then_some(next.as_str())).into_text()
    });
    let metadata_of = |queue: &_| (detailed == Some(true)).then(|| exchange.zaqar.shown_metadata(queue));
    Ok(respond::json_document(&page(kind, &listed, next, metadata_of)))
}

pub(crate) async fn stats(exchange: Exchange<'_>, name: &DestinationName) -> HandlerResult {
    let stats = exchange.zaqar.queue_stats(exchange.caller, name).await?;
    let total = stats.claimed.saturating_add(stats.free);
    let mut messages = json!({ "claimed": stats.claimed, "free": stats.free, "total": total });
    for (end, message) in [("oldest", stats.oldest), ("newest", stats.newest)] {
        if let Some(message) = message {
            messages[end] = edge(name, message);
        }
    }
    Ok(respond::json_document(&json!({ "messages": messages })))
}

pub(crate) async fn purge(exchange: Exchange<'_>, name: &DestinationName) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let scope = match exchange.payload.small_json().await? {
        Some(document) => read::purge_scope(&document, exchange.warnings)?,
        None => PurgeScope::EVERYTHING,
    };
    zaqar.purge_queue(caller, name, scope).await?;
    Ok(respond::no_content())
}

fn page(
    kind: DestinationKind,
    listed: &ListedQueues,
    next: Option<String>,
    metadata_of: impl Fn(&zaqar_model::Queue) -> Option<Metadata>,
) -> Value {
    let queues = listed.queues.iter().map(|queue| {
        let name = queue.destination.name.as_str();
        let mut item = Map::from_iter([("name".to_owned(), name.into())]);
        if let Some(metadata) = metadata_of(queue) {
            item.insert("metadata".into(), Value::Object(metadata.into_members()));
        }
        item.insert("href".into(), format!("{}/{name}", write::collection(kind)).into());
        Value::Object(item)
    });
    let links: Vec<_> = next.map(|href| json!({ "rel": "next", "href": href })).into_iter().collect();
    let plural = if kind.is_topic() { "topics" } else { "queues" };
    let mut page = json!({ plural: queues.collect::<Vec<_>>(), "links": links });
    // As in upstream, a count of zero is omitted.
    if let Some(count) = listed.count.filter(|count| *count > 0) {
        page["count"] = count.into();
    }
    page
}

fn edge(name: &DestinationName, message: StatsEdge) -> Value {
    json!({
        "age": message.age_seconds,
        "created": message.created.to_iso8601(),
        "href": format!("{}/{}/messages/{}", write::collection(name.kind), name.name, message.id),
    })
}

fn href(name: &DestinationName) -> BytesMut {
    let mut href = BytesMut::with_capacity(80);
    write::queue_href(&mut href, name);
    href
}

fn metadata_too_large(title: &'static str, max: u64) -> HttpError {
    HttpError::bad_request(title, format!("Queue metadata is too large. Max size: {max}"))
}
