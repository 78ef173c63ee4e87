//! Tokens that Keystone vouches for, by the rules of OpenStack's keystonemiddleware.
//!
//! Here live what Keystone is asked (`client`, over `http`), who the service is to it (`login`, `sign_in`, `own_token`), what
//! it says of a token (`token`), for how long that is believed (`verdicts`, `answers`), what a token with access rules may be
//! used for (`access_rules`), and the rights that users lend to the service (`trusts`).

mod access_rules;
mod answers;
mod client;
mod http;
mod login;
mod options;
mod own_token;
mod sign_in;
#[cfg(test)]
mod stand_in;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
mod token;
mod trusts;
mod verdicts;

use std::sync::Arc;

use client::{Client, Identity};
use own_token::OwnToken;
use reqwest::header::HeaderValue;
use tokio::sync::Semaphore;
use verdicts::{Question, Verdict, Verdicts};
use zaqar_model::Clock;

pub use http::SetupError;
pub use login::{DomainReference, Login, Reference, Scope};
pub use options::{Connection, KeystoneOptions};
pub use own_token::OwnEndpoints;
pub use token::Token;
pub use trusts::{NoTrustedToken, TrustNotMade, TrustedToken, TrusteeOptions, Trusts};

/// So many requests to Keystone are under way at once. Others wait.
const REQUESTS_AT_ONCE: usize = 32;

/// Knows which tokens are good.
#[derive(Debug)]
pub struct Keystone {
    options: KeystoneOptions,
    client: Client,
    own_token: OwnToken,
    verdicts: Verdicts,
    requests: Semaphore,
    clock: Arc<dyn Clock>,
}

/// What a request says of the one who makes it.
#[derive(Clone, Copy, Debug)]
pub struct AskedWith<'a> {
    /// `X-Auth-Token`.
    pub token: Option<&'a str>,
    /// `X-Service-Token`: that of a service which passes a caller's request on.
    pub service_token: Option<&'a str>,
    pub method: &'a str,
    pub path: &'a str,
    /// Keystone is told the id of the request that it is asked for.
    pub request_id: &'a str,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("The request you have made requires authentication.")]
    Unauthorized,
    #[error("The Keystone service is temporarily unavailable.")]
    Unavailable,
}

