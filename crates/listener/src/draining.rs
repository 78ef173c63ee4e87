//! How connections learn that the server stops.

use tokio::sync::watch;

/// While the server drains, what is under way is finished, and nothing else is begun.
#[derive(Clone, Debug)]
pub struct Draining(watch::Receiver<bool>);

impl Draining {
    /// It begins when `true` is sent.
    pub(crate) fn channel() -> (watch::Sender<bool>, Self) {
        let (begin, draining) = watch::channel(false);
        (begin, Self(draining))
    }

    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes when the server drains; at once, if it does already.
    pub async fn begun(&mut self) {
        // That the sender is gone means the same.
        let _ = self.0.wait_for(|draining| *draining).await;
    }
}
