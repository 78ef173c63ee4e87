//! What has changed in a queue while it is being copied to another store.

use std::collections::HashSet;

use parking_lot::Mutex;
use zaqar_model::{MessageId, SubscriptionId};

/// What was changed, by name; how it is now, the store tells.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    pub(crate) messages: HashSet<MessageId>,
    pub(crate) subscriptions: HashSet<SubscriptionId>,
    /// All messages were removed at once.
    pub(crate) purged: bool,
}

impl Changed {
    fn is_nothing(&self) -> bool {
        self.messages.is_empty() && self.subscriptions.is_empty() && !self.purged
    }
}

/// Gathers changes until the mover takes them. It takes them after each batch, so there are never more than what clients
/// can do in the time that a batch takes.
#[derive(Debug, Default)]
pub(crate) struct Changes(Mutex<Changed>);

impl Changes {
    pub(crate) fn add(&self, changed: Changed) {
        if changed.is_nothing() {
            return;
        }
        let mut all = self.0.lock();
        all.messages.extend(changed.messages);
        all.subscriptions.extend(changed.subscriptions);
        all.purged |= changed.purged;
    }

    pub(crate) fn take(&self) -> Changed {
        std::mem::take(&mut *self.0.lock())
    }
}
