//! Posts to an endpoint, once.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use super::connections::Connector;
use super::failure::HttpFailure;
use super::headers::Headers;
use super::kept::KeptHosts;
use super::names::{GuardedNames, LookUp};
use super::target::{BadUrl, Target};
use crate::guard::AddressGuard;

/// What every request has that names no other.
const USUAL: [(http::HeaderName, HeaderValue); 2] = [
    (ACCEPT, HeaderValue::from_static("*/*")),
    (USER_AGENT, HeaderValue::from_static(concat!("zaqar/", env!("CARGO_PKG_VERSION")))),
];
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

type Pool = Client<Connector, Full<Bytes>>;

/// A client that connects only where its guard allows it, by HTTP/1.1 or HTTP/2, keeps its connections within bounds,
/// spells the names of headers as it is told, and follows no redirects. It asks no proxy: the guard could not tell where one
/// connects to.
#[derive(Clone, Debug)]
pub struct HttpClient {
    /// For the hosts that connections are kept to.
    keeping: Pool,
    /// For the others.
    closing: Pool,
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
    pub fn new(options: &HttpOptions, names: Arc<dyn LookUp>) -> Result<Self, rustls::Error> {
        let guard = Arc::new(options.guard.clone());
        let names = GuardedNames { names, guard: Arc::clone(&guard) };
        let connector = Connector::new(names, options.connect_timeout)?;
        let pool = |idle: usize| {
            Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(KEPT_IDLE)
                .pool_max_idle_per_host(idle)
                .http1_title_case_headers(true)
                .build(connector.clone())
        };
        let until_head = options.connect_timeout + options.answer_timeout;
        // The pool looks for connections that were idle for too long no more often than that.
        let longest = until_head + options.body_timeout + 2 * KEPT_IDLE;
        Ok(Self {
            keeping: pool(MOST_IDLE),
            closing: pool(0),
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

    /// Whether anything can be sent to a URL, as far as that can be told without a look-up.
    pub fn check(&self, url: &str) -> Result<Target, HttpFailure> {
        let target = Target::parse(url)?;
        // An address in the place of a name is not looked up.
        if let Some(address) = target.address {
            self.guard.check(address)?;
        }
        Ok(target)
    }

    pub async fn post(&self, url: &str, headers: Headers, body: Bytes) -> Result<HttpAnswer, HttpFailure> {
        let target = self.check(url)?;
        let is_kept = self.kept.holds(&target.origin, Instant::now());
        let http = if is_kept { &self.keeping } else { &self.closing };
        let Target { uri, origin, authorization, .. } = target;
        let mut request = Request::post(uri).body(Full::new(body)).map_err(|_| BadUrl::NoUri)?;
        (*request.headers_mut(), *request.extensions_mut()) = headers.into_parts().await;
        complete(request.headers_mut(), authorization, !is_kept);
        let answer = tokio::time::timeout(self.until_head, http.request(request)).await;
        let answer = answer.map_err(|_| HttpFailure::NoAnswer(self.until_head.as_secs()))?;
        let answer = answer.map_err(|error| HttpFailure::of(&error))?;
        if !is_kept {
            self.kept.admit(origin, Instant::now());
        }
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let (status, retry_after) = (answer.status().as_u16(), retry_after.map(ToOwned::to_owned));
        let mut shown = Vec::new();
        // The status decides. A body that does not come to its end changes nothing.
        let _ = tokio::time::timeout(self.body_timeout, read(answer.into_body(), &mut shown)).await;
        Ok(HttpAnswer { status, retry_after, excerpt: String::from_utf8_lossy(&shown).into_owned() })
    }
}

/// Adds what the headers leave out.
fn complete(headers: &mut HeaderMap, authorization: Option<HeaderValue>, closes: bool) {
    let close = closes.then_some((CONNECTION, HeaderValue::from_static("close")));
    let authorization = authorization.map(|value| (AUTHORIZATION, value));
    for (name, value) in USUAL.into_iter().chain(close).chain(authorization) {
        headers.entry(name).or_insert(value);
    }
}

/// Reads to the end, so that the connection can be used again, unless that is too far away.
async fn read(mut body: Incoming, shown: &mut Vec<u8>) -> Result<(), hyper::Error> {
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame?.into_data() else { continue };
        let wanted = MOST_SHOWN.saturating_sub(shown.len()).min(chunk.len());
        shown.extend_from_slice(&chunk[..wanted]);
        read += chunk.len();
        if read >= MOST_READ {
            break;
        }
    }
    Ok(())
}
