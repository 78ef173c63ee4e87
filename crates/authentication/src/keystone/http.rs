//! HTTP requests to Keystone, with retries and limits.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, RequestBuilder, StatusCode};

use super::options::Connection;

pub(super) const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");

/// Maximum size of a response.
const MAX_RESPONSE_BYTES: usize = 4 << 20;
/// The delay before the first retry. It doubles with each retry.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Http {
    client: reqwest::Client,
    retries: u32,
    /// The option group of this connection.
    pub(super) group: &'static str,
}

/// Keystone did not respond.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreachable(String);

/// Why the client cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("[{group}] {option} = {}: {reason}", path.display())]
    File { group: &'static str, option: &'static str, path: PathBuf, reason: String },
    #[error("cannot create a client for Keystone: {0}")]
    Client(String),
}

impl Http {
    /// `plain`: the URL of Keystone is without TLS.
    pub(super) fn new(connection: &Connection, plain: bool) -> Result<Self, SetupError> {
        let client = client(connection, plain)?;
        Ok(Self { client, retries: connection.retries, group: connection.group })
    }

    pub(super) fn get(&self, url: String) -> RequestBuilder {
        self.client.get(url)
    }

    pub(super) fn post(&self, url: String, document: &serde_json::Value) -> RequestBuilder {
        self.client.post(url).header("content-type", "application/json").body(document.to_string())
    }

    /// Sends a request. Retries if the connection fails.
    pub(super) async fn send(
        &self,
        request: RequestBuilder,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), Unreachable> {
        let mut delay = FIRST_RETRY_DELAY;
        for _ in 0..self.retries {
            let Some(again) = request.try_clone() else { break };
            match again.send().await {
                Err(error) if error.is_connect() => tokio::time::sleep(delay).await,
                response => return read(response).await,
            }
            delay = delay.saturating_mul(2);
        }
        read(request.send().await).await
    }
}

async fn read(
    response: reqwest::Result<reqwest::Response>,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), Unreachable> {
    let mut response = response.map_err(|error| unreachable(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(Unreachable("the response is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, headers, body))
}

/// The whole chain of causes, since the outermost error says little.
fn unreachable(error: &reqwest::Error) -> Unreachable {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Unreachable(text)
}

/// The URL of version 3 of the API, from a URL with or without a version.
pub(super) fn v3_url(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let bare = url.strip_suffix("/v3").or_else(|| url.strip_suffix("/v2.0")).unwrap_or(url);
    format!("{bare}/v3")
}

fn client(connection: &Connection, plain: bool) -> Result<reqwest::Client, SetupError> {
    // This has no effect if the process has already installed one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let group = connection.group;
    let builder = || -> Result<ClientBuilder, SetupError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("zaqar/", env!("CARGO_PKG_VERSION")))
            .timeout(connection.timeout)
            // Redirects must not send a token elsewhere.
            .redirect(Policy::none())
            .tls_danger_accept_invalid_certs(connection.insecure);
        if let Some(path) = &connection.cafile {
            let authorities = Certificate::from_pem_bundle(&contents(group, "cafile", path)?);
            builder =
                builder.tls_certs_only(authorities.map_err(|error| unusable(group, "cafile", path, &error))?);
        }
        if let Some(path) = &connection.certfile {
            let mut pem = contents(group, "certfile", path)?;
            if let Some(keyfile) = &connection.keyfile {
                pem.push(b'\n');
                pem.extend(contents(group, "keyfile", keyfile)?);
            }
            let identity = reqwest::Identity::from_pem(&pem);
            builder = builder.identity(identity.map_err(|error| unusable(group, "certfile", path, &error))?);
        }
        Ok(builder)
    };
    let failed = |error: reqwest::Error| SetupError::Client(error.to_string());
    match builder()?.build() {
        // A machine without CA certificates can still connect without TLS.
        Err(_) if plain && connection.cafile.is_none() => {
            builder()?.tls_certs_only([]).build().map_err(failed)
        }
        built => built.map_err(failed),
    }
}

fn contents(group: &'static str, option: &'static str, path: &Path) -> Result<Vec<u8>, SetupError> {
    fs::read(path).map_err(|error| unusable(group, option, path, &error))
}

fn unusable(
    group: &'static str,
    option: &'static str,
    path: &Path,
    error: &dyn std::error::Error,
) -> SetupError {
    SetupError::File { group, option, path: path.to_owned(), reason: error.to_string() }
}
