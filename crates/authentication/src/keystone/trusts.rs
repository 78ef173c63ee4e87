//! Trusts (Keystone's OS-TRUST): a user delegates some of their roles in a project to this service, for deliveries to
//! services that require a token.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use tokio::sync::{OnceCell, Semaphore};
use zaqar_model::{Clock, Timestamp, TrustRequest};

use super::error::KeystoneError;
use super::http::{AUTH_TOKEN, Http, SetupError, v3_url};
use super::login::{Login, Reference, Scope};
use super::options::Connection;
use super::own_token::renewal_time;
use super::single_flight::SingleFlightCache;
use super::token::{Token, catalog_hosts};
use crate::expiry::Expiry;

/// Maximum number of cached tokens.
const CAPACITY: usize = 10_000;
/// Seconds for which a missing trust is cached.
const GONE_TTL: u64 = 5;
/// Seconds after a failed request before Keystone is asked again.
const UNAVAILABLE_TTL: u64 = 1;
/// Maximum number of concurrent requests to Keystone. Others wait.
const MAX_CONCURRENT_REQUESTS: usize = 32;
/// Maximum number of attempts to create a trust that differs from existing ones in its expiry only.
const MAX_ATTEMPTS: usize = 20;
/// Maximum length of the id of a trust.
const MAX_ID_LENGTH: usize = 255;
/// Maximum length of Keystone's reasons, in characters.
const MAX_REASON_CHARS: usize = 300;

/// The options of `[trustee]`.
#[derive(Clone, Debug)]
pub struct TrusteeOptions {
    /// With or without a trailing `/v3`.
    pub auth_url: String,
    /// The trustee: the service's own user. A trust cannot be used with an application credential.
    pub user: Reference,
    pub password: String,
    pub connection: Connection,
}

/// Creates trusts, and issues tokens for them.
pub struct Trusts {
    options: TrusteeOptions,
    http: Http,
    /// With `/v3`.
    auth_url: String,
    /// The id of the service's own user, once it is known.
    trustee: OnceCell<String>,
    tokens: SingleFlightCache<String, Result<Arc<TrustedToken>, NoTrustedToken>>,
    requests: Semaphore,
    clock: Arc<dyn Clock>,
}

/// A token that is scoped to a trust.
#[derive(Debug)]
pub struct TrustedToken {
    /// Marked as sensitive, so that it does not appear in debug output.
    pub text: HeaderValue,
    /// The project of the trust.
    pub project: Option<String>,
    /// The hosts in the catalog of the token.
    pub catalog_hosts: Vec<String>,
}

/// Why a trust cannot be created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustNotMade {
    /// Keystone's reason, which is meant for the caller.
    #[error("{0}")]
    Refused(String),
    #[error("Keystone cannot create a trust: {0}")]
    Unavailable(String),
}

/// Why there is no token for a trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTrustedToken {
    #[error("Keystone issues no token for this trust: it has ended, or is not for this service")]
    Gone,
    #[error("cannot get a token from Keystone")]
    Unavailable,
}

/// Hides the secrets.
impl std::fmt::Debug for Trusts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trusts").field("auth_url", &self.auth_url).finish_non_exhaustive()
    }
}

