//! What can be set about Keystone: `[keystone_authtoken]`.

use std::path::PathBuf;
use std::time::Duration;

use super::login::Login;

#[derive(Clone, Debug)]
pub struct KeystoneOptions {
    /// With or without `/v3` at its end.
    pub auth_url: String,
    /// What callers are told; `auth_url` unless given.
    pub www_authenticate_uri: Option<String>,
    /// Who the service is. Without that, Keystone cannot be asked.
    pub login: Option<Login>,
    /// Which of Keystone's endpoints in the catalog is asked about tokens.
    pub interface: String,
    pub region: Option<String>,
    pub connection: Connection,
    /// Seconds for which an answer is believed. 0: each request asks.
    pub token_cache_time: u64,
    /// A service with one of them may pass on a token that has expired meanwhile.
    pub service_token_roles: Vec<String>,
    pub service_token_roles_required: bool,
    /// This service's type in the catalog and in access rules.
    pub service_type: Option<String>,
    pub delay_auth_decision: bool,
    pub include_service_catalog: bool,
}

/// How Keystone is reached.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The group of options that says so, for errors.
    pub group: &'static str,
    /// The authorities that Keystone's certificate is checked against; the system's unless given.
    pub cafile: Option<PathBuf>,
    /// The service's own certificate, and its key if that is in another file.
    pub certfile: Option<PathBuf>,
    pub keyfile: Option<PathBuf>,
    /// Keystone's certificate is not checked.
    pub insecure: bool,
    /// For each answer.
    pub timeout: Duration,
    /// How often a connection that fails is tried again.
    pub retries: u32,
}

impl Connection {
    /// Trusts the system's authorities, shows no certificate, and tries once.
    pub const fn new(group: &'static str, timeout: Duration) -> Self {
        Self { group, cafile: None, certfile: None, keyfile: None, insecure: false, timeout, retries: 0 }
    }
}
