//! Tells connections that the server is shutting down.

use tokio::sync::watch;

/// While the server drains, requests in progress are finished and no new ones are started.
#[derive(Clone, Debug)]
pub struct Draining(watch::Receiver<bool>);

impl Draining {
    /// Draining begins when `true` is sent.
    pub(crate) fn channel() -> (watch::Sender<bool>, Self) {
        let (begin, draining) = watch::channel(false);
        (begin, Self(draining))
    }

    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes when the server starts to drain; immediately if it already has.
    pub async fn begun(&mut self) {
        // A dropped sender means the same.
        let _ = self.0.wait_for(|draining| *draining).await;
    }
}
