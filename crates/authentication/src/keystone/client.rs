//! What Keystone is asked, over HTTP.

use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::header::{HeaderName, HeaderValue};

use super::http::{Http, NotReached, SetupError, versioned};
use super::login::Login;
use super::options::KeystoneOptions;
use super::own_token::{Held, OwnEndpoints};
use super::token::{Token, identity_endpoint, public_endpoint};

pub(super) const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");
const SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");
/// Says that access rules are heeded here. Without it, Keystone does not show tokens that have some.
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

/// What Keystone says of a token.
pub(super) enum Identity {
    Known(Arc<Token>),
    Unknown,
    /// It does not know us who ask.
    OwnTokenRefused,
}

/// Why Keystone cannot be asked.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    NotReached(#[from] NotReached),
    #[error("it answered {status} to {what}; {advice}")]
    Status { status: StatusCode, what: &'static str, advice: String },
    #[error("its answer to {what} cannot be read: {reason}")]
    Unreadable { what: &'static str, reason: String },
    #[error("[keystone_authtoken] does not say who the service is: set auth_url and auth_type")]
    NoCredentials,
    #[error("it refuses the service's own token, although it has just given it out")]
    Refused,
}

impl Client {
    pub(super) fn new(options: &KeystoneOptions) -> Result<Self, SetupError> {
        Ok(Self {
            http: Http::new(&options.connection, options.auth_url.starts_with("http://"))?,
            login: options.login.clone(),
            auth_url: versioned(&options.auth_url),
            interface: options.interface.clone(),
            region: options.region.clone(),
            service_type: options.service_type.clone(),
            include_service_catalog: options.include_service_catalog,
        })
    }

    /// Gets a token for the service itself.
    pub(super) async fn log_in(&self, request_id: Option<&str>) -> Result<Held, Failure> {
        let login = self.login.as_ref().ok_or(Failure::NoCredentials)?;
        let own = self.http.sign_in(&self.auth_url, login, request_id).await?;
        let endpoint = identity_endpoint(&own.document, &self.interface, self.region.as_deref());
        let endpoint = endpoint.map_or_else(|| self.auth_url.clone(), |endpoint| versioned(&endpoint));
        let own_endpoints = OwnEndpoints {
            rest: public_endpoint(&own.document, "zaqar"),
            websocket: public_endpoint(&own.document, "zaqar-websocket"),
        };
        Ok(Held { token: own.token, endpoint, own_endpoints, expires: own.expires })
    }

    /// Asks whose a token is.
    pub(super) async fn identify(
        &self,
        own: &Held,
        token: &HeaderValue,
        even_expired: bool,
        request_id: &str,
    ) -> Result<Identity, Failure> {
        const WHAT: &str = "a question about a token";
        let query = match (self.include_service_catalog, even_expired) {
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
                let unreadable = |reason| Failure::Unreadable { what: WHAT, reason };
                return Ok(Identity::Known(Arc::new(token.map_err(unreadable)?)));
            }
            401 => return Ok(Identity::OwnTokenRefused),
            403 => "give the service's user the role service or admin",
            408 | 429 => "it has too much to do",
            // It looked at the token and did not like it.
            400..500 => return Ok(Identity::Unknown),
            _ => "see Keystone's log",
        };
        Err(Failure::Status { status, what: WHAT, advice: advice.to_owned() })
    }
}
