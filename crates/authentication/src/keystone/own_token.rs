//! The service's own token, with which it validates other tokens.

use reqwest::header::HeaderValue;
use zaqar_model::Timestamp;

/// A token is renewed this many seconds before it expires, or after three quarters of its lifetime if that is later.
const RENEWED_BEFORE: u64 = 60;

/// The public endpoints of this service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnEndpoints {
    pub rest: Option<String>,
    pub websocket: Option<String>,
}

/// The token of the service itself.
#[derive(Clone, Debug)]
pub(super) struct OwnToken {
    pub(super) token: HeaderValue,
    /// The endpoint that validates tokens.
    pub(super) endpoint: String,
    /// The endpoints of this service in the catalog.
    pub(super) own_endpoints: OwnEndpoints,
    pub(super) expires: Timestamp,
}

/// When to renew a token that was issued `now`.
pub(super) fn renewal_time(now: Timestamp, expires: Timestamp) -> Timestamp {
    let lifetime = expires.secs_since(now);
    now.plus_secs(lifetime.saturating_sub(RENEWED_BEFORE.min(lifetime / 4)))
}
