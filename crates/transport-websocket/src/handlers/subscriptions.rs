//! `subscription_*`: subscriptions to a queue or to a topic.

use serde_json::{Map, Value, json};
use zaqar_domain::names::{SUBSCRIPTION, Warnings};
use zaqar_domain::{Error, Following, SubscriptionListing, SubscriptionParams, subscription_document};
use zaqar_model::{DestinationName, SubscriptionId};

use super::Request;
use crate::members::Members;
use crate::reply::{HandlerResult, Reply};
use crate::write;

pub(crate) async fn create(request: &Request<'_>, warnings: &mut Warnings) -> HandlerResult {
    let destination = request.destination()?;
    let params = params(request, SUBSCRIPTION.names, warnings)?;
    match request.zaqar.create_subscription(request.caller, destination, &params).await {
        Ok(id) => Ok(created(destination, id, "created")),
        Err(error) => Err(not_created(destination, error)),
    }
}

/// Whether the connection itself is the subscriber, because the request names none.
pub(crate) fn is_to_the_connection(body: &Members<'_>) -> bool {
    body.text("subscriber").is_none_or(|subscriber| subscriber.is_empty())
}

/// Subscribes the connection, whose address is `subscriber`, or renews its subscription.
pub(crate) async fn follow(
    request: &Request<'_>,
    subscriber: String,
    warnings: &mut Warnings,
) -> Result<(Following, Reply), Reply> {
    let destination = request.destination()?;
    let params = params(request, &["ttl", "options"], warnings)?;
    let marker = request.body.text("marker");
    let following =
        request.zaqar.follow(request.caller, destination, &params, subscriber, marker.as_deref()).await;
    let following = following.map_err(|error| not_created(destination, error))?;
    let reply = match &following {
        Following::New(follower) => created(destination, follower.id(), "created"),
        Following::Renewed(id) => created(destination, *id, "renewed"),
    };
    Ok((following, reply))
}

fn params(
    request: &Request<'_>,
    names: &[&str],
    warnings: &mut Warnings,
) -> Result<SubscriptionParams, Reply> {
    let member = |name: &&str| request.body.get::<Value>(name).map(|value| ((*name).to_owned(), value));
    let document = Map::from_iter(names.iter().filter_map(member));
    let params = SubscriptionParams::new(Value::Object(document))?;
    warnings.check_subscription(&params);
    Ok(params)
}

fn created(destination: &DestinationName, id: SubscriptionId, what: &str) -> Reply {
    let message = format!("Subscription {} {what}.", destination.name);
    Reply::new(201, &json!({ "subscription_id": id.to_string(), "message": message }))
}

fn not_created(destination: &DestinationName, error: Error) -> Reply {
    match error {
        Error::Conflict(reason) => {
            Reply::exception(409, reason, Some(&format!("Subscription {} not created.", destination.name)))
        }
        error => error.into(),
    }
}

pub(crate) async fn list(request: &Request<'_>) -> HandlerResult {
    let listing =
        SubscriptionListing { marker: request.body.text("marker"), limit: request.integer("limit")? };
    let listed = request.zaqar.list_subscriptions(request.caller, request.destination()?, &listing).await?;
    let items = listed
        .subscriptions
        .into_iter()
        .map(|subscription| subscription_document(subscription, None, listed.now));
    Ok(Reply::new(200, &json!({ "subscriptions": items.collect::<Vec<_>>() })))
}

pub(crate) async fn get(request: &Request<'_>) -> HandlerResult {
    let (id, destination) = (request.text("subscription_id"), request.destination()?);
    match request.zaqar.get_subscription(request.caller, destination, &id).await {
        Ok(found) => {
            Ok(Reply::new(200, &subscription_document(found.subscription, found.endpoint, found.now)))
        }
        Err(error) => Err(absent(destination, &id, error)),
    }
}

fn absent(destination: &DestinationName, id: &str, error: Error) -> Reply {
    match &error {
        Error::NotFound(absent) => {
            let noun = write::noun(destination.kind);
            let text = format!("Subscription {id} for {noun} {} does not exist.", destination.name);
            Reply::exception(404, absent.to_string(), Some(&text))
        }
        _ => error.into(),
    }
}

/// Upstream has this over REST only.
pub(crate) async fn update(request: &Request<'_>, warnings: &mut Warnings) -> HandlerResult {
    let (id, destination) = (request.text("subscription_id"), request.destination()?);
    let params = params(request, SUBSCRIPTION.names, warnings)?;
    let updated = request.zaqar.update_subscription(request.caller, destination, &id, &params).await;
    updated.map_err(|error| absent(destination, &id, error))?;
    Ok(Reply::new(204, &format!("Subscription {id} updated.")))
}

pub(crate) async fn delete(request: &Request<'_>) -> HandlerResult {
    let id = request.text("subscription_id");
    request.zaqar.delete_subscription(request.caller, request.destination()?, &id).await?;
    Ok(Reply::new(204, &format!("Subscription {id} removed.")))
}
