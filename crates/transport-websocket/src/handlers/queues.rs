//! `queue_*`, and `topic_*` by the same operations.

use serde_json::{Map, Value, json};
use zaqar_domain::names::Warnings;
use zaqar_domain::{PurgeScope, QueueCreation, QueueListing, StatsEdge};
use zaqar_model::{DestinationName, Metadata};

use super::{Request, wrong_type};
use crate::reply::{HandlerResult, Reply};
use crate::write;

pub(crate) async fn list(request: &Request<'_>) -> HandlerResult {
    let (marker, limit) = (request.body.text("marker"), request.integer("limit")?);
    let listing = QueueListing { marker, limit, ..QueueListing::default() };
    let listed = request.zaqar.list_queues(request.caller, request.kind, &listing).await?;
    let detailed = request.boolean("detailed") == Some(true);
    let queues = listed.queues.iter().map(|queue| {
        let mut item = json!({ "name": queue.destination.name.as_str() });
        if detailed {
            item["metadata"] = Value::Object(queue.metadata.members().clone());
        }
        item
    });
    let plural = if request.kind.is_topic() { "topics" } else { "queues" };
    Ok(Reply::new(200, &json!({ plural: queues.collect::<Vec<_>>() })))
}

pub(crate) async fn create(request: &Request<'_>, warnings: &mut Warnings) -> HandlerResult {
    let name = request.destination()?;
    let max = request.zaqar.limits().max_queue_metadata;
    let metadata = match request.body.raw("metadata").filter(|text| text.get() != "null") {
        None => Map::new(),
        Some(text) if u64::try_from(text.get().len()).is_ok_and(|size| size <= max) => {
            request.body.get("metadata").ok_or_else(|| wrong_type("metadata", "dict"))?
        }
        Some(_) => return Err(Reply::bad_request(format!("Queue metadata is too large. Max size: {max}"))),
    };
    let metadata = Metadata::new(metadata);
    warnings.check_metadata(&metadata);
    let status = match request.zaqar.create_queue(request.caller, name, metadata).await? {
        QueueCreation::Created => 201,
        QueueCreation::Existed => 204,
    };
    Ok(confirmation(status, name, "created"))
}

pub(crate) async fn get(request: &Request<'_>) -> HandlerResult {
    let metadata = request.zaqar.get_own_metadata(request.caller, request.destination()?).await?;
    Ok(Reply::new(200, metadata.members()))
}

pub(crate) async fn delete(request: &Request<'_>) -> HandlerResult {
    let name = request.destination()?;
    request.zaqar.delete_queue(request.caller, name).await?;
    Ok(confirmation(204, name, "removed"))
}

pub(crate) async fn stats(request: &Request<'_>) -> HandlerResult {
    let stats = request.zaqar.queue_stats(request.caller, request.destination()?).await?;
    let total = stats.claimed.saturating_add(stats.free);
    let mut messages = json!({ "claimed": stats.claimed, "free": stats.free, "total": total });
    for (end, message) in [("newest", stats.newest), ("oldest", stats.oldest)] {
        if let Some(StatsEdge { id, age_seconds, created }) = message {
            messages[end] = json!({
                "id": id.to_string(), "age": age_seconds, "created": created.to_iso8601()
            });
        }
    }
    let status = if stats.exists { 200 } else { 404 };
    Ok(Reply::new(status, &json!({ "messages": messages })))
}

/// Without a list of resource types, purges everything.
pub(crate) async fn purge(request: &Request<'_>) -> HandlerResult {
    let scope = match request.texts("resource_types")? {
        Some(types) => PurgeScope::named(types.iter().map(String::as_str))?,
        None => PurgeScope::EVERYTHING,
    };
    request.zaqar.purge_queue(request.caller, request.destination()?, scope).await?;
    Ok(Reply::empty())
}

fn confirmation(status: u16, name: &DestinationName, what: &str) -> Reply {
    Reply::new(status, &format!("{} {} {what}.", write::title(name.kind), name.name))
}
