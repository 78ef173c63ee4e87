//! `authenticate`: from then on a connection is its token's, until the token ends or a newer one takes its place.

use std::sync::Arc;

use serde_json::json;
use uuid::Builder;
use zaqar_authentication::{AuthRequest, Authentication, Denied, Token};

use crate::members::Members;
use crate::reply::Reply;
use crate::service::WebSocketService;

/// Whose the token in the headers is.
pub(crate) async fn token(headers: &Members<'_>, service: &WebSocketService) -> Result<Arc<Token>, Reply> {
    let Authentication::Keystone(keystone) = &service.authentication else {
        return Err(Reply::error(400, "Authentication is not enabled: every request is believed."));
    };
    let [token, service_token] = ["X-Auth-Token", "X-Service-Token"].map(|name| headers.text(name));
    let id = Builder::from_random_bytes(service.zaqar.ids().next_u128().to_be_bytes()).into_uuid();
    let asked = AuthRequest {
        token: token.as_deref(),
        service_token: service_token.as_deref(),
        // As upstream has it for tokens that are restricted to some requests.
        method: "POST",
        path: "/",
        request_id: &format!("req-{id}"),
    };
    let failed = |status| Reply::error(status, "Authentication failed.");
    match keystone.authenticate(&asked).await {
        Ok(Some(token)) => Ok(token),
        Ok(None) | Err(Denied::Unauthorized) => Err(failed(401)),
        Err(Denied::Unavailable) => Err(failed(503)),
    }
}

pub(crate) fn welcome() -> Reply {
    Reply::new(200, &json!({ "message": "Authentified." }))
}
