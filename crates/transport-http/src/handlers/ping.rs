//! `/v2/ping`: whether the service can serve.

use bytes::Bytes;
use http::StatusCode;

use crate::exchange::{Exchange, Handled};
use crate::respond;

pub(crate) async fn ask(exchange: Exchange<'_>) -> Handled {
    if exchange.zaqar.ping(exchange.caller).await? {
        Ok(respond::nothing())
    } else {
        Ok(respond::json(StatusCode::SERVICE_UNAVAILABLE, Bytes::new()))
    }
}

/// That the server answers is all that upstream's HEAD tells.
pub(crate) async fn touch(exchange: Exchange<'_>) -> Handled {
    exchange.zaqar.ping(exchange.caller).await?;
    Ok(respond::nothing())
}
