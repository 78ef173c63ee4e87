//! Subscribers that want a token (`trust+http`, `trust+https`): whoever subscribes them lends this service their rights.

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;
use zaqar_model::{Caller, DestinationName, Metadata, SubscriptionTtl, TrustRequest};

use super::wish::scheme;
use crate::error::OrUnavailable;
use crate::names::option::TRUST_ID;
use crate::{Error, Failure, Result, Zaqar};

/// Makes trusts. The server brings one that asks Keystone.
#[async_trait]
pub trait TrustMaker: Send + Sync + fmt::Debug {
    /// Answers the new trust's id.
    async fn make(&self, wish: &TrustRequest<'_>) -> std::result::Result<String, TrustNotMade>;
}

/// Why there is no trust.
#[derive(Debug)]
pub enum TrustNotMade {
    /// For a reason that the caller may read.
    Refused(String),
    /// It could not be asked for.
    Unavailable(Box<dyn StdError + Send + Sync>),
}

impl Zaqar {
    /// The options of a new subscription, with the id of a trust where its subscriber wants a token and they name none.
    pub(super) async fn lend_rights(
        &self,
        caller: &Caller,
        source: &DestinationName,
        subscriber: &str,
        ttl: SubscriptionTtl,
        mut options: Metadata,
    ) -> Result<Metadata> {
        if !scheme(subscriber).starts_with("trust+") || options.get(TRUST_ID).is_some_and(|id| !id.is_null())
        {
            return Ok(options);
        }
        let failure = Failure::CreateSubscription;
        let now = self.now();
        // Whoever asks for the same again needs no other trust.
        if let Some(queue) = self.find(&caller.project, source).await.or_unavailable(failure)? {
            let store = self.stores.messages.subscriptions_or_unsupported().or_unavailable(failure)?;
            let known = store.find_subscriber(&queue.destination, subscriber, now).await;
            if known.or_unavailable(failure)?.is_some() {
                return Ok(options);
            }
        }
        let (Some(maker), Some(token), Some(user)) = (&self.trusts, &caller.token, &caller.identity.user)
        else {
            return Err(Error::Conflict(
                "No trust can be made here: it takes a token of Keystone's, and a service with a [trustee]. Name a trust in \
                 the options as trust_id."
                    .to_owned(),
            ));
        };
        let expires = ttl.after(now);
        let (project, roles) = (&caller.project, caller.roles.as_slice());
        match maker.make(&TrustRequest { token, user, project, roles, expires }).await {
            Ok(id) => {
                options.members_mut().insert(TRUST_ID.to_owned(), id.into());
                Ok(options)
            }
            Err(TrustNotMade::Refused(reason)) => {
                Err(Error::invalid(format!("Keystone makes no trust for this subscription: {reason}")))
            }
            Err(TrustNotMade::Unavailable(source)) => Err(Error::KeystoneUnavailable { failure, source }),
        }
    }
}
