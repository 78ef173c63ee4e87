//! Authentication by Keystone, by the rules of OpenStack's keystonemiddleware.
//!
//! Here live the client (`client`, over `http`), the service's own credentials and token (`login`, `issue_token`,
//! `own_token`, `own_token_cache`), validated tokens and their cache (`token`, `token_cache`, `single_flight`),
//! access rules (`access_rules`), and trusts (`trusts`).

mod access_rules;
mod client;
mod error;
#[cfg(test)]
mod fake_keystone;
mod http;
mod issue_token;
mod login;
mod options;
mod own_token;
mod own_token_cache;
mod single_flight;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
mod token;
mod token_cache;
mod trusts;

use std::sync::Arc;

use client::{Client, Validation};
use error::KeystoneError;
use own_token_cache::OwnTokenCache;
use reqwest::header::HeaderValue;
use token_cache::{TokenCache, TokenKey, TokenStatus};
use tokio::sync::Semaphore;
use zaqar_model::Clock;

pub use http::SetupError;
pub use login::{DomainReference, Login, Reference, Scope};
pub use options::{Connection, KeystoneOptions};
pub use own_token::OwnEndpoints;
pub use token::Token;
pub use trusts::{NoTrustedToken, TrustNotMade, TrustedToken, TrusteeOptions, Trusts};

/// Maximum number of concurrent requests to Keystone. Others wait.
const MAX_CONCURRENT_REQUESTS: usize = 32;

/// Validates tokens with Keystone.
#[derive(Debug)]
pub struct Keystone {
    options: KeystoneOptions,
    client: Client,
    own_token: OwnTokenCache,
    token_cache: TokenCache,
    requests: Semaphore,
    clock: Arc<dyn Clock>,
}

/// The parts of a request that authentication needs.
#[derive(Clone, Copy, Debug)]
pub struct AuthRequest<'a> {
    /// `X-Auth-Token`.
    pub token: Option<&'a str>,
    /// `X-Service-Token`: the token of a service that forwards a caller's request.
    pub service_token: Option<&'a str>,
    pub method: &'a str,
    pub path: &'a str,
    /// The request id, which is sent to Keystone.
    pub request_id: &'a str,
}

/// Why a request is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("The request you have made requires authentication.")]
    Unauthorized,
    #[error("The Keystone service is temporarily unavailable.")]
    Unavailable,
}

