//! Who sends to which subscribers.

use std::collections::HashMap;
use std::sync::Arc;

use zaqar_domain::SubscriberCheck;
use zaqar_model::Metadata;

use crate::notice::Sender;

/// The senders, by the schemes of the subscribers that they send to.
#[derive(Clone, Default)]
pub struct Senders(HashMap<&'static str, Arc<dyn Sender>>);

impl std::fmt::Debug for Senders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Senders {
    /// Adds a sender for some schemes, in lower case.
    #[must_use]
    pub fn with(mut self, schemes: &[&'static str], sender: &Arc<dyn Sender>) -> Self {
        self.0.extend(schemes.iter().map(|scheme| (*scheme, Arc::clone(sender))));
        self
    }

    pub(super) fn find(&self, subscriber: &str) -> Option<&Arc<dyn Sender>> {
        let scheme = subscriber.trim_start_matches(|c| c <= ' ').split_once(':')?.0;
        self.0.get(scheme.to_ascii_lowercase().as_str())
    }
}

/// What a tenant reads where no sender fits.
pub(super) const NOBODY_SENDS: &str = "this server has no way to deliver to subscribers of this kind";

/// By the rules that the sender goes by itself.
impl SubscriberCheck for Senders {
    fn check(&self, subscriber: &str, options: &Metadata) -> Result<(), String> {
        self.find(subscriber).ok_or(NOBODY_SENDS)?.check(subscriber, options)
    }
}
