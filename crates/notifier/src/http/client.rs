//! Posts to an endpoint, once.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONNECTION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Response, Url};
use tokio::time::Instant;

use super::failure::HttpFailure;
use super::kept::KeptHosts;
use super::names::{GuardedNames, LookUp};
use crate::guard::AddressGuard;

/// So much of an answer is read: a connection whose answer is longer is closed, not kept.
const MOST_READ: usize = 16 << 10;
/// So much of an answer is shown.
const MOST_SHOWN: usize = 512;
/// How long a connection is kept that nothing is sent on.
const KEPT_IDLE: Duration = Duration::from_secs(15);
/// So many of them to one host.
const MOST_IDLE: usize = 32;

#[derive(Clone, Debug)]
pub struct HttpOptions {
    pub guard: AddressGuard,
    /// For a connection, TLS included.
    pub connect_timeout: Duration,
    /// From then on until the head of the answer.
    pub answer_timeout: Duration,
    /// For the rest of the answer.
    pub body_timeout: Duration,
}

/// A client that connects only where its guard allows it, by HTTP/1.1 or HTTP/2, keeps its connections within bounds, and
/// follows no redirects. It asks no proxy: the guard could not tell where one connects to.
#[derive(Clone, Debug)]
pub struct HttpClient {
    /// For the hosts that connections are kept to.
    keeping: reqwest::Client,
    /// For the others.
    closing: reqwest::Client,
    kept: Arc<KeptHosts>,
    guard: Arc<AddressGuard>,
    until_head: Duration,
    body_timeout: Duration,
}

/// What an endpoint answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    pub status: u16,
    pub retry_after: Option<String>,
    /// The first bytes of the body.
    pub excerpt: String,
}

impl HttpClient {
    pub fn new(options: &HttpOptions, names: Arc<dyn LookUp>) -> Result<Self, reqwest::Error> {
        // It stays as it is where the process has chosen one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Arc::new(options.guard.clone());
        let names = Arc::new(GuardedNames { names, guard: Arc::clone(&guard) });
        let builder = || -> ClientBuilder {
            reqwest::Client::builder()
                .user_agent(concat!("zaqar/", env!("CARGO_PKG_VERSION")))
                .no_proxy()
                .redirect(Policy::none())
                .referer(false)
                .dns_resolver(Arc::clone(&names))
                .connect_timeout(options.connect_timeout)
                .pool_idle_timeout(KEPT_IDLE)
                .pool_max_idle_per_host(MOST_IDLE)
        };
        let close = HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("close"))]);
        let closing = || builder().pool_max_idle_per_host(0).default_headers(close.clone());
        let until_head = options.connect_timeout + options.answer_timeout;
        // The pool looks for connections that were idle for too long no more often than that.
        let longest = until_head + options.body_timeout + 2 * KEPT_IDLE;
        Ok(Self {
            keeping: build(builder)?,
            closing: build(closing)?,
            kept: Arc::new(KeptHosts::new(longest)),
            guard,
            until_head,
            body_timeout: options.body_timeout,
        })
    }

    /// No attempt takes longer.
    pub fn longest_attempt(&self) -> Duration {
        self.until_head + self.body_timeout
    }

    pub async fn post(&self, url: &str, headers: HeaderMap, body: Bytes) -> Result<HttpAnswer, HttpFailure> {
        let url = Url::parse(url).map_err(|error| HttpFailure::BadUrl(error.to_string()))?;
        // An address in the place of a name is not looked up.
        if let Some(address) = literal_address(&url) {
            self.guard.check(address)?;
        }
        let host = url.origin().ascii_serialization();
        let is_kept = self.kept.holds(&host, Instant::now());
        let http = if is_kept { &self.keeping } else { &self.closing };
        let request = http.post(url).headers(headers).body(body).send();
        let answer = tokio::time::timeout(self.until_head, request).await;
        let answer = answer.map_err(|_| HttpFailure::NoAnswer(self.until_head.as_secs()))?;
        let mut answer = answer.map_err(|error| HttpFailure::of(&error))?;
        if !is_kept {
            self.kept.admit(host, Instant::now());
        }
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let (status, retry_after) = (answer.status().as_u16(), retry_after.map(ToOwned::to_owned));
        let mut shown = Vec::new();
        // The status decides. A body that does not come to its end changes nothing.
        let _ = tokio::time::timeout(self.body_timeout, read(&mut answer, &mut shown)).await;
        Ok(HttpAnswer { status, retry_after, excerpt: String::from_utf8_lossy(&shown).into_owned() })
    }
}

fn build(builder: impl Fn() -> ClientBuilder) -> Result<reqwest::Client, reqwest::Error> {
    // A machine without any authorities can still speak plainly.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

/// In a URL that was parsed, all ways to write an address have become one.
fn literal_address(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Reads to the end, so that the connection can be used again, unless that is too far away.
async fn read(answer: &mut Response, shown: &mut Vec<u8>) -> Result<(), reqwest::Error> {
    let mut read = 0;
    while let Some(chunk) = answer.chunk().await? {
        let wanted = MOST_SHOWN.saturating_sub(shown.len()).min(chunk.len());
        shown.extend_from_slice(&chunk[..wanted]);
        read += chunk.len();
        if read >= MOST_READ {
            break;
        }
    }
    Ok(())
}
