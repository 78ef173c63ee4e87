//! Whether anything can ever be delivered to a subscription. A client is told when it asks for it, not by a failure of each
//! message.

use std::fmt;

use zaqar_model::{Metadata, Subscription};

use super::wish::scheme;
use crate::names::option::TRUST_ID;
use crate::{Error, Result, Zaqar};

/// Knows what can be sent to whom. The server brings the senders of its notifier, which go by the same rules.
pub trait SubscriberCheck: Send + Sync + fmt::Debug {
    /// The reason why nothing can be sent to this subscriber with these options of its subscription: a clause, for the
    /// client.
    fn check(&self, subscriber: &str, options: &Metadata) -> std::result::Result<(), String>;
}

impl Zaqar {
    pub(super) fn check_subscriber(&self, subscriber: &str, options: &Metadata) -> Result<()> {
        let Some(check) = &self.subscribers else { return Ok(()) };
        let refused =
            |reason| Error::invalid(format!("Nothing can be delivered to this subscription: {reason}."));
        check.check(subscriber, options).map_err(refused)
    }

    /// The options that a change leaves a subscription with, checked. New options of a subscriber that wants a token keep
    /// the trust, unless they name another.
    pub(super) fn checked_options(
        &self,
        there: &Subscription,
        subscriber: Option<&String>,
        options: Option<Metadata>,
    ) -> Result<Option<Metadata>> {
        if subscriber.is_none() && options.is_none() {
            return Ok(None);
        }
        let subscriber = subscriber.unwrap_or(&there.subscriber);
        let is_named = |options: &Metadata| options.get(TRUST_ID).is_some_and(|id| !id.is_null());
        let wants_token = scheme(subscriber).starts_with("trust+");
        let mut options = options;
        if let Some(options) = options.as_mut().filter(|options| wants_token && !is_named(options))
            && let Some(trust) = there.options.get(TRUST_ID)
        {
            options.members_mut().insert(TRUST_ID.to_owned(), trust.clone());
        }
        let whole = options.as_ref().unwrap_or(&there.options);
        if wants_token && !is_named(whole) {
            return Err(Error::invalid(
                "Name a trust in the options as trust_id: without one no token can be sent.",
            ));
        }
        self.check_subscriber(subscriber, whole)?;
        Ok(options)
    }
}
