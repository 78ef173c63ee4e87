//! What a request has to show before anything else about it is looked at, where Keystone says who may come in.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, StatusCode, header, request};
use zaqar_authentication::{AuthRequest, Authentication, Denied, Keystone, Token};

use crate::errors::HttpError;
use crate::exchange::{Handled, header_text};
use crate::identity::{URL_SIGNATURE, first_text};
use crate::request_id::{RequestId, global_request_id};
use crate::respond;

pub(crate) const AUTH_TOKEN: [HeaderName; 2] =
    [HeaderName::from_static("x-auth-token"), HeaderName::from_static("x-storage-token")];
const SERVICE_TOKEN: HeaderName = HeaderName::from_static("x-service-token");

/// How far a request is believed about who makes it.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// Whatever its headers say.
    Believed,
    /// Its headers about the project, which its signature covers. The signature is yet to be verified.
    Signed,
    /// Only what Keystone says of its token. `None`: nothing, and the request is let through all the same.
    Token(Option<Arc<Token>>),
}

/// What a request shows. `path` is the one that its escapes lead to. In the place of an error stands the answer.
pub(crate) async fn credentials(
    head: &request::Parts,
    path: &str,
    id: RequestId,
    authentication: &Authentication,
) -> Result<Credentials, Handled> {
    let Authentication::Keystone(keystone) = authentication else { return Ok(Credentials::Believed) };
    if head.headers.contains_key(&URL_SIGNATURE) {
        return Ok(Credentials::Signed);
    }
    let given = global_request_id(&head.headers);
    let request_id = given.map_or_else(|| id.to_string(), str::to_owned);
    let token = first_text(&head.headers, &AUTH_TOKEN);
    let service_token = header_text(&head.headers, &SERVICE_TOKEN);
    let asked = AuthRequest {
        token: token.as_deref(),
        service_token: service_token.as_deref(),
        method: head.method.as_str(),
        path,
        request_id: &request_id,
    };
    keystone.authenticate(&asked).await.map(Credentials::Token).map_err(|denied| refuse(denied, keystone))
}

/// The words of keystonemiddleware, which upstream stands behind.
fn refuse(denied: Denied, keystone: &Keystone) -> Handled {
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
