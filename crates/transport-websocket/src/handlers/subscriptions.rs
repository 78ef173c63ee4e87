//! `subscription_*`: subscriptions to a queue or to a topic.

use serde_json::{Map, Value, json};
use zaqar_domain::names::{SUBSCRIPTION, Warnings};
use zaqar_domain::{Error, Following, SubscriptionListing, SubscriptionWish, subscription_document};
use zaqar_model::{DestinationName, SubscriptionId};

use super::Request;
use crate::members::Members;
use crate::reply::{Handled, Reply};
use crate::write;

pub(crate) async fn create(request: &Request<'_>, warnings: &mut Warnings) -> Handled {
    let place = request.place()?;
    let wish = wish(request, SUBSCRIPTION.names, warnings)?;
    match request.zaqar.create_subscription(request.caller, place, &wish).await {
        Ok(id) => Ok(made(place, id, "created")),
        Err(error) => Err(not_created(place, error)),
    }
}

/// Whether the connection itself is to be the subscriber: none is named.
pub(crate) fn is_to_the_connection(body: &Members<'_>) -> bool {
    body.text("subscriber").is_none_or(|subscriber| subscriber.is_empty())
}

/// Subscribes the connection that is called `subscriber`, or renews what it has.
pub(crate) async fn follow(
    request: &Request<'_>,
    subscriber: String,
    warnings: &mut Warnings,
) -> Result<(Following, Reply), Reply> {
    let place = request.place()?;
    let wish = wish(request, &["ttl", "options"], warnings)?;
    let marker = request.body.text("marker");
    let following = request.zaqar.follow(request.caller, place, &wish, subscriber, marker.as_deref()).await;
    let following = following.map_err(|error| not_created(place, error))?;
    let reply = match &following {
        Following::New(follower) => made(place, follower.id(), "created"),
        Following::Renewed(id) => made(place, *id, "renewed"),
    };
    Ok((following, reply))
}

fn wish(request: &Request<'_>, names: &[&str], warnings: &mut Warnings) -> Result<SubscriptionWish, Reply> {
    let member = |name: &&str| request.body.get::<Value>(name).map(|value| ((*name).to_owned(), value));
    let document = Map::from_iter(names.iter().filter_map(member));
    let wish = SubscriptionWish::new(Value::Object(document))?;
    warnings.check_subscription(&wish);
    Ok(wish)
}

fn made(place: &DestinationName, id: SubscriptionId, what: &str) -> Reply {
    let message = format!("Subscription {} {what}.", place.name);
    Reply::new(201, &json!({ "subscription_id": id.to_string(), "message": message }))
}

fn not_created(place: &DestinationName, error: Error) -> Reply {
    match error {
        Error::Conflict(reason) => {
            Reply::exception(409, reason, Some(&format!("Subscription {} not created.", place.name)))
        }
        error => error.into(),
    }
}

pub(crate) async fn list(request: &Request<'_>) -> Handled {
    let listing =
        SubscriptionListing { marker: request.body.text("marker"), limit: request.integer("limit")? };
    let listed = request.zaqar.list_subscriptions(request.caller, request.place()?, &listing).await?;
    let items = listed
        .subscriptions
        .into_iter()
        .map(|subscription| subscription_document(subscription, None, listed.now));
    Ok(Reply::new(200, &json!({ "subscriptions": items.collect::<Vec<_>>() })))
}

pub(crate) async fn get(request: &Request<'_>) -> Handled {
    let (id, place) = (request.text("subscription_id"), request.place()?);
    match request.zaqar.get_subscription(request.caller, place, &id).await {
        Ok(found) => {
            Ok(Reply::new(200, &subscription_document(found.subscription, found.endpoint, found.now)))
        }
        Err(error) => Err(absent(place, &id, error)),
    }
}

fn absent(place: &DestinationName, id: &str, error: Error) -> Reply {
    match &error {
        Error::NotFound(absent) => {
            let noun = write::noun(place.kind);
            let text = format!("Subscription {id} for {noun} {} does not exist.", place.name);
            Reply::exception(404, absent.to_string(), Some(&text))
        }
        _ => error.into(),
    }
}

/// Upstream has this over REST only.
pub(crate) async fn update(request: &Request<'_>, warnings: &mut Warnings) -> Handled {
    let (id, place) = (request.text("subscription_id"), request.place()?);
    let wish = wish(request, SUBSCRIPTION.names, warnings)?;
    let updated = request.zaqar.update_subscription(request.caller, place, &id, &wish).await;
    updated.map_err(|error| absent(place, &id, error))?;
    Ok(Reply::new(204, &format!("Subscription {id} updated.")))
}

pub(crate) async fn delete(request: &Request<'_>) -> Handled {
    let id = request.text("subscription_id");
    request.zaqar.delete_subscription(request.caller, request.place()?, &id).await?;
    Ok(Reply::new(204, &format!("Subscription {id} removed.")))
}
