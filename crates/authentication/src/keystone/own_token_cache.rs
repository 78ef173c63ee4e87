//! The current token of the service, renewed in time.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OnceCell;
use zaqar_model::{Clock, Timestamp};

use super::client::Client;
use super::error::KeystoneError;
use super::own_token::{OwnToken, renewal_time};

/// Seconds after a failed login before the next attempt.
const RETRY_AFTER: u64 = 1;

#[derive(Debug)]
struct LoginResult {
    result: Result<Arc<OwnToken>, KeystoneError>,
    expires: Timestamp,
}

/// The result of the latest login. The first caller logs in, and the others wait for it.
#[derive(Debug, Default)]
pub(super) struct OwnTokenCache(Mutex<Arc<OnceCell<LoginResult>>>);

impl OwnTokenCache {
    pub(super) async fn get(
        &self,
        client: &Client,
        clock: &dyn Clock,
        request_id: Option<&str>,
    ) -> Result<Arc<OwnToken>, KeystoneError> {
        let now = clock.now();
        let latest = {
            let mut latest = self.0.lock();
            if latest.get().is_some_and(|login| login.expires <= now) {
                *latest = Arc::default();
            }
            Arc::clone(&latest)
        };
        let login = latest.get_or_init(|| async {
            let result = client.issue_own_token(request_id).await.map(Arc::new);
            let expires = match &result {
                Ok(own) => renewal_time(now, own.expires),
                Err(_) => clock.now().plus_secs(RETRY_AFTER),
            };
            LoginResult { result, expires }
        });
        login.await.result.clone()
    }

    /// Discards a token that Keystone rejected, unless there is a newer one.
    pub(super) fn discard(&self, rejected: &Arc<OwnToken>) {
        let mut latest = self.0.lock();
        let current = latest.get().and_then(|login| login.result.as_ref().ok());
        if current.is_some_and(|current| Arc::ptr_eq(current, rejected)) {
            *latest = Arc::default();
        }
    }
}
