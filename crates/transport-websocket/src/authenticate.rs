//! `authenticate`: the connection belongs to the owner of the token until the token expires or is replaced.

use std::sync::Arc;

use serde_json::json;
use uuid::Builder;
use zaqar_authentication::{AuthRequest, Authentication, Denied, Token};

use crate::members::Members;
use crate::reply::Reply;
use crate::service::WebSocketService;

/// Validates the token in the headers.
pub(crate) async fn token(headers: &Members<'_>, service: &WebSocketService) -> Result<Arc<Token>, Reply> {
    let Authentication::Keystone(keystone) = &service.authentication else {
        return Err(Reply::error(400, "Authentication is not enabled: every request is accepted."));
    };
    let [token, service_token] = ["X-Auth-Token", "X-Service-Token"].map(|name| headers.text(name));
    let id = Builder::from_random_bytes(service.zaqar.ids().next_u128().to_be_bytes()).into_uuid();
    let request = AuthRequest {
        token: token.as_deref(),
        service_token: service_token.as_deref(),
        // As in upstream, for tokens with access rules.
        method: "POST",
        path: "/",
        request_id: &format!("req-{id}"),
    };
    let failed = |status| Reply::error(status, "Authentication failed.");
    match keystone.authenticate(&request).await {
        Ok(Some(token)) => Ok(token),
        Ok(None) | Err(Denied::Unauthorized) => Err(failed(401)),
        Err(Denied::Unavailable) => Err(failed(503)),
    }
}

pub(crate) fn success() -> Reply {
    Reply::new(200, &json!({ "message": "Authentified." }))
}
