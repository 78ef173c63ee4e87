//! What Keystone is asked, over HTTP.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, RequestBuilder, StatusCode};

use super::login::Login;
use super::options::{Connection, KeystoneOptions};
use super::own_token::Held;
use super::token::{Token, identity_endpoint};

const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");
/// Says that access rules are heeded here. Without it, Keystone does not show tokens that have some.
const ACCESS_RULES: HeaderName = HeaderName::from_static("openstack-identity-access-rules");
/// A longer answer is not Keystone's.
const LARGEST_ANSWER: usize = 4 << 20;
/// The pause before the first new try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    login: Option<Login>,
    /// With `/v3`.
    auth_url: String,
    interface: String,
    region: Option<String>,
    service_type: Option<String>,
    include_service_catalog: bool,
    retries: u32,
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
    NotReached(String),
    #[error("it answered {status} to {what}; {advice}")]
    Status { status: StatusCode, what: &'static str, advice: &'static str },
    #[error("its answer to {what} cannot be read: {reason}")]
    Unreadable { what: &'static str, reason: String },
    #[error("[keystone_authtoken] does not say who the service is: set auth_url and auth_type")]
    NoCredentials,
    #[error("it refuses the service's own token, although it has just given it out")]
    Refused,
}

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("[keystone_authtoken] {option} = {}: {reason}", path.display())]
    File { option: &'static str, path: PathBuf, reason: String },
    #[error("cannot make a client for Keystone: {0}")]
    Client(String),
}

impl Client {
    pub(super) fn new(options: &KeystoneOptions) -> Result<Self, SetupError> {
        Ok(Self {
            http: http_client(&options.connection, options.auth_url.starts_with("http://"))?,
            login: options.login.clone(),
            auth_url: versioned(&options.auth_url),
            interface: options.interface.clone(),
            region: options.region.clone(),
            service_type: options.service_type.clone(),
            include_service_catalog: options.include_service_catalog,
            retries: options.connection.retries,
        })
    }

    /// Gets a token for the service itself.
    pub(super) async fn log_in(&self, request_id: &str) -> Result<Held, Failure> {
        const WHAT: &str = "the service's login";
        let body = self.login.as_ref().ok_or(Failure::NoCredentials)?.document().to_string();
        let request = self.http.post(format!("{}/auth/tokens", self.auth_url)).body(body);
        let request = request.header("content-type", "application/json").header(REQUEST_ID, request_id);
        let (status, headers, body) = self.send(request).await?;
        if status != StatusCode::CREATED {
            let advice = match status.as_u16() {
                400 | 401 | 403 => "check the user, password and project in [keystone_authtoken]",
                300..400 | 404 => "check [keystone_authtoken] auth_url",
                _ => "see Keystone's log",
            };
            return Err(Failure::Status { status, what: WHAT, advice });
        }
        let unreadable = |reason: String| Failure::Unreadable { what: WHAT, reason };
        let expires = Token::read(&body, None).map_err(unreadable)?.expires;
        let token = headers.get(SUBJECT_TOKEN);
        let mut token = token.cloned().ok_or_else(|| unreadable("no X-Subject-Token".to_owned()))?;
        token.set_sensitive(true);
        let endpoint = identity_endpoint(&body, &self.interface, self.region.as_deref());
        let endpoint = endpoint.map_or_else(|| self.auth_url.clone(), |endpoint| versioned(&endpoint));
        Ok(Held { token, endpoint, expires })
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
        let (status, _, body) = self.send(request).await?;
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
        Err(Failure::Status { status, what: WHAT, advice })
    }

    /// Sends a request, again if no connection comes about.
    async fn send(&self, request: RequestBuilder) -> Result<(StatusCode, HeaderMap, Vec<u8>), Failure> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..self.retries {
            let Some(again) = request.try_clone() else { break };
            match again.send().await {
                Err(error) if error.is_connect() => tokio::time::sleep(pause).await,
                answer => return read(answer).await,
            }
            pause = pause.saturating_mul(2);
        }
        read(request.send().await).await
    }
}

async fn read(
    answer: reqwest::Result<reqwest::Response>,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), Failure> {
    let mut answer = answer.map_err(|error| not_reached(&error))?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| not_reached(&error))? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Failure::NotReached("its answer does not end".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, headers, body))
}

/// The whole chain of causes: the outermost says little.
fn not_reached(error: &reqwest::Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Failure::NotReached(text)
}

/// An endpoint of version 3, whichever form it was given in.
fn versioned(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let bare = url.strip_suffix("/v3").or_else(|| url.strip_suffix("/v2.0")).unwrap_or(url);
    format!("{bare}/v3")
}

fn http_client(connection: &Connection, plain: bool) -> Result<reqwest::Client, SetupError> {
    // It stays as it is where the process has chosen one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || -> Result<ClientBuilder, SetupError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("zaqar/", env!("CARGO_PKG_VERSION")))
            .timeout(connection.timeout)
            // A token is not carried elsewhere.
            .redirect(Policy::none())
            .tls_danger_accept_invalid_certs(connection.insecure);
        if let Some(path) = &connection.cafile {
            let authorities = Certificate::from_pem_bundle(&contents("cafile", path)?);
            builder = builder.tls_certs_only(authorities.map_err(|error| unusable("cafile", path, &error))?);
        }
        if let Some(path) = &connection.certfile {
            let mut pem = contents("certfile", path)?;
            if let Some(keyfile) = &connection.keyfile {
                pem.push(b'\n');
                pem.extend(contents("keyfile", keyfile)?);
            }
            let identity = reqwest::Identity::from_pem(&pem);
            builder = builder.identity(identity.map_err(|error| unusable("certfile", path, &error))?);
        }
        Ok(builder)
    };
    let failed = |error: reqwest::Error| SetupError::Client(error.to_string());
    match builder()?.build() {
        // A machine without any authorities can still speak plainly.
        Err(_) if plain && connection.cafile.is_none() => {
            builder()?.tls_certs_only([]).build().map_err(failed)
        }
        built => built.map_err(failed),
    }
}

fn contents(option: &'static str, path: &Path) -> Result<Vec<u8>, SetupError> {
    fs::read(path).map_err(|error| unusable(option, path, &error))
}

fn unusable(option: &'static str, path: &Path, error: &dyn std::error::Error) -> SetupError {
    SetupError::File { option, path: path.to_owned(), reason: error.to_string() }
}
