//! `/v2/queues/{queue}/share`: creates pre-signed URLs. `identity` verifies them.

use serde_json::json;
use zaqar_authentication::PresignRequest;
use zaqar_model::DestinationName;

use crate::errors::{API, HttpError};
use crate::exchange::{Exchange, HandlerResult, body_is_missing};
use crate::json::read;
use crate::respond;

pub(crate) async fn create(exchange: Exchange<'_>, queue: &DestinationName) -> HandlerResult {
    let (zaqar, caller, keys) = (exchange.zaqar, exchange.caller, exchange.signing_keys);
    let now = zaqar.begin_sharing(caller)?;
    let body = exchange.payload.small_document().await?.ok_or_else(body_is_missing)?;
    let PresignRequest { paths, methods, expires } = read::presign_request(&read::document(body)?)?;
    let paths = paths.into_iter().map(|path| format!("/v2/queues/{}/{path}", queue.name)).collect();
    let signed = keys
        .sign(PresignRequest { paths, methods, expires }, &caller.project, now)
        .map_err(|error| HttpError::bad_request(API, error.to_string()))?;
    Ok(respond::json_document(&json!({
        "paths": signed.paths,
        "methods": signed.methods,
        "project": caller.project.as_str(),
        "expires": signed.expires,
        "signature": signed.signature,
    })))
}
