//! The results of token validations. The cache contains the digests of tokens, not the tokens themselves.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use zaqar_model::Clock;

use super::single_flight::SingleFlightCache;
use super::token::Token;

/// Maximum number of entries. Those that were used only once are evicted first, so that made-up tokens do not evict the
/// tokens in use.
const CAPACITY: usize = 20_000;
/// Seconds for which an invalid token stays invalid, if the cache time allows.
const INVALID_TTL: u64 = 5;
/// Seconds after a failed validation before Keystone is asked again.
const UNAVAILABLE_TTL: u64 = 1;

#[derive(Clone, Debug)]
pub(super) enum TokenStatus {
    Valid(Arc<Token>),
    Invalid,
    /// Keystone could not be reached.
    Unavailable,
}

/// A token, and whether an expired one is accepted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenKey {
    digest: [u8; 32],
    allow_expired: bool,
}

impl TokenKey {
    pub(super) fn new(token: &str, allow_expired: bool) -> Self {
        Self { digest: Sha256::digest(token.as_bytes()).into(), allow_expired }
    }
}

#[derive(Debug)]
pub(super) struct TokenCache {
    statuses: SingleFlightCache<TokenKey, TokenStatus>,
    cache_time: u64,
}

impl TokenCache {
    /// Results are cached for `cache_time` seconds.
    pub(super) fn new(cache_time: u64) -> Self {
        Self { statuses: SingleFlightCache::new(CAPACITY), cache_time }
    }

    pub(super) async fn get_or_validate(
        &self,
        key: TokenKey,
        clock: &dyn Clock,
        validate: impl Future<Output = TokenStatus>,
    ) -> TokenStatus {
        let fetch = async {
            // The time counts from the start of the validation, so that a slow one is not cached for longer.
            let now = clock.now();
            let status = validate.await;
            let expires = match status {
                TokenStatus::Valid(_) => now.plus_secs(self.cache_time),
                TokenStatus::Invalid => now.plus_secs(self.cache_time.min(INVALID_TTL)),
                TokenStatus::Unavailable => clock.now().plus_secs(UNAVAILABLE_TTL),
            };
            (status, expires)
        };
        self.statuses.get_or_fetch(key, clock, fetch).await
    }
}
