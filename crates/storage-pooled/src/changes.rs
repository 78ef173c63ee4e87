//! What has changed in a queue while it is being copied to another store.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;
use zaqar_model::{Marker, MessageId, SubscriptionId};

/// What was changed, by name; how it is now, the store tells.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    pub(crate) messages: HashSet<MessageId>,
    pub(crate) subscriptions: HashSet<SubscriptionId>,
    /// Deliveries to a subscription, by the positions of their messages.
    pub(crate) deliveries: HashMap<SubscriptionId, HashSet<Marker>>,
    /// To these subscriptions it may be any.
    pub(crate) cursors: HashSet<SubscriptionId>,
    /// All messages were removed at once.
    pub(crate) purged: bool,
}

impl Changed {
    fn is_nothing(&self) -> bool {
        let Self { messages, subscriptions, deliveries, cursors, purged } = self;
        let is_untold = deliveries.is_empty() && cursors.is_empty();
        messages.is_empty() && subscriptions.is_empty() && is_untold && !purged
    }
}

/// Gathers changes until the migrator takes them. It takes them after each batch, so there are never more than what clients
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
        for (subscription, positions) in changed.deliveries {
            all.deliveries.entry(subscription).or_default().extend(positions);
        }
        all.cursors.extend(changed.cursors);
        all.purged |= changed.purged;
    }

    pub(crate) fn take(&self) -> Changed {
        std::mem::take(&mut *self.0.lock())
    }
}
