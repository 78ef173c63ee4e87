//! Issues tokens for the service's own user.

use reqwest::StatusCode;
use reqwest::header::{HeaderName, HeaderValue};
use zaqar_model::Timestamp;

use super::error::KeystoneError;
use super::http::{Http, REQUEST_ID};
use super::login::Login;
use super::token::Token;

const SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");
const WHAT: &str = "the service's login";

/// An issued token.
pub(super) struct IssuedToken {
    pub(super) token: HeaderValue,
    pub(super) expires: Timestamp,
    /// Keystone's description of the token.
    pub(super) document: Vec<u8>,
}

impl Http {
    /// `auth_url`: with `/v3`. `request_id`: the request that needs the token, for Keystone's log.
    pub(super) async fn issue_token(
        &self,
        auth_url: &str,
        login: &Login,
        request_id: Option<&str>,
    ) -> Result<IssuedToken, KeystoneError> {
        let mut request = self.post(format!("{auth_url}/auth/tokens"), &login.document());
        if let Some(id) = request_id {
            request = request.header(REQUEST_ID, id);
        }
        let (status, headers, document) = self.send(request).await?;
        if status != StatusCode::CREATED {
            let group = self.group;
            let advice = match status.as_u16() {
                400 | 401 | 403 => format!("check the user, password and project in [{group}]"),
                300..400 | 404 => format!("check [{group}] auth_url"),
                _ => "see Keystone's log".to_owned(),
            };
            return Err(KeystoneError::Status { status, what: WHAT, advice });
        }
        let unreadable = |reason: String| KeystoneError::Unreadable { what: WHAT, reason };
        let expires = Token::read(&document, None).map_err(unreadable)?.expires;
        let token = headers.get(SUBJECT_TOKEN);
        let mut token = token.cloned().ok_or_else(|| unreadable("no X-Subject-Token".to_owned()))?;
        token.set_sensitive(true);
        Ok(IssuedToken { token, expires, document })
    }
}
