//! Webhooks with a token: for subscribers that are services of the same cloud (`trust+http`, `trust+https`).

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;
use zaqar_authentication::{NoTrustedToken, TrustedToken, Trusts};
use zaqar_domain::names::option::TRUST_ID;
use zaqar_model::{Metadata, ProjectId};

use crate::notice::{Answer, Notice, Sender};
use crate::retry::Verdict;
use crate::webhook::WebhookSender;

const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// What stands before the URL that is posted to.
const PREFIX: &str = "trust+";

/// Sends webhooks with a token of whoever made the subscription.
#[derive(Debug)]
pub struct TrustSender {
    webhooks: WebhookSender,
    /// `None`: nobody can lend rights to this service.
    trusts: Option<Arc<Trusts>>,
    /// Hosts that get a token without TLS, in lower case.
    http_hosts: Vec<String>,
}

/// Why a token is not sent. The texts are for the tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("the service is not set up for trusts: its operator has to set [trustee]")]
    NoTrustee,
    #[error("the subscriber is no trust+http: or trust+https: URI")]
    NoUrl,
    #[error("the subscription has no trust_id in its options")]
    NoTrust,
    #[error("trust_id must be the id of a trust")]
    NoId,
    #[error("the trust is for another project than the subscription's")]
    ForeignTrust,
    #[error(
        "no token is sent to {0}: without TLS only services in Keystone's catalog get one, and hosts that the operator names"
    )]
    Exposed(String),
}

impl TrustSender {
    /// `http_hosts`: get a token without TLS, beside those in Keystone's catalog.
    pub fn new(webhooks: WebhookSender, trusts: Option<Arc<Trusts>>, http_hosts: &[String]) -> Self {
        let http_hosts = http_hosts.iter().map(|host| host.to_lowercase()).collect();
        Self { webhooks, trusts, http_hosts }
    }

    /// No attempt takes longer: two tokens, two posts.
    pub fn longest_attempt(&self) -> Duration {
        let asking = self.trusts.as_ref().map_or(Duration::ZERO, |trusts| trusts.max_duration());
        (asking + self.webhooks.longest_attempt()) * 2
    }

    async fn try_send(&self, notice: &Notice) -> Result<Answer, Refusal> {
        let trusts = self.trusts.as_ref().ok_or(Refusal::NoTrustee)?;
        let url = url(&notice.subscriber)?;
        let trust = trust(&notice.options)?.ok_or(Refusal::NoTrust)?;
        let token = match trusts.token(trust).await {
            Ok(token) => token,
            Err(error) => return Ok(without_token(error)),
        };
        let answer = self.post(notice, &url, &token).await?;
        if answer.status != Some(401) {
            return Ok(answer);
        }
        // A token that was kept may be good no longer, Keystone's keys having changed for instance: once more, with a new one.
        trusts.forget(trust, &token);
        match trusts.token(trust).await {
            Ok(token) => self.post(notice, &url, &token).await,
            Err(error) => Ok(without_token(error)),
        }
    }

    async fn post(&self, notice: &Notice, url: &Url, token: &TrustedToken) -> Result<Answer, Refusal> {
        check(url, token, &notice.project, &self.http_hosts)?;
        let headers = HeaderMap::from_iter([(AUTH_TOKEN, token.text.clone())]);
        let answer = self.webhooks.post(notice, url.as_str(), headers).await;
        Ok(match answer.status {
            // Whoever reads attempts might find the token in it.
            Some(_) => {
                Answer { excerpt: "the answer is not shown: it may hold the token".to_owned(), ..answer }
            }
            None => answer,
        })
    }
}

#[async_trait::async_trait]
impl Sender for TrustSender {
    async fn send(&self, notice: &Notice) -> Answer {
        match self.try_send(notice).await {
            Ok(answer) => answer,
            Err(refusal) => Answer {
                verdict: Verdict::Refused,
                status: None,
                excerpt: refusal.to_string(),
                retry_after: None,
            },
        }
    }

