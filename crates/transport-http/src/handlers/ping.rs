//! `/v2/ping`: whether the service is available.

use bytes::Bytes;
use http::StatusCode;

use crate::exchange::{Exchange, HandlerResult};
use crate::respond;

pub(crate) async fn get(exchange: Exchange<'_>) -> HandlerResult {
    if exchange.zaqar.ping(exchange.caller).await? {
        Ok(respond::no_content())
    } else {
        Ok(respond::json(StatusCode::SERVICE_UNAVAILABLE, Bytes::new()))
    }
}

/// As in upstream, HEAD only checks that the server responds.
pub(crate) async fn head(exchange: Exchange<'_>) -> HandlerResult {
    exchange.zaqar.ping(exchange.caller).await?;
    Ok(respond::no_content())
}
