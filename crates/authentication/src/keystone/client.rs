//! The Keystone client: issues the service's own token and validates tokens.

use std::sync::Arc;

use reqwest::header::{HeaderName, HeaderValue};

use super::error::KeystoneError;
use super::http::{AUTH_TOKEN, Http, REQUEST_ID, SetupError, v3_url};
use super::login::Login;
use super::options::KeystoneOptions;
use super::own_token::{OwnEndpoints, OwnToken};
use super::token::{Token, identity_endpoint, public_endpoint};

const SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");
/// Declares that this service enforces access rules. Without it, Keystone rejects tokens that have them.
const ACCESS_RULES: HeaderName = HeaderName::from_static("openstack-identity-access-rules");

#[derive(Debug)]
pub(super) struct Client {
    http: Http,
    login: Option<Login>,
    /// With `/v3`.
    auth_url: String,
    interface: String,
    region: Option<String>,
    service_type: Option<String>,
    include_service_catalog: bool,
}

/// The result of a token validation.
pub(super) enum Validation {
    Valid(Arc<Token>),
    Invalid,
    /// Keystone does not accept the service's own token.
    OwnTokenRejected,
}

impl Client {
    pub(super) fn new(options: &KeystoneOptions) -> Result<Self, SetupError> {
        Ok(Self {
            http: Http::new(&options.connection, options.auth_url.starts_with("http://"))?,
            login: options.login.clone(),
            auth_url: v3_url(&options.auth_url),
            interface: options.interface.clone(),
            region: options.region.clone(),
            service_type: options.service_type.clone(),
            include_service_catalog: options.include_service_catalog,
        })
    }

    /// Issues a token for the service itself.
    pub(super) async fn issue_own_token(&self, request_id: Option<&str>) -> Result<OwnToken, KeystoneError> {
        let login = self.login.as_ref().ok_or(KeystoneError::NoCredentials)?;
        let own = self.http.issue_token(&self.auth_url, login, request_id).await?;
        let endpoint = identity_endpoint(&own.document, &self.interface, self.region.as_deref());
        let endpoint = endpoint.map_or_else(|| self.auth_url.clone(), |endpoint| v3_url(&endpoint));
        let own_endpoints = OwnEndpoints {
            rest: public_endpoint(&own.document, "zaqar"),
            websocket: public_endpoint(&own.document, "zaqar-websocket"),
        };
        Ok(OwnToken { token: own.token, endpoint, own_endpoints, expires: own.expires })
    }

    /// Validates a token.
    pub(super) async fn validate(
        &self,
        own: &OwnToken,
        token: &HeaderValue,
        allow_expired: bool,
        request_id: &str,
    ) -> Result<Validation, KeystoneError> {
        const WHAT: &str = "a token validation";
        let query = match (self.include_service_catalog, allow_expired) {
            (true, false) => "",
            (true, true) => "?allow_expired=1",
            (false, false) => "?nocatalog",
            (false, true) => "?nocatalog&allow_expired=1",
        };
        let request = self.http.get(format!("{}/auth/tokens{query}", own.endpoint));
        let request = request.header(AUTH_TOKEN, &own.token).header(SUBJECT_TOKEN, token);
        let request = request.header(ACCESS_RULES, "1.0").header(REQUEST_ID, request_id);
        let (status, _, body) = self.http.send(request).await?;
        let advice = match status.as_u16() {
            200 => {
                let token = Token::read(&body, self.service_type.as_deref());
                let unreadable = |reason| KeystoneError::Unreadable { what: WHAT, reason };
                return Ok(Validation::Valid(Arc::new(token.map_err(unreadable)?)));
            }
            401 => return Ok(Validation::OwnTokenRejected),
            403 => "give the service's user the role service or admin",
            408 | 429 => "it is overloaded",
            // Keystone rejects the token.
            400..500 => return Ok(Validation::Invalid),
            _ => "see Keystone's log",
        };
        Err(KeystoneError::Status { status, what: WHAT, advice: advice.to_owned() })
    }
}