impl Trusts {
    /// Does not connect yet, so that the service may start before Keystone.
    ///
    /// # Errors
    ///
    /// A certificate file cannot be used.
    pub fn new(options: TrusteeOptions, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self {
            http: Http::new(&options.connection, options.auth_url.starts_with("http://"))?,
            auth_url: v3_url(&options.auth_url),
            options,
            trustee: OnceCell::new(),
            tokens: SingleFlightCache::new(CAPACITY),
            requests: Semaphore::new(MAX_CONCURRENT_REQUESTS),
            clock,
        })
    }

    /// Creates a trust with the token of the trustor. Returns its id.
    ///
    /// # Errors
    ///
    /// Keystone rejects it, or cannot be reached.
    pub async fn create(&self, trust: &TrustRequest<'_>) -> Result<String, TrustNotMade> {
        let mut trust = *trust;
        for _ in 0..MAX_ATTEMPTS {
            let created = tokio::time::timeout(self.timeout(), self.try_create(&trust)).await;
            match created {
                Ok(Ok(Some(id))) => return Ok(id),
                // Keystone rejects a trust that is identical to an existing one.
                Ok(Ok(None)) => {
                    trust.expires = Timestamp::from_millis(trust.expires.as_millis().saturating_add(1));
                }
                Ok(Err(refusal)) => return Err(refusal),
                Err(_) => break,
            }
        }
        Err(TrustNotMade::Unavailable("Keystone did not respond in time".to_owned()))
    }

    /// `None`: an identical trust exists.
    async fn try_create(&self, trust: &TrustRequest<'_>) -> Result<Option<String>, TrustNotMade> {
        let unavailable = |error: KeystoneError| TrustNotMade::Unavailable(error.to_string());
        let Ok(mut token) = HeaderValue::from_str(trust.token.expose()) else {
            return Err(TrustNotMade::Refused("The token is not valid.".to_owned()));
        };
        token.set_sensitive(true);
        let trustee = self.trustee.get_or_try_init(|| self.find_trustee()).await.map_err(unavailable)?;
        let roles: Vec<_> = trust.roles.iter().map(|role| json!({ "name": role })).collect();
        // Later than the calendar allows: the trust does not expire.
        let expires = Expiry::after(trust.expires, 0).map(|expiry| {
            let milliseconds = trust.expires.as_millis() % 1000;
            format!("{}.{milliseconds:03}000Z", expiry.text())
        });
        let document = json!({ "trust": {
            "trustor_user_id": trust.user,
            "trustee_user_id": trustee,
            "project_id": trust.project.as_str(),
            "impersonation": true,
            "roles": roles,
            "expires_at": expires,
        } });
        let request = self.http.post(format!("{}/OS-TRUST/trusts", self.auth_url), &document);
        let answer = self.http.send(request.header(AUTH_TOKEN, token)).await;
        let (status, _, body) = answer.map_err(|error| unavailable(error.into()))?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        match status.as_u16() {
            201 => {
                let id = body["trust"]["id"].as_str().map(str::to_owned);
                id.map(Some)
                    .ok_or_else(|| TrustNotMade::Unavailable("its response has no trust id".to_owned()))
            }
            409 => Ok(None),
            408 | 429 => Err(TrustNotMade::Unavailable(format!("it returned {status}"))),
            400..500 => {
                let reason = body["error"]["message"].as_str().unwrap_or("It gives no reason.");
                Err(TrustNotMade::Refused(reason.chars().take(MAX_REASON_CHARS).collect()))
            }
            _ => Err(TrustNotMade::Unavailable(format!("it returned {status}"))),
        }
    }

    async fn find_trustee(&self) -> Result<String, KeystoneError> {
        let own = self.http.issue_token(&self.auth_url, &self.login(Scope::Unscoped), None).await?;
        let unreadable = |reason| KeystoneError::Unreadable { what: "the service's login", reason };
        let user = Token::read(&own.document, None).map_err(unreadable)?.identity.user;
        user.ok_or_else(|| unreadable("no user".to_owned()))
    }

    /// A token for a trust. It is cached until shortly before its expiry.
    ///
    /// # Errors
    ///
    /// The trust no longer exists, or Keystone cannot be reached.
    pub async fn token(&self, trust: &str) -> Result<Arc<TrustedToken>, NoTrustedToken> {
        if trust.len() > MAX_ID_LENGTH {
            return Err(NoTrustedToken::Gone);
        }
        let fetch = async {
            let now = self.clock.now();
            match Box::pin(self.issue_token_for(trust)).await {
                Ok((token, expires)) => (Ok(Arc::new(token)), renewal_time(now, expires)),
                Err(error @ NoTrustedToken::Gone) => (Err(error), now.plus_secs(GONE_TTL)),
                Err(error @ NoTrustedToken::Unavailable) => {
                    (Err(error), self.clock.now().plus_secs(UNAVAILABLE_TTL))
                }
            }
        };
        self.tokens.get_or_fetch(trust.to_owned(), &*self.clock, fetch).await
    }

    /// Discards a token that was rejected, unless there is a newer one.
    pub fn forget(&self, trust: &str, refused: &Arc<TrustedToken>) {
        let is_it =
            |cached: &Result<Arc<_>, _>| cached.as_ref().is_ok_and(|token| Arc::ptr_eq(token, refused));
        self.tokens.invalidate(&trust.to_owned(), is_it);
    }

    async fn issue_token_for(&self, trust: &str) -> Result<(TrustedToken, Timestamp), NoTrustedToken> {
        let login = self.login(Scope::Trust(trust.to_owned()));
        let issued = async {
            // The semaphore is never closed.
            let _permit = self.requests.acquire().await;
            self.http.issue_token(&self.auth_url, &login, None).await
        };
        let error = match tokio::time::timeout(self.timeout(), issued).await {
            Ok(Ok(given)) => {
                let project = Token::read(&given.document, None).ok().and_then(|token| token.project);
                let catalog_hosts = catalog_hosts(&given.document);
                return Ok((TrustedToken { text: given.token, project, catalog_hosts }, given.expires));
            }
            Ok(Err(error)) if self.is_trust_error(&error).await => return Err(NoTrustedToken::Gone),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "Keystone did not respond in time".to_owned(),
        };
        tracing::warn!(error, "cannot get a token for a trust from Keystone");
        Err(NoTrustedToken::Unavailable)
    }

    /// Keystone returns 401 for an expired trust, and also for a wrong password of the service itself. The latter is
    /// not an error of the trust.
    async fn is_trust_error(&self, error: &KeystoneError) -> bool {
        match error {
            KeystoneError::Status { status: StatusCode::NOT_FOUND | StatusCode::FORBIDDEN, .. } => true,
            KeystoneError::Status { status: StatusCode::UNAUTHORIZED, .. } => {
                let login = self.login(Scope::Unscoped);
                let issued = self.http.issue_token(&self.auth_url, &login, None);
                tokio::time::timeout(self.timeout(), issued).await.is_ok_and(|outcome| outcome.is_ok())
            }
            _ => false,
        }
    }

    fn login(&self, scope: Scope) -> Login {
        let TrusteeOptions { user, password, .. } = &self.options;
        Login::Password { user: user.clone(), password: password.clone(), scope }
    }

    /// Maximum duration of a request for a token.
    pub fn max_duration(&self) -> Duration {
        self.timeout() * 2
    }

    /// The timeout for a login and a request together.
    fn timeout(&self) -> Duration {
        self.options.connection.timeout * 2
    }
}

#[cfg(test)]
#[path = "trusts_tests.rs"]
mod tests;
