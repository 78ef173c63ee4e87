//! The options of `[keystone_authtoken]`.

use std::path::PathBuf;
use std::time::Duration;

use super::login::Login;

#[derive(Clone, Debug)]
pub struct KeystoneOptions {
    /// With or without a trailing `/v3`.
    pub auth_url: String,
    /// The URL in `WWW-Authenticate`. Defaults to `auth_url`.
    pub www_authenticate_uri: Option<String>,
    /// The service's own credentials. Without them, no token can be validated.
    pub login: Option<Login>,
    /// The interface of the Keystone endpoint that validates tokens.
    pub interface: String,
    pub region: Option<String>,
    pub connection: Connection,
    /// How long a validation is cached, in seconds. 0 disables caching.
    pub token_cache_time: u64,
    /// A service with one of these roles may forward an expired token.
    pub service_token_roles: Vec<String>,
    pub service_token_roles_required: bool,
    /// The type of this service in the catalog and in access rules.
    pub service_type: Option<String>,
    pub delay_auth_decision: bool,
    pub include_service_catalog: bool,
}

/// The connection to Keystone.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The option group, for error messages.
    pub group: &'static str,
    /// The CA certificates that verify Keystone's certificate. Defaults to those of the system.
    pub cafile: Option<PathBuf>,
    /// The client certificate of the service.
    pub certfile: Option<PathBuf>,
    /// The key of the certificate, if it is in another file.
    pub keyfile: Option<PathBuf>,
    /// Whether to skip the verification of Keystone's certificate.
    pub insecure: bool,
    /// The timeout of each request.
    pub timeout: Duration,
    /// Maximum number of retries of a failed connection.
    pub retries: u32,
}

impl Connection {
    /// Trusts the system's CA certificates, sends no client certificate, and does not retry.
    pub const fn new(group: &'static str, timeout: Duration) -> Self {
        Self { group, cafile: None, certfile: None, keyfile: None, insecure: false, timeout, retries: 0 }
    }
}
