//! `/v2/flavors` and one flavor.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use zaqar_domain::names::FLAVOR;
use zaqar_domain::{Error, FlavorListing, PoolListFault, ShownFlavor};

use crate::errors::HttpError;
use crate::exchange::{Exchange, HandlerResult};
use crate::falcon::Link;
use crate::json::fields::{Fields, required};
use crate::respond;

const PATH: &str = "/v2/flavors";

pub(crate) async fn list(exchange: Exchange<'_>) -> HandlerResult {
    let query = &exchange.query;
    let (marker, limit) = (query.text("marker")?.map(str::to_owned), query.integer("limit")?);
    let detailed = query.boolean("detailed")?;
    let marked = marker.is_some();
    let listed = exchange.zaqar.list_flavors(exchange.caller, &FlavorListing { marker, limit }).await?;
    let next = listed.next.map(|next| {
        let link = Link::to(PATH.to_owned()).with_some("marker", marked.then_some(next.as_str()));
        let link = link.with_integer("limit", limit);
        let link = link.with_some("marker", (!marked).then_some(next.as_str()));
        json!({ "rel": "next", "href": link.with_boolean("detailed", detailed).into_text() })
    });
    let items = listed.flavors.iter().map(|flavor| item(flavor, detailed == Some(true)));
    let (links, items) = (Vec::from_iter(next), Vec::from_iter(items));
    Ok(respond::json_document(&json!({ "links": links, "flavors": items })))
}

pub(crate) async fn create(exchange: Exchange<'_>, name: &str) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let fields = Fields::read(exchange.payload.small_document().await?)?;
    let pools = fields.texts("pool_list")?;
    fields.object("capabilities")?;
    let pools = pools.ok_or_else(|| required("pool_list"))?;
    fields.only(FLAVOR.names)?;
    zaqar.create_flavor(caller, name, pools).await.map_err(|error| http_error(error, name))?;
    Ok(respond::with_location(respond::json(StatusCode::CREATED, Bytes::new()), href(name)))
}

pub(crate) async fn show(exchange: Exchange<'_>, name: &str) -> HandlerResult {
    let flavor = exchange.zaqar.get_flavor(exchange.caller, name).await?;
    Ok(respond::json_document(&detailed_item(&flavor)))
}

pub(crate) async fn update(exchange: Exchange<'_>, name: &str) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let fields = Fields::read(exchange.payload.small_document().await?)?;
    fields.check_names(&FLAVOR, exchange.warnings);
    let pools = fields.texts("pool_list")?;
    let pools = pools.ok_or_else(|| HttpError::invalid_body("`pool_list` needs to be specified"))?;
    let flavor = zaqar.update_flavor(caller, name, pools).await.map_err(|error| http_error(error, name))?;
    Ok(respond::json_document(&detailed_item(&flavor)))
}

pub(crate) async fn delete(exchange: Exchange<'_>, name: &str) -> HandlerResult {
    exchange.zaqar.delete_flavor(exchange.caller, name).await?;
    Ok(respond::no_content())
}

/// As in upstream, the error about an empty list has the `Location` of the flavor.
fn http_error(error: Error, name: &str) -> HttpError {
    let is_empty = matches!(error, Error::BadPoolList(PoolListFault::Empty));
    let error = HttpError::from(error);
    if is_empty { error.with_location(href(name)) } else { error }
}

fn href(name: &str) -> String {
    format!("{PATH}/{name}")
}

fn detailed_item(flavor: &ShownFlavor) -> Value {
    json!({
        "name": flavor.name.as_str(),
        "capabilities": flavor.capabilities,
        "pool_list": pool_list(flavor),
        "href": href(flavor.name.as_str()),
    })
}

/// A listed flavor without pools has no `pool_list`.
fn item(flavor: &ShownFlavor, detailed: bool) -> Value {
    let mut item = json!({ "name": flavor.name.as_str(), "href": href(flavor.name.as_str()) });
    if !flavor.pools.is_empty() {
        item["pool_list"] = pool_list(flavor).into();
    }
    if detailed {
        item["capabilities"] = flavor.capabilities.clone().into();
    }
    item
}

fn pool_list(flavor: &ShownFlavor) -> Vec<&str> {
    flavor.pools.iter().map(|pool| pool.as_str()).collect()
}
