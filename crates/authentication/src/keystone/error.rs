//! Errors of requests to Keystone.

use reqwest::StatusCode;

use super::http::Unreachable;

#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum KeystoneError {
    #[error("{0}")]
    Unreachable(#[from] Unreachable),
    #[error("Keystone returned {status} for {what}; {advice}")]
    Status { status: StatusCode, what: &'static str, advice: String },
    #[error("cannot parse Keystone's response to {what}: {reason}")]
    Unreadable { what: &'static str, reason: String },
    #[error("[keystone_authtoken] has no credentials for the service: set auth_url and auth_type")]
    NoCredentials,
    #[error("Keystone rejects the service's own token, which it has just issued")]
    OwnTokenRejected,
}