impl Keystone {
    /// Asks nothing yet: a service may start before Keystone does.
    ///
    /// # Errors
    ///
    /// A file of certificates that cannot be used.
    pub fn new(options: KeystoneOptions, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self {
            client: Client::new(&options)?,
            own_token: OwnToken::default(),
            verdicts: Verdicts::new(options.token_cache_time),
            requests: Semaphore::new(REQUESTS_AT_ONCE),
            options,
            clock,
        })
    }

    /// Where a caller gets a token: the value of `WWW-Authenticate`.
    pub fn challenge(&self) -> String {
        let uri = self.options.www_authenticate_uri.as_ref().unwrap_or(&self.options.auth_url);
        format!("Keystone uri=\"{uri}\"")
    }

    /// Who is asking. `None`: somebody unknown, who is let through because `delay_auth_decision` says so.
    ///
    /// # Errors
    ///
    /// The token is not good, or Keystone cannot tell.
    pub async fn caller(&self, asked: &AskedWith<'_>) -> Result<Option<Arc<Token>>, Denied> {
        let service = match asked.service_token.filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => Some(self.service(token, asked).await?),
        };
        let by_service = service == Some(Service::HasRole);
        let user = match asked.token.map(str::trim).filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => self.token(token, by_service, asked).await?,
        };
        let known_service = matches!(service, Some(Service::HasRole | Service::WithoutRole));
        let user = user.filter(|token| known_service || self.rules_allow(token, asked));
        if user.is_none() || service == Some(Service::Unknown) {
            tracing::debug!(request_id = asked.request_id, "a request without a valid token");
            if !self.options.delay_auth_decision {
                return Err(Denied::Unauthorized);
            }
        }
        Ok(user)
    }

    /// Where the public reaches this service, by the catalog that its own login brings: upstream's names are `zaqar` and
    /// `zaqar-websocket`. Asked for again with each new token. What is not there is `None`; so is all
    /// of it when Keystone cannot be asked now.
    pub async fn own_endpoints(&self) -> Option<OwnEndpoints> {
        if self.options.login.is_none() {
            return Some(OwnEndpoints::default());
        }
        let own = self.own_token.get(&self.client, &*self.clock, None);
        match tokio::time::timeout(self.options.connection.timeout, own).await {
            Ok(Ok(own)) => Some(own.own_endpoints.clone()),
            Ok(Err(failure)) => {
                tracing::warn!(%failure, "Keystone's catalog cannot be read");
                None
            }
            Err(_) => None,
        }
    }

    async fn service(&self, token: &str, asked: &AskedWith<'_>) -> Result<Service, Denied> {
        let token = self.token(token.trim(), false, asked).await?;
        let has_role =
            |token: &Token| token.roles.iter().any(|role| self.options.service_token_roles.contains(role));
        Ok(match token {
            Some(token) if has_role(&token) => Service::HasRole,
            Some(_) if !self.options.service_token_roles_required => Service::WithoutRole,
            _ => Service::Unknown,
        })
    }

    /// What is known of a token that is good now. `even_expired`: for a service that passes on what has taken long.
    async fn token(
        &self,
        token: &str,
        even_expired: bool,
        asked: &AskedWith<'_>,
    ) -> Result<Option<Arc<Token>>, Denied> {
        let question = Question::new(token, even_expired);
        // Seldom needed, and large: every request would be.
        let ask = async { Box::pin(self.ask(token, even_expired, asked.request_id)).await };
        match self.verdicts.get_or_ask(question, &*self.clock, ask).await {
            Verdict::Good(token) => Ok((even_expired || self.clock.now() < token.expires).then_some(token)),
            Verdict::Bad => Ok(None),
            Verdict::Unavailable if self.options.delay_auth_decision => Ok(None),
            Verdict::Unavailable => Err(Denied::Unavailable),
        }
    }

    async fn ask(&self, token: &str, even_expired: bool, request_id: &str) -> Verdict {
        let Ok(mut token) = HeaderValue::from_str(token) else { return Verdict::Bad };
        token.set_sensitive(true);
        let asking = async {
            // Nobody closes it.
            let _permit = self.requests.acquire().await;
            self.ask_keystone(&token, even_expired, request_id).await
        };
        // A login and a question, each of which has its own time.
        let patience = self.options.connection.timeout * 2;
        let failure = match tokio::time::timeout(patience, asking).await {
            Ok(Ok(verdict)) => return verdict,
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => format!("no answer in {} seconds", patience.as_secs_f64()),
        };
        tracing::warn!(request_id, failure, "Keystone cannot be asked about a token");
        Verdict::Unavailable
    }

    async fn ask_keystone(
        &self,
        token: &HeaderValue,
        even_expired: bool,
        request_id: &str,
    ) -> Result<Verdict, client::Failure> {
        let mut refused_before = false;
        loop {
            let own = self.own_token.get(&self.client, &*self.clock, Some(request_id)).await?;
            return match self.client.identify(&own, token, even_expired, request_id).await? {
                Identity::Known(token) => Ok(Verdict::Good(token)),
                Identity::Unknown => Ok(Verdict::Bad),
                // Ours may have been revoked, or Keystone's keys have changed: once more, with a new one.
                Identity::OwnTokenRefused if !refused_before => {
                    refused_before = true;
                    self.own_token.discard(&own);
                    continue;
                }
                Identity::OwnTokenRefused => Err(client::Failure::Refused),
            };
        }
    }

    /// Whether what restricts the token allows this request.
    fn rules_allow(&self, token: &Token, asked: &AskedWith<'_>) -> bool {
        let Some(rules) = &token.access_rules else { return true };
        let Some(service_type) = &self.options.service_type else {
            tracing::warn!(
                request_id = asked.request_id,
                "a token with access rules is refused: [keystone_authtoken] service_type is not set"
            );
            return false;
        };
        token.is_for_service && rules.iter().any(|rule| rule.allows(service_type, asked.method, asked.path))
    }
}

/// What is to be thought of a service that passes a request on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    HasRole,
    /// Its token is good, and no role is required.
    WithoutRole,
    Unknown,
}