    /// A subscription that names no trust gets one when it is made.
    fn check(&self, subscriber: &str, options: &Metadata) -> Result<(), String> {
        let url = url(subscriber).and_then(|url| trust(options).map(|_| url));
        let url = url.map_err(|refusal| refusal.to_string())?;
        let token = HeaderMap::from_iter([(AUTH_TOKEN, HeaderValue::from_static(""))]);
        self.webhooks.check_request(url.as_str(), options, token)
    }
}

/// The id of the trust that the options name.
fn trust(options: &Metadata) -> Result<Option<&str>, Refusal> {
    match options.get(TRUST_ID) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => Ok(Some(id)),
        Some(_) => Err(Refusal::NoId),
    }
}

/// Whether whoever is behind this URL may have the token.
fn check(url: &Url, token: &TrustedToken, project: &ProjectId, http_hosts: &[String]) -> Result<(), Refusal> {
    // Else one who learns the id of a trust could use it from any project.
    if token.project.as_deref() != Some(project.as_str()) {
        return Err(Refusal::ForeignTrust);
    }
    let host = url.host_str().unwrap_or_default();
    let is_known = |hosts: &[String]| hosts.iter().any(|known| known == host);
    if url.scheme() == "https" || is_known(http_hosts) || is_known(&token.catalog_hosts) {
        Ok(())
    } else {
        Err(Refusal::Exposed(host.to_owned()))
    }
}

/// The URL that is posted to.
fn url(subscriber: &str) -> Result<Url, Refusal> {
    let subscriber = subscriber.trim_start_matches(|c| c <= ' ');
    let prefix = subscriber.get(..PREFIX.len()).filter(|prefix| prefix.eq_ignore_ascii_case(PREFIX));
    let rest = prefix.and_then(|_| subscriber.get(PREFIX.len()..)).ok_or(Refusal::NoUrl)?;
    let url = Url::parse(rest).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or(Refusal::NoUrl)
}

fn without_token(error: NoTrustedToken) -> Answer {
    let verdict = match error {
        NoTrustedToken::Gone => Verdict::Refused,
        NoTrustedToken::Unavailable => Verdict::NotMade,
    };
    Answer { verdict, status: None, excerpt: error.to_string(), retry_after: None }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use zaqar_authentication::TrustedToken;
    use zaqar_model::ProjectId;

    use super::{Refusal, check, url};

    #[test]
    fn without_tls_a_token_is_for_known_hosts_only() {
        let token = TrustedToken {
            text: HeaderValue::from_static("secret"),
            project: Some("shop".to_owned()),
            catalog_hosts: vec!["mistral".to_owned()],
        };
        let exposed = |host: &str| Err(Refusal::Exposed(host.to_owned()));
        for (project, subscriber, outcome) in [
            ("shop", "trust+https://anywhere.example.org/", Ok(())),
            ("shop", "trust+http://mistral:8989/v2", Ok(())),
            ("shop", "trust+http://MISTRAL/", Ok(())),
            ("shop", "trust+http://user@named.example.org/", Ok(())),
            ("shop", "trust+http://mistral@evil.example.org/", exposed("evil.example.org")),
            ("shop", "trust+http://evil.example.org/mistral", exposed("evil.example.org")),
            ("shop", "trust+http://evil.mistral/", exposed("evil.mistral")),
            ("other", "trust+https://mistral/", Err(Refusal::ForeignTrust)),
        ] {
            let hosts = ["named.example.org".to_owned()];
            let project = ProjectId::new(project).unwrap();
            assert_eq!(check(&url(subscriber).unwrap(), &token, &project, &hosts), outcome, "{subscriber}");
        }
    }

    #[test]
    fn the_prefix_is_not_part_of_the_url() {
        for (subscriber, expected) in [
            ("trust+http://mistral:8989/v2?a=1", "http://mistral:8989/v2?a=1"),
            (" TRUST+https://Mistral", "https://mistral/"),
        ] {
            assert_eq!(url(subscriber).unwrap().as_str(), expected);
        }
        for subscriber in ["http://mistral", "trust+ftp://mistral", "trust+", "trüst+http://mistral", ""] {
            assert_eq!(url(subscriber), Err(Refusal::NoUrl), "{subscriber}");
        }
    }
}
