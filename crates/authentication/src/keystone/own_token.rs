//! The service's own token, with which it asks about others.

use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::header::HeaderValue;
use tokio::sync::OnceCell;
use zaqar_model::{Clock, Timestamp};

use super::client::{Client, Failure};

/// A new one is fetched so many seconds before the old one ends, or when three quarters of its time are over.
const RENEWED_BEFORE: u64 = 60;
/// Seconds after a failed login for which it is not tried again.
const FAILED_FOR: u64 = 1;

/// The token that a login brought.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) token: HeaderValue,
    /// Where tokens are asked about.
    pub(super) endpoint: String,
    pub(super) expires: Timestamp,
}

#[derive(Debug)]
struct Login {
    outcome: Result<Arc<Held>, Failure>,
    until: Timestamp,
}

/// The latest login. Whoever comes first makes it, the others wait for it.
#[derive(Debug, Default)]
pub(super) struct OwnToken(Mutex<Arc<OnceCell<Login>>>);

impl OwnToken {
    pub(super) async fn get(
        &self,
        client: &Client,
        clock: &dyn Clock,
        request_id: &str,
    ) -> Result<Arc<Held>, Failure> {
        let now = clock.now();
        let latest = {
            let mut latest = self.0.lock();
            if latest.get().is_some_and(|login| login.until <= now) {
                *latest = Arc::default();
            }
            Arc::clone(&latest)
        };
        let login = latest.get_or_init(|| async {
            let outcome = client.log_in(request_id).await.map(Arc::new);
            let until = match &outcome {
                Ok(held) => renewal(now, held.expires),
                Err(_) => clock.now().plus_secs(FAILED_FOR),
            };
            Login { outcome, until }
        });
        login.await.outcome.clone()
    }

    /// Forgets a token that Keystone refused, unless there is a newer one.
    pub(super) fn discard(&self, refused: &Arc<Held>) {
        let mut latest = self.0.lock();
        let held = latest.get().and_then(|login| login.outcome.as_ref().ok());
        if held.is_some_and(|held| Arc::ptr_eq(held, refused)) {
            *latest = Arc::default();
        }
    }
}

fn renewal(now: Timestamp, expires: Timestamp) -> Timestamp {
    let lifetime = expires.secs_since(now);
    now.plus_secs(lifetime.saturating_sub(RENEWED_BEFORE.min(lifetime / 4)))
}
