//! Trusts (Keystone's OS-TRUST): a user lends this service some of their rights in a project, for deliveries to services
//! that want a token.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use tokio::sync::{OnceCell, Semaphore};
use zaqar_model::{Clock, Timestamp, TrustWish};

use super::answers::Answers;
use super::client::{AUTH_TOKEN, Failure};
use super::http::{Http, SetupError, versioned};
use super::login::{Login, Reference, Scope};
use super::options::Connection;
use super::own_token::renewal;
use super::token::{Token, catalog_hosts};
use crate::expiry::Expiry;

/// Tokens of so many trusts are kept.
const KEPT: usize = 10_000;
/// Seconds for which nobody asks again about a trust that is gone.
const GONE_FOR: u64 = 5;
/// Seconds for which nobody asks again after Keystone could not be asked.
const UNAVAILABLE_FOR: u64 = 1;
/// So many requests to Keystone are under way at once. Others wait.
const REQUESTS_AT_ONCE: usize = 32;
/// So often a trust is asked for that differs from others in its end only.
const TRIES: usize = 20;
/// No id of a trust is longer.
const LONGEST_ID: usize = 255;
/// The most characters that are kept of Keystone's reasons.
const LONGEST_REASON: usize = 300;

/// What can be set about trusts: `[trustee]`.
#[derive(Clone, Debug)]
pub struct TrusteeOptions {
    /// With or without `/v3` at its end.
    pub auth_url: String,
    /// To whom rights are lent: the service's own user. A trust cannot be used with an application credential.
    pub user: Reference,
    pub password: String,
    pub connection: Connection,
}

/// Makes trusts, and gets tokens by them.
pub struct Trusts {
    options: TrusteeOptions,
    http: Http,
    /// With `/v3`.
    auth_url: String,
    /// The id of the service's own user, once it is known.
    trustee: OnceCell<String>,
    tokens: Answers<String, Result<Arc<TrustedToken>, NoTrustedToken>>,
    requests: Semaphore,
    clock: Arc<dyn Clock>,
}

/// A token with somebody else's rights.
#[derive(Debug)]
pub struct TrustedToken {
    /// Marked as sensitive: it shows itself to nobody.
    pub text: HeaderValue,
    /// The project that the rights are in.
    pub project: Option<String>,
    /// The hosts in the catalog that came with it.
    pub catalog_hosts: Vec<String>,
}

/// Why there is no trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustNotMade {
    /// In Keystone's words, which are for the one who asked.
    #[error("{0}")]
    Refused(String),
    #[error("Keystone cannot make a trust: {0}")]
    Unavailable(String),
}

/// Why there is no token by a trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTrustedToken {
    #[error("Keystone gives no token by this trust: it has ended, or is not for this service")]
    Gone,
    #[error("Keystone cannot be asked for a token")]
    Unavailable,
}

/// Secrets are nobody's business.
impl std::fmt::Debug for Trusts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trusts").field("auth_url", &self.auth_url).finish_non_exhaustive()
    }
}