impl Keystone {
    /// Does not connect yet, so that the service may start before Keystone.
    ///
    /// # Errors
    ///
    /// A certificate file cannot be used.
    pub fn new(options: KeystoneOptions, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self {
            client: Client::new(&options)?,
            own_token: OwnTokenCache::default(),
            token_cache: TokenCache::new(options.token_cache_time),
            requests: Semaphore::new(MAX_CONCURRENT_REQUESTS),
            options,
            clock,
        })
    }

    /// The value of `WWW-Authenticate`.
    pub fn challenge(&self) -> String {
        let uri = self.options.www_authenticate_uri.as_ref().unwrap_or(&self.options.auth_url);
        format!("Keystone uri=\"{uri}\"")
    }

    /// Authenticates a request. `None`: an anonymous caller, whom `delay_auth_decision` allows.
    ///
    /// # Errors
    ///
    /// The token is not valid, or Keystone cannot be reached.
    pub async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Option<Arc<Token>>, Denied> {
        let service = match request.service_token.filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => Some(self.service(token, request).await?),
        };
        let by_service = service == Some(ServiceTokenStatus::HasRole);
        let user = match request.token.map(str::trim).filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => self.token(token, by_service, request).await?,
        };
        let known_service =
            matches!(service, Some(ServiceTokenStatus::HasRole | ServiceTokenStatus::WithoutRole));
        let user = user.filter(|token| known_service || self.rules_allow(token, request));
        if user.is_none() || service == Some(ServiceTokenStatus::Invalid) {
            tracing::debug!(request_id = request.request_id, "request without a valid token");
            if !self.options.delay_auth_decision {
                return Err(Denied::Unauthorized);
            }
        }
        Ok(user)
    }

    /// The public endpoints of this service in Keystone's catalog, under upstream's names `zaqar` and
    /// `zaqar-websocket`. They are read again with each new token of the service. `None` if Keystone cannot be
    /// reached.
    pub async fn own_endpoints(&self) -> Option<OwnEndpoints> {
        if self.options.login.is_none() {
            return Some(OwnEndpoints::default());
        }
        let own = self.own_token.get(&self.client, &*self.clock, None);
        match tokio::time::timeout(self.options.connection.timeout, own).await {
            Ok(Ok(own)) => Some(own.own_endpoints.clone()),
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot read Keystone's catalog");
                None
            }
            Err(_) => None,
        }
    }

    async fn service(&self, token: &str, request: &AuthRequest<'_>) -> Result<ServiceTokenStatus, Denied> {
        let token = self.token(token.trim(), false, request).await?;
        let has_role =
            |token: &Token| token.roles.iter().any(|role| self.options.service_token_roles.contains(role));
        Ok(match token {
            Some(token) if has_role(&token) => ServiceTokenStatus::HasRole,
            Some(_) if !self.options.service_token_roles_required => ServiceTokenStatus::WithoutRole,
            _ => ServiceTokenStatus::Invalid,
        })
    }

    /// The token, if it is valid now. `allow_expired`: for a service that forwards a request that has taken long.
    async fn token(
        &self,
        token: &str,
        allow_expired: bool,
        request: &AuthRequest<'_>,
    ) -> Result<Option<Arc<Token>>, Denied> {
        let key = TokenKey::new(token, allow_expired);
        // Boxed: it is rarely needed, and would make the future of every request large.
        let validate = async { Box::pin(self.validate(token, allow_expired, request.request_id)).await };
        match self.token_cache.get_or_validate(key, &*self.clock, validate).await {
            TokenStatus::Valid(token) => {
                Ok((allow_expired || self.clock.now() < token.expires).then_some(token))
            }
            TokenStatus::Invalid => Ok(None),
            TokenStatus::Unavailable if self.options.delay_auth_decision => Ok(None),
            TokenStatus::Unavailable => Err(Denied::Unavailable),
        }
    }

    async fn validate(&self, token: &str, allow_expired: bool, request_id: &str) -> TokenStatus {
        let Ok(mut token) = HeaderValue::from_str(token) else { return TokenStatus::Invalid };
        token.set_sensitive(true);
        let validation = async {
            // The semaphore is never closed.
            let _permit = self.requests.acquire().await;
            self.validate_with_keystone(&token, allow_expired, request_id).await
        };
        // The timeout for a login and a validation together.
        let timeout = self.options.connection.timeout * 2;
        let error = match tokio::time::timeout(timeout, validation).await {
            Ok(Ok(status)) => return status,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("Keystone did not respond in {} seconds", timeout.as_secs_f64()),
        };
        tracing::warn!(request_id, error, "cannot validate a token with Keystone");
        TokenStatus::Unavailable
    }

    async fn validate_with_keystone(
        &self,
        token: &HeaderValue,
        allow_expired: bool,
        request_id: &str,
    ) -> Result<TokenStatus, KeystoneError> {
        let mut rejected_before = false;
        loop {
            let own = self.own_token.get(&self.client, &*self.clock, Some(request_id)).await?;
            return match self.client.validate(&own, token, allow_expired, request_id).await? {
                Validation::Valid(token) => Ok(TokenStatus::Valid(token)),
                Validation::Invalid => Ok(TokenStatus::Invalid),
                // The own token may have been revoked, or Keystone's keys may have changed: retry with a new token.
                Validation::OwnTokenRejected if !rejected_before => {
                    rejected_before = true;
                    self.own_token.discard(&own);
                    continue;
                }
                Validation::OwnTokenRejected => Err(KeystoneError::OwnTokenRejected),
            };
        }
    }

    /// Whether the access rules of the token allow this request.
    fn rules_allow(&self, token: &Token, request: &AuthRequest<'_>) -> bool {
        let Some(rules) = &token.access_rules else { return true };
        let Some(service_type) = &self.options.service_type else {
            tracing::warn!(
                request_id = request.request_id,
                "rejected a token with access rules: [keystone_authtoken] service_type is not set"
            );
            return false;
        };
        token.catalog_has_service
            && rules.iter().any(|rule| rule.allows(service_type, request.method, request.path))
    }
}

/// The status of `X-Service-Token`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServiceTokenStatus {
    HasRole,
    /// The token is valid, and no role is required.
    WithoutRole,
    Invalid,
}
