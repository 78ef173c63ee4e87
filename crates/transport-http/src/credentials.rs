//! Authentication of a request, before anything else about it is checked.

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header, request};
use zaqar_authentication::{AuthRequest, Authentication, Denied, Keystone, Token};

use crate::errors::HttpError;
use crate::exchange::HandlerResult;
use crate::headers::{AUTH_TOKEN, SERVICE_TOKEN, URL_SIGNATURE, first_text, header_text};
use crate::request_id::{RequestId, global_request_id};
use crate::respond;

/// How a request is authenticated.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// Not at all: its headers are trusted.
    Headers,
    /// By the signature of a pre-signed URL, which is not verified yet and covers the project.
    Signed,
    /// By a token. `None`: an anonymous request, which `delay_auth_decision` allows.
    Token(Option<Arc<Token>>),
}

/// Authenticates a request. `path` is the decoded path. The error is a complete response.
pub(crate) async fn credentials(
    head: &request::Parts,
    path: &str,
    id: RequestId,
    authentication: &Authentication,
) -> Result<Credentials, HandlerResult> {
    let Authentication::Keystone(keystone) = authentication else { return Ok(Credentials::Headers) };
    if head.headers.contains_key(&URL_SIGNATURE) {
        return Ok(Credentials::Signed);
    }
    let given = global_request_id(&head.headers);
    let request_id = given.map_or_else(|| id.to_string(), str::to_owned);
    let token = first_text(&head.headers, &AUTH_TOKEN);
    let service_token = header_text(&head.headers, &SERVICE_TOKEN);
    let request = AuthRequest {
        token: token.as_deref(),
        service_token: service_token.as_deref(),
        method: head.method.as_str(),
        path,
        request_id: &request_id,
    };
    keystone.authenticate(&request).await.map(Credentials::Token).map_err(|denied| refuse(denied, keystone))
}

/// The response of keystonemiddleware, which upstream uses.
fn refuse(denied: Denied, keystone: &Keystone) -> HandlerResult {
    if denied == Denied::Unavailable {
        let title = "Service temporarily unavailable";
        return Err(HttpError::new(StatusCode::SERVICE_UNAVAILABLE, title, denied.to_string()));
    }
    let text =
        format!("{{\"error\": {{\"code\": 401, \"title\": \"Unauthorized\", \"message\": \"{denied}\"}}}}");
    let mut response = respond::json(StatusCode::UNAUTHORIZED, text);
    if let Ok(challenge) = HeaderValue::try_from(keystone.challenge()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    Ok(response)
}