impl Trusts {
    /// Asks nothing yet: a service may start before Keystone does.
    ///
    /// # Errors
    ///
    /// A file of certificates that cannot be used.
    pub fn new(options: TrusteeOptions, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self {
            http: Http::new(&options.connection, options.auth_url.starts_with("http://"))?,
            auth_url: versioned(&options.auth_url),
            options,
            trustee: OnceCell::new(),
            tokens: Answers::new(KEPT),
            requests: Semaphore::new(REQUESTS_AT_ONCE),
            clock,
        })
    }

    /// Makes a trust with the token of the one who lends; answers its id.
    ///
    /// # Errors
    ///
    /// Keystone refuses it, or cannot be asked.
    pub async fn make(&self, wish: &TrustWish<'_>) -> Result<String, TrustNotMade> {
        let mut wish = *wish;
        for _ in 0..TRIES {
            let made = tokio::time::timeout(self.patience(), self.ask_for_trust(&wish)).await;
            match made {
                Ok(Ok(Some(id))) => return Ok(id),
                // Keystone keeps no two trusts that are alike.
                Ok(Ok(None)) => {
                    wish.expires = Timestamp::from_millis(wish.expires.as_millis().saturating_add(1))
                }
                Ok(Err(refusal)) => return Err(refusal),
                Err(_) => break,
            }
        }
        Err(TrustNotMade::Unavailable("no answer in time".to_owned()))
    }

    /// `None`: there is one like it already.
    async fn ask_for_trust(&self, wish: &TrustWish<'_>) -> Result<Option<String>, TrustNotMade> {
        let unavailable = |failure: Failure| TrustNotMade::Unavailable(failure.to_string());
        let Ok(mut token) = HeaderValue::from_str(wish.token.expose()) else {
            return Err(TrustNotMade::Refused("The token is none.".to_owned()));
        };
        token.set_sensitive(true);
        let trustee = self.trustee.get_or_try_init(|| self.find_trustee()).await.map_err(unavailable)?;
        let roles: Vec<_> = wish.roles.iter().map(|role| json!({ "name": role })).collect();
        // Beyond the calendar: it does not end.
        let expires = Expiry::after(wish.expires, 0).map(|expiry| {
            let milliseconds = wish.expires.as_millis() % 1000;
            format!("{}.{milliseconds:03}000Z", expiry.text())
        });
        let document = json!({ "trust": {
            "trustor_user_id": wish.user,
            "trustee_user_id": trustee,
            "project_id": wish.project.as_str(),
            "impersonation": true,
            "roles": roles,
            "expires_at": expires,
        } });
        let request = self.http.post(format!("{}/OS-TRUST/trusts", self.auth_url), &document);
        let answer = self.http.send(request.header(AUTH_TOKEN, token)).await;
        let (status, _, body) = answer.map_err(|failure| unavailable(failure.into()))?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        match status.as_u16() {
            201 => {
                let id = body["trust"]["id"].as_str().map(str::to_owned);
                id.map(Some)
                    .ok_or_else(|| TrustNotMade::Unavailable("its answer has no id of a trust".to_owned()))
            }
            409 => Ok(None),
            408 | 429 => Err(TrustNotMade::Unavailable(format!("it answered {status}"))),
            400..500 => {
                let reason = body["error"]["message"].as_str().unwrap_or("It gives no reason.");
                Err(TrustNotMade::Refused(reason.chars().take(LONGEST_REASON).collect()))
            }
            _ => Err(TrustNotMade::Unavailable(format!("it answered {status}"))),
        }
    }

    async fn find_trustee(&self) -> Result<String, Failure> {
        let own = self.http.sign_in(&self.auth_url, &self.login(Scope::Unscoped), None).await?;
        let unreadable = |reason| Failure::Unreadable { what: "the service's login", reason };
        let user = Token::read(&own.document, None).map_err(unreadable)?.identity.user;
        user.ok_or_else(|| unreadable("no user".to_owned()))
    }

    /// A token by a trust. It is kept until shortly before its end.
    ///
    /// # Errors
    ///
    /// There is no such trust any more, or Keystone cannot be asked.
    pub async fn token(&self, trust: &str) -> Result<Arc<TrustedToken>, NoTrustedToken> {
        if trust.len() > LONGEST_ID {
            return Err(NoTrustedToken::Gone);
        }
        let ask = async {
            let now = self.clock.now();
            match Box::pin(self.ask_for_token(trust)).await {
                Ok((token, expires)) => (Ok(Arc::new(token)), renewal(now, expires)),
                Err(failure @ NoTrustedToken::Gone) => (Err(failure), now.plus_secs(GONE_FOR)),
                Err(failure @ NoTrustedToken::Unavailable) => {
                    (Err(failure), self.clock.now().plus_secs(UNAVAILABLE_FOR))
                }
            }
        };
        self.tokens.get_or_ask(trust.to_owned(), &*self.clock, ask).await
    }

    /// Forgets a token that was refused, unless there is a newer one.
    pub fn forget(&self, trust: &str, refused: &Arc<TrustedToken>) {
        let is_it = |kept: &Result<Arc<_>, _>| kept.as_ref().is_ok_and(|token| Arc::ptr_eq(token, refused));
        self.tokens.forget(&trust.to_owned(), is_it);
    }

    async fn ask_for_token(&self, trust: &str) -> Result<(TrustedToken, Timestamp), NoTrustedToken> {
        let login = self.login(Scope::Trust(trust.to_owned()));
        let asking = async {
            // Nobody closes it.
            let _permit = self.requests.acquire().await;
            self.http.sign_in(&self.auth_url, &login, None).await
        };
        let failure = match tokio::time::timeout(self.patience(), asking).await {
            Ok(Ok(given)) => {
                let project = Token::read(&given.document, None).ok().and_then(|token| token.project);
                let catalog_hosts = catalog_hosts(&given.document);
                return Ok((TrustedToken { text: given.token, project, catalog_hosts }, given.expires));
            }
            Ok(Err(failure)) if self.is_about_the_trust(&failure).await => return Err(NoTrustedToken::Gone),
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(failure, "Keystone cannot be asked for a token by a trust");
        Err(NoTrustedToken::Unavailable)
    }

    /// Keystone answers 401 to a trust that has ended, and also to a wrong password of the service's own. The latter is
    /// no fault of the trust.
    async fn is_about_the_trust(&self, failure: &Failure) -> bool {
        match failure {
            Failure::Status { status: StatusCode::NOT_FOUND | StatusCode::FORBIDDEN, .. } => true,
            Failure::Status { status: StatusCode::UNAUTHORIZED, .. } => {
                let login = self.login(Scope::Unscoped);
                let asking = self.http.sign_in(&self.auth_url, &login, None);
                tokio::time::timeout(self.patience(), asking).await.is_ok_and(|outcome| outcome.is_ok())
            }
            _ => false,
        }
    }

    fn login(&self, scope: Scope) -> Login {
        let TrusteeOptions { user, password, .. } = &self.options;
        Login::Password { user: user.clone(), password: password.clone(), scope }
    }

    /// No question to Keystone takes longer.
    pub fn longest_question(&self) -> Duration {
        self.patience() * 2
    }

    /// For a login and a request, each of which has its own time.
    fn patience(&self) -> Duration {
        self.options.connection.timeout * 2
    }
}

#[cfg(test)]
#[path = "trusts_tests.rs"]
mod tests;
