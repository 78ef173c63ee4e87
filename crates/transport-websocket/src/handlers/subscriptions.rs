//! `subscription_*`: subscriptions to a queue or to a topic.

use serde_json::{Map, Value, json};
use zaqar_domain::{Error, SubscriptionListing, SubscriptionWish};

use super::Request;
use crate::reply::{Handled, Reply};
use crate::write;

pub(crate) async fn create(request: &Request<'_>) -> Handled {
    let place = request.place()?;
    let member = |name: &str| request.body.get::<Value>(name).map(|value| (name.to_owned(), value));
    let document = Map::from_iter(["subscriber", "ttl", "options"].into_iter().filter_map(member));
    let wish = SubscriptionWish::new(Value::Object(document))?;
    match request.zaqar.create_subscription(request.caller, place, &wish).await {
        Ok(id) => {
            let message = format!("Subscription {} created.", place.name);
            Ok(Reply::new(201, &json!({ "subscription_id": id.to_string(), "message": message })))
        }
        Err(Error::Conflict(_)) => Err(Reply::new(409, &format!("Subscription {} not created.", place.name))),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn list(request: &Request<'_>) -> Handled {
    let listing =
        SubscriptionListing { marker: request.body.text("marker"), limit: request.integer("limit")? };
    let listed = request.zaqar.list_subscriptions(request.caller, request.place()?, &listing).await?;
    let items =
        listed.subscriptions.into_iter().map(|subscription| write::subscription(subscription, listed.now));
    Ok(Reply::new(200, &json!({ "subscriptions": items.collect::<Vec<_>>() })))
}

pub(crate) async fn get(request: &Request<'_>) -> Handled {
    let (id, place) = (request.text("subscription_id"), request.place()?);
    match request.zaqar.get_subscription(request.caller, place, &id).await {
        Ok(found) => Ok(Reply::new(200, &write::subscription(found.subscription, found.now))),
        Err(Error::NotFound(absent)) => {
            let error =
                format!("Subscription {id} for {} {} does not exist.", write::noun(place.kind), place.name);
            Err(Reply::exception(404, absent.to_string(), Some(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn delete(request: &Request<'_>) -> Handled {
    let id = request.text("subscription_id");
    request.zaqar.delete_subscription(request.caller, request.place()?, &id).await?;
    Ok(Reply::new(204, &format!("Subscription {id} removed.")))
}
