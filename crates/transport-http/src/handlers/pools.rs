//! `/v2/pools` and one pool.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use zaqar_domain::PoolListing;
use zaqar_model::Pool;

use crate::exchange::{Exchange, HandlerResult};
use crate::falcon::Link;
use crate::json::{fields::Fields, pools};
use crate::respond;

const PATH: &str = "/v2/pools";

pub(crate) async fn list(exchange: Exchange<'_>) -> HandlerResult {
    let query = &exchange.query;
    let (marker, limit) = (query.text("marker")?.map(str::to_owned), query.integer("limit")?);
    let detailed = query.boolean("detailed")?;
    let marked = marker.is_some();
    let listed = exchange.zaqar.list_pools(exchange.caller, &PoolListing { marker, limit }).await?;
    let next = listed.next.map(|next| {
        let link = Link::to(PATH.to_owned()).with_some("marker", marked.then_some(next.as_str()));
        let link = link.with_integer("limit", limit).with_boolean("detailed", detailed);
        let link = link.with_some("marker", (!marked).then_some(next.as_str()));
        json!({ "rel": "next", "href": link.into_text() })
    });
    let items = listed.pools.into_iter().map(|pool| pool_item(pool, detailed == Some(true)));
    let (links, items) = (Vec::from_iter(next), Vec::from_iter(items));
    let mut response = respond::json_document(&json!({ "links": links, "pools": items }));
    let query = exchange.query_text.map_or_else(String::new, |query| format!("?{query}"));
    if let Ok(here) = HeaderValue::try_from(format!("{PATH}{query}")) {
        response.headers_mut().insert(header::CONTENT_LOCATION, here);
    }
    Ok(response)
}

pub(crate) async fn create(exchange: Exchange<'_>, name: &str) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let definition = pools::definition(&Fields::read(exchange.payload.small_document().await?)?)?;
    zaqar.create_pool(caller, name, definition).await?;
    Ok(respond::with_location(respond::json(StatusCode::CREATED, Bytes::new()), format!("{PATH}/{name}")))
}

pub(crate) async fn show(exchange: Exchange<'_>, name: &str) -> HandlerResult {
    let detailed = exchange.query.boolean("detailed")?.unwrap_or(false);
    let pool = exchange.zaqar.get_pool(exchange.caller, name).await?;
    Ok(respond::json_document(&pool_item(pool, detailed)))
}

pub(crate) async fn update(exchange: Exchange<'_>, name: &str) -> HandlerResult {
    let (zaqar, caller) = (exchange.zaqar, exchange.caller);
    let change = pools::change(&Fields::read(exchange.payload.small_document().await?)?, exchange.warnings)?;
    let pool = zaqar.update_pool(caller, name, change).await?;
    Ok(respond::json_document(&pool_item(pool, false)))
}

pub(crate) async fn delete(exchange: Exchange<'_>, name: &str) -> HandlerResult {
    exchange.zaqar.delete_pool(exchange.caller, name).await?;
    Ok(respond::no_content())
}

fn pool_item(pool: Pool, detailed: bool) -> Value {
    let flavor = pool.flavor.as_ref().map(ToString::to_string);
    let mut item =
        json!({ "name": pool.name.as_str(), "flavor": flavor, "uri": pool.uri, "weight": pool.weight.0 });
    if detailed {
        item["options"] = Value::Object(pool.options.into_members());
    }
    item["href"] = format!("{PATH}/{}", pool.name).into();
    item
}
